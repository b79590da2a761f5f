import { objectKey, type Identity, type Manifest, type ManifestSet } from "../manifest/manifest.ts";
import { settleAlone } from "../plan/tree-alone.ts";
import type { EarlierState, Revision } from "../source/open-source.ts";
import { createTrail } from "./history-trail.ts";
import { replay, type Followed } from "./replay.ts";
import { indexTree } from "./tree-index.ts";
import { walkBack } from "./walk-back.ts";

/** A version that a store would have, and a revision that has it. */
export interface FoundVersion {
  readonly manifest: Manifest;
  readonly revision: Revision;
}

/** What a search through history comes to. */
export interface SearchResult {
  readonly found: readonly FoundVersion[];
  /** Objects that are held back and of which there is no valid version, or none that was found. */
  readonly missing: readonly Identity[];
}

/**
 * What a store that had followed the branch would have of whatever a head holds back: of each object its
 * newest valid version. The states that decide about it are looked for, back from the head, and replayed,
 * up to the head. What comes back may hold what another object wants; then that one is looked for too.
 */
export async function findVersions(
  head: ManifestSet,
  earlier: AsyncIterable<EarlierState>,
): Promise<SearchResult> {
  const trail = createTrail(earlier);
  const waiting = new Map<string, Identity>();
  let found: readonly FoundVersion[] = [];
  for (let isNew = head.unidentified.length > 0; ; isNew = false) {
    const lastGood = found.map(({ manifest }) => manifest);
    const alone = settleAlone(head, lastGood);
    for (const each of alone.waiting) {
      isNew ||= !waiting.has(objectKey(each));
      waiting.set(objectKey(each), each);
    }
    if (!isNew) return { found, missing: alone.missing };
    await walkBack(head, [...waiting.values()], trail);
    found = standIns(head, waiting, replay(trail.revisions()));
  }
}

/** Of what a store would have: what the head holds back, and what may be where it can't be read. */
function standIns(
  head: ManifestSet,
  waiting: ReadonlyMap<string, Identity>,
  followed: Followed,
): readonly FoundVersion[] {
  const atHead = indexTree(head);
  return [...followed.values()].flatMap(({ manifest, revision }) => {
    const documents = atHead.of(manifest);
    const isAbsent = documents.length === 0 && head.unidentified.length > 0;
    const isWaiting = documents.some((document) => waiting.has(objectKey(document)));
    // A copy: the head may have the very same manifest, as its own.
    return isAbsent || isWaiting ? [{ manifest: { ...manifest }, revision }] : [];
  });
}
