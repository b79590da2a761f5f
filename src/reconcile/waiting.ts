import { objectKey, type ManifestSet } from "../manifest/manifest.ts";
import type { Held, Plan, Quarantined, StoredObject } from "../plan/plan.ts";
import type { Blame, LookAt, Source, Stuck } from "../source/open-source.ts";
import type { HeldDeletion, QuarantinedManifest, SyncStatus } from "../store/store.ts";

/** What is known about the objects of a plan besides the plan itself. */
interface Surroundings {
  readonly plan: Plan;
  readonly set: ManifestSet;
  /** The objects that are live after the pass. */
  readonly objects: () => readonly StoredObject[];
  readonly previous: SyncStatus | null;
  readonly at: Date;
  readonly lookAt: LookAt;
}

/** What waits, as the status shows it. */
interface Waiting {
  readonly quarantined: readonly QuarantinedManifest[];
  readonly held: readonly HeldDeletion[];
}

/** Says of everything that waits since when it does, whose it is, and what serves instead. */
export async function describeWaiting(
  source: Pick<Source, "blame">,
  surroundings: Surroundings,
): Promise<Waiting> {
  const { plan, previous, at, lookAt } = surroundings;
  const { quarantined, held, commit } = plan;
  if (quarantined.length + held.length === 0) return { quarantined: [], held: [] };
  const live = new Map(surroundings.objects().map((object) => [objectKey(object), object]));
  const before = {
    quarantined: byKey(previous?.quarantined ?? []),
    held: byKey(previous?.held ?? []),
  };
  const stuck = [
    ...stuckDocuments(quarantined, surroundings, before.quarantined, live),
    ...stuckDeletions(held, before.held, live),
  ];
  const blames = await source.blame(stuck, {
    to: commit,
    since: previous?.attempted?.commit ?? null,
    lookAt,
  });
  const sinceOf = (entry: { readonly since: string } | undefined) => entry?.since ?? at.toISOString();
  return {
    quarantined: quarantined.map((entry, index) => ({
      ...entry,
      since: sinceOf(before.quarantined.get(objectKey(entry))),
      ...(blames[index] ?? nobody),
      lastGood: lastGoodOf(live.get(objectKey(entry))),
    })),
    held: held.map((entry, index) => {
      const { author, commit } = blames[quarantined.length + index] ?? nobody;
      return { ...entry, since: sinceOf(before.held.get(objectKey(entry))), commit, author };
    }),
  };
}

const nobody = { commit: null, author: null, brokenBy: null };

function byKey<Entry extends Pick<Quarantined, "kind" | "id">>(
  entries: readonly Entry[],
): ReadonlyMap<string, Entry> {
  return new Map(entries.map((entry) => [objectKey(entry), entry]));
}

function stuckDocuments(
  entries: readonly Quarantined[],
  { set }: Surroundings,
  before: ReadonlyMap<string, QuarantinedManifest>,
  live: ReadonlyMap<string, StoredObject>,
): Stuck[] {
  const wanted = new Set(entries.map(objectKey));
  const documents = set.manifests.filter((manifest) => wanted.has(objectKey(manifest)));
  return entries.map((entry) => {
    const { kind, id, name } = entry;
    const key = objectKey(entry);
    const file = entry.problems[0]?.file ?? null;
    const manifest = documents.find((each) => objectKey(each) === key && each.place.file === file) ?? null;
    const last = before.get(key);
    const known = last && isSameProblem(last, entry) ? knownBlame(last) : null;
    return { kind, id, name, stored: live.get(key) ?? null, file, manifest, known };
  });
}

function stuckDeletions(
  entries: readonly Held[],
  before: ReadonlyMap<string, HeldDeletion>,
  live: ReadonlyMap<string, StoredObject>,
): Stuck[] {
  return entries.map(({ kind, id, name }) => {
    const key = objectKey({ kind, id });
    const last = before.get(key);
    const known = last ? knownBlame({ commit: last.commit, author: last.author }) : null;
    return { kind, id, name, stored: live.get(key) ?? null, file: null, manifest: null, known };
  });
}

/** Whether what was said before still answers for it: one of its problems is there yet. */
function isSameProblem(last: Quarantined, { problems }: Quarantined): boolean {
  const told = new Set(last.problems.map(({ code, path, message }) => `${code} ${path} ${message}`));
  return problems.some(({ code, path, message }) => told.has(`${code} ${path} ${message}`));
}

/** A status that an older Gitway wrote says less. */
function knownBlame({ commit, author, brokenBy }: Partial<QuarantinedManifest>): Blame | null {
  return commit && author ? { commit, author, brokenBy: brokenBy ?? null } : null;
}

function lastGoodOf(object: StoredObject | undefined): QuarantinedManifest["lastGood"] {
  if (!object) return null;
  const { version, commit, written } = object;
  return { version, commit, ...written };
}
