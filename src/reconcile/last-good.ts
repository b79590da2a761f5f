import type { AttributedChange, Change, CurrentState } from "../plan/plan.ts";
import type { Revision, Source, ValidVersion } from "../source/open-source.ts";

/**
 * What stands in for the manifests that are broken when a store is filled for the first time, or again
 * after it was lost: their newest valid versions. Later the store itself has the last good ones.
 */
export async function lastGoodVersions(
  source: Pick<Source, "newestValid">,
  { set, commit }: Revision,
  current: CurrentState,
): Promise<readonly ValidVersion[]> {
  if (current.revision > 0 || set.broken.length === 0) return [];
  return source.newestValid(set.broken, commit);
}

/** Attributes what stands in at the commit that has it, and everything else as always. */
export async function attributeWithLastGood(
  source: Pick<Source, "attribute">,
  versions: readonly ValidVersion[],
  changes: readonly Change[],
  attribute: (changes: readonly Change[]) => Promise<readonly AttributedChange[]>,
): Promise<readonly AttributedChange[]> {
  const commits = new Map(versions.map(({ manifest, commit }) => [manifest, commit]));
  const commitOf = ({ after }: Change) => (after ? commits.get(after) : undefined);
  const others = (await attribute(changes.filter((change) => commitOf(change) === undefined))).values();
  const attributed: AttributedChange[] = [];
  for (const change of changes) {
    const commit = commitOf(change);
    const found =
      commit === undefined
        ? others.next().value
        : (await source.attribute([change], { from: null, to: commit }))[0];
    if (found) attributed.push(found);
  }
  return attributed;
}
