import { deriveId } from "../manifest/identity.ts";
import { type Identity, type Manifest, type ManifestSet, objectKey } from "../manifest/manifest.ts";
import type { Problem } from "../manifest/problem.ts";
import type { WantedObject } from "../manifest/written-form.ts";
import { makePlan } from "../plan/make-plan.ts";
import type { Person, Plan } from "../plan/plan.ts";
import type { EditedFiles } from "../source/open-source.ts";
import type { SyncStatus } from "../store/store.ts";
import { bringLive, statesIn, type WantedState } from "./bring-live.ts";
import { lastGoodVersions } from "./last-good.ts";
import { consentsOf, originOf, type PassParts } from "./pass.ts";
import { refuseWhileSuspended } from "./suspended.ts";

type Target = Pick<Identity, "kind" | "id" | "name">;

/** A change of one object, as a user asks for it. `seen` is the hash of what the user saw; null for whatever there is. */
export type ObjectEdit =
  | {
      readonly operation: "set";
      readonly target: Target;
      readonly seen: string | null;
      readonly wanted: WantedObject;
    }
  | { readonly operation: "add"; readonly file: string; readonly wanted: WantedObject }
  | { readonly operation: "delete"; readonly target: Target; readonly seen: string | null };

/** Changes that are to become one commit, by the acting user. */
export interface EditRequest {
  readonly by: Person;
  readonly message: string;
  readonly edits: readonly ObjectEdit[];
  /** For a branch of its own, to be merged by a pull request; null commits to the branch that is followed. */
  readonly proposal: { readonly user: string; readonly topic: string } | null;
}

/** Why an edit can't be made. `conflict`: something else is in the way. `invalid`: what is wanted is wrong. */
export interface EditRefusal {
  readonly reason: "conflict" | "invalid";
  readonly message: string;
  readonly problems: readonly Problem[];
}

/** What became of an edit. */
export type EditOutcome =
  | { readonly status: "live"; readonly commit: string }
  /** The branch has it, but not all of it is live, and why. */
  | { readonly status: "landed"; readonly commit: string; readonly branch: string; readonly reason: string }
  | { readonly status: "proposed"; readonly commit: string; readonly branch: string }
  | { readonly status: "unchanged" }
  | { readonly status: "refused"; readonly refusal: EditRefusal };

/**
 * Makes edits one commit: planned before it is pushed, so that what does not go live as a whole never
 * happened, and reconciled before it is answered. Fails with `suspended` while nothing could go live.
 */
export async function editObjects(parts: PassParts, request: EditRequest): Promise<EditOutcome> {
  const { edits, proposal } = request;
  const { store } = parts;
  if (!proposal) await refuseWhileSuspended(store);
  let parent = "";
  let wanted: readonly WantedState[] = [];
  const result = await parts.source.commit<EditRefusal>({
    author: request.by,
    message: messageOf(request),
    ...(proposal ? { proposal } : {}),
    async change(files) {
      parent = files.commit;
      return await makeEdits(files, edits);
    },
    async judge(commit) {
      const { refusal, set } = await judge(parts, { commit, parent }, edits);
      wanted = statesIn(set, edits.map(objectOf));
      // The last moment at which nothing has happened yet.
      if (!proposal) await refuseWhileSuspended(store);
      return refusal;
    },
  });
  if (result.status === "refused") return result;
  if (result.status === "unchanged") return { status: "unchanged" };
  const { commit, branch } = result;
  if (proposal) return { status: "proposed", commit, branch };
  const reason = await bringLive(parts, wanted);
  return reason === null ? { status: "live", commit } : { status: "landed", commit, branch, reason };
}

function objectOf(edit: ObjectEdit): Target {
  if (!("wanted" in edit)) return edit.target;
  const { kind, name, id = deriveId(kind, name) } = edit.wanted;
  return { kind, name, id };
}

/** A deletion through this door is its own consent, and nobody else's: it names what it means. */
function messageOf({ message, edits }: EditRequest): string {
  const consents = edits.flatMap((edit) =>
    edit.operation === "delete" ? [`Gitway-Allow-Prune: ${edit.target.kind}/${edit.target.name}`] : [],
  );
  return consents.length === 0 ? message : `${message}\n\n${consents.join("\n")}`;
}

async function makeEdits(files: EditedFiles, edits: readonly ObjectEdit[]): Promise<EditRefusal | null> {
  const { set } = await files.revision();
  for (const edit of edits) {
    const place = placeOf(set, edit);
    if (typeof place !== "string") return place;
    const { status, ...result } = await files.edit(place, callOf(edit));
    if (status !== "edited") return refusal(status, "problems" in result ? result.problems : []);
  }
  return null;
}

function callOf(edit: ObjectEdit): Parameters<EditedFiles["edit"]>[1] {
  if (edit.operation === "add") return { op: "add", wanted: edit.wanted };
  const identity = { kind: edit.target.kind, id: edit.target.id };
  return edit.operation === "set" ? { op: "set", identity, wanted: edit.wanted } : { op: "delete", identity };
}

function placeOf(set: ManifestSet, edit: ObjectEdit): string | EditRefusal {
  if (edit.operation === "add") return edit.file;
  const key = objectKey(edit.target);
  const found = set.manifests.find((manifest) => objectKey(manifest) === key);
  if (found) return wasSeen(found, edit.seen) ? found.place.file : changedMeanwhile(found);
  const what = `${edit.target.kind} '${edit.target.name}'`;
  const problems = set.broken.find((manifest) => objectKey(manifest) === key)?.problems ?? [];
  const [problem] = problems;
  if (!problem) return conflict(`${what} is not in the repository any more: look again.`);
  return conflict(
    `${what} is quarantined: mend ${problem.file}:${problem.line} first. ${problem.message}`,
    problems,
  );
}

function wasSeen(manifest: Manifest, seen: string | null): boolean {
  return seen === null || seen === manifest.hash;
}

function changedMeanwhile({ kind, name, place }: Manifest): EditRefusal {
  return conflict(
    `${kind} '${name}' was changed meanwhile, in ${place.file}:${place.line}: get it again and repeat the change.`,
  );
}

/** What the commit would do, before anybody else can see it; and what it says. */
async function judge(
  parts: PassParts,
  { commit, parent }: { readonly commit: string; readonly parent: string },
  edits: readonly ObjectEdit[],
): Promise<{ readonly refusal: EditRefusal | null; readonly set: ManifestSet }> {
  const status = await parts.store.readSync();
  const { plan, set } = await planOf(parts, status, commit);
  const planBefore = async () => (await planOf(parts, status, parent)).plan;
  const caused = plan.quarantined.length === 0 ? [] : await causedBy(edits, plan, planBefore);
  const problems = caused.flatMap((entry) => entry.problems);
  return { refusal: problems.length > 0 ? refusal("invalid", problems) : heldDeletion(plan, edits), set };
}

async function planOf(
  parts: PassParts,
  status: SyncStatus | null,
  commit: string,
): Promise<{ readonly plan: Plan; readonly set: ManifestSet }> {
  const { source, store, pruneLimit } = parts;
  const [revision, current] = await Promise.all([source.read(commit), store.current()]);
  const origin = status ? originOf(status.source) : (current.origin ?? "");
  const lastGood = await lastGoodVersions(source, revision, current);
  const { set } = revision;
  const plan = makePlan({
    set,
    current,
    commit,
    origin,
    pruneLimit,
    lastGood: lastGood.map(({ manifest }) => manifest),
    ...(await consentsOf(parts, { previous: status, current, origin }, commit)),
  });
  return { plan, set };
}

/** What the edits quarantine: the objects that they are about, or else others that were not before them. */
async function causedBy(
  edits: readonly ObjectEdit[],
  { quarantined }: Plan,
  planBefore: () => Promise<Plan>,
): Promise<Plan["quarantined"]> {
  const touched = new Set(
    edits.map((edit) => ("wanted" in edit ? `${edit.wanted.kind} ${edit.wanted.name}` : "")),
  );
  const own = quarantined.filter(({ kind, name }) => touched.has(`${kind} ${name}`));
  if (own.length > 0) return own;
  const before = new Set((await planBefore()).quarantined.map(objectKey));
  return quarantined.filter((entry) => !before.has(objectKey(entry)));
}

/** A deletion that would not go through, in spite of its own consent. */
function heldDeletion({ held }: Plan, edits: readonly ObjectEdit[]): EditRefusal | null {
  const meant = new Set(edits.map((edit) => ("target" in edit ? objectKey(edit.target) : "")));
  const found = held.find((each) => meant.has(objectKey(each)));
  return found ? conflict(`${found.kind} '${found.name}' can't be deleted now. ${found.reason}`) : null;
}

function refusal(status: "refused" | "invalid", problems: readonly Problem[]): EditRefusal {
  const message = problems.map((problem) => problem.message).join(" ");
  return { reason: status === "invalid" ? "invalid" : "conflict", message, problems };
}

function conflict(message: string, problems: readonly Problem[] = []): EditRefusal {
  return { reason: "conflict", message, problems };
}
