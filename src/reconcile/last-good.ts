import type { Log } from "../log.ts";
import { objectKey, type Manifest } from "../manifest/manifest.ts";
import type { AttributedChange, Change, CurrentState } from "../plan/plan.ts";
import type { Revision, Source } from "../source/open-source.ts";
import { findVersions } from "./version-search.ts";

/** A version of an object that could go live, and a commit that has it. */
export interface ValidVersion {
  readonly manifest: Manifest;
  readonly commit: string;
  /** Contents of the files that it refers to, by digest: they may be others at the head. */
  readonly contents: ReadonlyMap<string, Buffer>;
}

/**
 * What stands in for whatever the tree holds back when a store is filled for the first time, or again after
 * it was lost: of each such object the newest valid version of the history. Later the store itself has the
 * last good ones.
 */
export async function lastGoodVersions(
  source: Pick<Source, "earlier">,
  { set, commit }: Revision,
  current: CurrentState,
  log: Log,
): Promise<readonly ValidVersion[]> {
  if (current.revision > 0) return [];
  const { found, missing } = await findVersions(set, source.earlier(commit));
  if (missing.length > 0)
    log.warn(
      {
        objects: missing.slice(0, 20).map(({ kind, name }) => `${kind} ${name}`),
        count: missing.length,
        commit,
      },
      "no valid version of what can't go live was found in the history",
    );
  const versions: ValidVersion[] = [];
  for (const { manifest, revision } of found)
    versions.push({ manifest, commit: revision.commit, contents: await contentsOf(manifest, revision) });
  return versions;
}

async function contentsOf({ files }: Manifest, revision: Revision): Promise<ReadonlyMap<string, Buffer>> {
  const contents = new Map<string, Buffer>();
  for (const digest of Object.values(files)) contents.set(digest, await revision.content(digest));
  return contents;
}

/** Attributes what stands in at the commit that has it, and everything else as always. */
export async function attributeWithLastGood(
  source: Pick<Source, "attribute">,
  versions: readonly ValidVersion[],
  changes: readonly Change[],
  attribute: (changes: readonly Change[]) => Promise<readonly AttributedChange[]>,
): Promise<readonly AttributedChange[]> {
  const commits = new Map(versions.map(({ manifest, commit }) => [manifest, commit]));
  const groups = new Map<string | undefined, Change[]>();
  for (const change of changes) {
    const commit = change.after ? commits.get(change.after) : undefined;
    groups.set(commit, [...(groups.get(commit) ?? []), change]);
  }
  const attributed = new Map<string, AttributedChange>();
  for (const [commit, some] of groups) {
    const made =
      commit === undefined ? await attribute(some) : await source.attribute(some, { from: null, to: commit });
    for (const each of made) attributed.set(objectKey(each.change), each);
  }
  return changes.flatMap((change) => attributed.get(objectKey(change)) ?? []);
}
