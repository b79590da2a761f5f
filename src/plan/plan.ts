import type { GitwayObject, Identity, Manifest } from "../manifest/manifest.ts";
import type { Problem } from "../manifest/problem.ts";

/** An object of the current state, with the version that holds it. */
export type StoredObject = GitwayObject & {
  /** The number of the object version in the store. */
  readonly version: number;
  /** The commit whose content this is. */
  readonly commit: string;
  /** Where the manifest stood in that commit. */
  readonly written: { readonly path: string; readonly line: number };
  /** Where the manifest was last seen. One that moves changes nothing about its object. */
  readonly path: string;
  readonly line: number;
  /** The source, branch and paths that it was last seen in; null when nobody knows. */
  readonly origin: string | null;
};

/** That the manifest of a stored version was seen elsewhere than the time before. */
export interface Sighting extends Pick<StoredObject, "version" | "path" | "line"> {
  readonly origin: string;
}

/** What the revision pointer of the store sees. */
export interface CurrentState {
  /** 0 before the first apply. */
  readonly revision: number;
  /** Identifies source, branch and paths of the last apply. Null before the first. */
  readonly origin: string | null;
  readonly objects: readonly StoredObject[];
  /** Objects that were changed behind Gitway's back, and may be healed now. Absent when there are none. */
  readonly drifted?: readonly DriftedObject[];
}

/** An object that is not as Gitway left it: somebody wrote to the store. */
export interface DriftedObject extends Identity {
  readonly what: "changed" | "missing" | "unexpected";
  /** The version that Gitway left, and the hash of its content; null when it left none. */
  readonly version: number | null;
  readonly expectedHash: string | null;
}

/** A field whose value differs; `before` or `after` is absent when the field is. */
export interface FieldDifference {
  /** JSON pointer: `/spec/route`. */
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

interface ChangeOf extends Identity {
  /** The route or listen path of a definition, else null. */
  readonly route: string | null;
  readonly fields: readonly FieldDifference[];
}

/** One object to create, update or delete. */
export type Change =
  | (ChangeOf & { readonly action: "create"; readonly before: null; readonly after: Manifest })
  | (ChangeOf & { readonly action: "update"; readonly before: StoredObject; readonly after: Manifest })
  | (ChangeOf & { readonly action: "delete"; readonly before: StoredObject; readonly after: null });

/** A manifest that does not go live, and why. */
export interface Quarantined extends Identity {
  readonly problems: readonly Problem[];
  /** Whether a last good version goes on serving. */
  readonly serving: boolean;
}

/** A deletion that waits: absence is not proven, too much would go, or it seems not to be meant. */
export interface Held extends Identity {
  readonly route: string | null;
  readonly code: "absence-unproven" | "prune-limit" | "source-changed" | "possible-rename" | "changed-id";
  readonly reason: string;
}

/** What an apply would do. A value: `plan` prints it, `apply` and the daemon carry it out. */
export interface Plan {
  /** The revision of the store that the plan was made against. */
  readonly parentRevision: number;
  readonly commit: string;
  readonly origin: string;
  /** In the order in which they are applied. */
  readonly changes: readonly Change[];
  /** Objects that are equal already. */
  readonly unchanged: number;
  readonly quarantined: readonly Quarantined[];
  readonly held: readonly Held[];
  /** Stored versions that stay, and whose manifests stand elsewhere now. */
  readonly sightings: readonly Sighting[];
  /** Every problem of the tree and of the effective state, warnings too. */
  readonly problems: readonly Problem[];
}

/** A person as a commit names them. */
export interface Person {
  readonly name: string;
  readonly email: string;
}

/** A commit as one who wrote something: ISO 8601, UTC; null where the commit names no time that can be one. */
export interface Writing {
  readonly author: Person;
  readonly commit: string;
  readonly authoredAt: string | null;
}

/** Who made a change (law 5). */
export interface Attribution {
  readonly author: Person;
  readonly committer: Person;
  readonly commit: string;
  /** When the author made it, as the commit says. Null for what Gitway does of itself. */
  readonly authoredAt?: string | null;
  /** Who first wrote an object that is added, where that is another commit of the range. */
  readonly firstWritten?: Writing | null;
  /** Others who changed the same object in the same range. */
  readonly contributors: readonly Person[];
  /** Whose commit let a quarantined change go live that somebody else had made before. */
  readonly releasedBy?: { readonly author: Person; readonly commit: string } | null;
}

/** A change with its author, as the store wants it. */
export interface AttributedChange {
  readonly change: Change;
  readonly attribution: Attribution;
}

/** The reserved actor for what Gitway does of itself. */
export const gitwayActor: Person = { name: "Gitway", email: "" };
