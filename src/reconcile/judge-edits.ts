import { type ManifestSet, objectKey } from "../manifest/manifest.ts";
import { makePlan } from "../plan/make-plan.ts";
import type { Plan } from "../plan/plan.ts";
import type { SyncStatus } from "../store/store.ts";
import { lastGoodVersions } from "./last-good.ts";
import { conflict, type EditRefusal, type ObjectEdit, refusedBy } from "./object-edit.ts";
import { consentsOf, originOf, type PassParts } from "./pass.ts";

/** What the commit would do, before anybody else can see it; and what it says. */
export async function judgeEdits(
  parts: PassParts,
  { commit, parent }: { readonly commit: string; readonly parent: string },
  edits: readonly ObjectEdit[],
): Promise<{ readonly refusal: EditRefusal | null; readonly set: ManifestSet }> {
  const status = await parts.store.readSync();
  const { plan, set } = await planOf(parts, status, commit);
  const planBefore = async () => (await planOf(parts, status, parent)).plan;
  const caused = plan.quarantined.length === 0 ? [] : await causedBy(edits, plan, planBefore);
  const problems = caused.flatMap((entry) => entry.problems);
  return { refusal: problems.length > 0 ? refusedBy("invalid", problems) : heldDeletion(plan, edits), set };
}

async function planOf(
  parts: PassParts,
  status: SyncStatus | null,
  commit: string,
): Promise<{ readonly plan: Plan; readonly set: ManifestSet }> {
  const { source, store, pruneLimit, planMemory, log } = parts;
  const [revision, current] = await Promise.all([source.read(commit), store.current()]);
  const origin = status ? originOf(status.source) : (current.origin ?? "");
  const lastGood = await lastGoodVersions(source, revision, current, log);
  const { set } = revision;
  const plan = makePlan({
    set,
    current,
    commit,
    origin,
    pruneLimit,
    memory: planMemory,
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
  const meant = new Set(edits.map((edit) => (edit.operation === "delete" ? objectKey(edit.target) : "")));
  const found = held.find((each) => meant.has(objectKey(each)));
  return found ? conflict(`${found.kind} '${found.name}' can't be deleted now. ${found.reason}`) : null;
}
