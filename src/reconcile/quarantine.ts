import { objectKey } from "../manifest/manifest.ts";
import type { Plan, Quarantined, StoredObject } from "../plan/plan.ts";
import type { Source } from "../source/open-source.ts";
import type { QuarantinedManifest, SyncStatus } from "../store/store.ts";

/** What is known about the objects of a plan besides the plan itself. */
interface Surroundings {
  readonly plan: Plan;
  /** The objects that were live before the pass; a quarantined one is left as it was. */
  readonly objects: readonly StoredObject[];
  readonly previous: SyncStatus | null;
  readonly at: Date;
}

/** Says of each quarantined manifest since when it is, whose it is, and what serves instead. */
export async function describeQuarantine(
  source: Pick<Source, "lastCommits">,
  { plan, objects, previous, at }: Surroundings,
): Promise<readonly QuarantinedManifest[]> {
  if (plan.quarantined.length === 0) return [];
  const before = new Map((previous?.quarantined ?? []).map((entry) => [objectKey(entry), entry]));
  const live = new Map(objects.map((object) => [objectKey(object), object]));
  const commits = await source.lastCommits(plan.quarantined.flatMap(fileOf), plan.commit);
  return plan.quarantined.map((entry) => {
    const last = fileOf(entry).flatMap((file) => commits.get(file) ?? [])[0];
    return {
      ...entry,
      since: before.get(objectKey(entry))?.since ?? at.toISOString(),
      commit: last?.commit ?? null,
      author: last?.author ?? null,
      lastGood: lastGoodOf(live.get(objectKey(entry))),
    };
  });
}

function fileOf({ problems }: Quarantined): string[] {
  return problems.slice(0, 1).map(({ file }) => file);
}

function lastGoodOf(object: StoredObject | undefined): QuarantinedManifest["lastGood"] {
  if (!object) return null;
  const { version, commit, path, line } = object;
  return { version, commit, path, line };
}
