import type { Identity } from "../manifest/manifest.ts";
import type { Problem } from "../manifest/problem.ts";
import type { WantedObject } from "../manifest/written-form.ts";

/** The object that an edit is about, and the file that it was last seen in. */
export interface EditTarget extends Identity {
  readonly path?: string;
}

/**
 * A change of one object, as a user asks for it. `seen` has the hashes of what the user may have seen; null for
 * whatever there is.
 */
export type ObjectEdit = WritingEdit | DeletingEdit;

/** An edit that leaves its object there. */
export type WritingEdit =
  | {
      readonly operation: "set";
      readonly target: EditTarget;
      readonly seen: readonly string[] | null;
      readonly wanted: WantedObject;
    }
  | { readonly operation: "add"; readonly file: string; readonly wanted: WantedObject };

/** An edit that takes its object away. */
export interface DeletingEdit {
  readonly operation: "delete";
  readonly target: EditTarget;
  readonly seen: readonly string[] | null;
}

/** Why an edit can't be made. `conflict`: something else is in the way. `invalid`: what is wanted is wrong. */
export interface EditRefusal {
  readonly reason: "conflict" | "invalid";
  readonly message: string;
  readonly problems: readonly Problem[];
}

/** A refusal because of something else. */
export function conflict(message: string, problems: readonly Problem[] = []): EditRefusal {
  return { reason: "conflict", message, problems };
}

/** A refusal in the words of problems. */
export function refusedBy(reason: EditRefusal["reason"], problems: readonly Problem[]): EditRefusal {
  return { reason, message: problems.map((problem) => problem.message).join(" "), problems };
}
