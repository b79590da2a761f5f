import { deriveId } from "../manifest/identity.ts";
import type { Identity, ManifestSet } from "../manifest/manifest.ts";
import type { Person } from "../plan/plan.ts";
import { bringLive, statesIn, type WantedState } from "./bring-live.ts";
import { judgeEdits } from "./judge-edits.ts";
import { makeEdits } from "./make-edits.ts";
import type { EditRefusal, ObjectEdit, WritingEdit } from "./object-edit.ts";
import type { PassParts } from "./pass.ts";
import { refuseWhileSuspended } from "./suspended.ts";
import { type HeldTurn, holdTurn } from "./turns.ts";

/**
 * Edits that depend on what there is at the commit that they are made from: free names, references. Asked again
 * when the branch has moved.
 */
export type EditMaker = (set: ManifestSet) => readonly WritingEdit[] | EditRefusal;

/** Changes that are to become one commit, by the acting user. */
export interface EditRequest {
  readonly by: Person;
  readonly message: string;
  readonly edits: readonly ObjectEdit[] | EditMaker;
  /** For a branch of its own, to be merged by a pull request; null commits to the branch that is followed. */
  readonly proposal: { readonly user: string; readonly topic: string } | null;
}

/** What became of an edit. */
export type EditOutcome =
  | { readonly status: "live"; readonly commit: string }
  /** The branch has it, but not all of it is live, and why. */
  | { readonly status: "landed"; readonly commit: string; readonly branch: string; readonly reason: string }
  | { readonly status: "proposed"; readonly commit: string; readonly branch: string }
  | { readonly status: "unchanged" }
  | { readonly status: "refused"; readonly refusal: EditRefusal; readonly edits: readonly ObjectEdit[] };

/**
 * Makes edits one commit: planned before it is pushed, so that what does not go live as a whole never
 * happened, and reconciled before it is answered. Fails with `suspended` while nothing could go live.
 */
export async function editObjects(parts: PassParts, request: EditRequest): Promise<EditOutcome> {
  if (!request.proposal) await refuseWhileSuspended(parts.store);
  const turn = holdTurn(request.proposal ? undefined : parts.turns);
  try {
    return await editInTurn(parts, request, turn);
  } finally {
    turn.end();
  }
}

/** The turn is taken once a commit is to be judged, so that it goes live as it was judged. */
async function editInTurn(parts: PassParts, request: EditRequest, turn: HeldTurn): Promise<EditOutcome> {
  const { proposal } = request;
  let edits: readonly ObjectEdit[] = [];
  let parent = "";
  let wanted: readonly WantedState[] = [];
  const result = await parts.source.commit<EditRefusal>({
    author: request.by,
    message: messageOf(request),
    ...(proposal ? { proposal } : {}),
    async change(files) {
      parent = files.commit;
      const { set } = await files.revision();
      const made = typeof request.edits === "function" ? request.edits(set) : request.edits;
      if ("reason" in made) return made;
      edits = made;
      return await makeEdits(parts, files, set, edits);
    },
    async judge(commit) {
      await turn.take();
      const { refusal, set } = await judgeEdits(parts, { commit, parent }, edits);
      wanted = statesIn(set, edits.map(objectOf));
      // The last moment at which nothing has happened yet.
      if (!proposal) await refuseWhileSuspended(parts.store);
      return refusal;
    },
  });
  if (result.status === "refused") return { ...result, edits };
  if (result.status === "unchanged") return { status: "unchanged" };
  const { commit, branch } = result;
  if (proposal) return { status: "proposed", commit, branch };
  const reason = await bringLive(parts, wanted);
  return reason === null ? { status: "live", commit } : { status: "landed", commit, branch, reason };
}

function objectOf(edit: ObjectEdit): Identity {
  if (edit.operation === "delete") return edit.target;
  const { kind, name, id = deriveId(kind, name) } = edit.wanted;
  return { kind, name, id };
}

/** A deletion through this door is its own consent, and nobody else's: it names what it means. */
function messageOf({ message, edits }: EditRequest): string {
  const deleted = typeof edits === "function" ? [] : edits.filter(({ operation }) => operation === "delete");
  const consents = deleted.map(objectOf).map(({ kind, name }) => `Gitway-Allow-Prune: ${kind}/${name}`);
  return consents.length === 0 ? message : `${message}\n\n${consents.join("\n")}`;
}
