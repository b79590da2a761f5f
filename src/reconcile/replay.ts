import type { Manifest } from "../manifest/manifest.ts";
import type { Place } from "../manifest/problem.ts";
import { decide } from "../plan/make-plan.ts";
import type { StoredObject } from "../plan/plan.ts";
import { storedFrom } from "../plan/stored-object.ts";
import type { Revision } from "../source/open-source.ts";

/** What a store would have of an object. */
export interface FollowedObject {
  readonly manifest: Manifest;
  /** A revision that has it. */
  readonly revision: Revision;
  /** The same as an object of the store. */
  readonly object: StoredObject;
}

/** What is live in a store that has followed a branch, by key. */
export type Followed = ReadonlyMap<string, FollowedObject>;

/** What a store comes to that sees one revision after the other, the oldest first, and lets all deletions through. */
export function replay(revisions: readonly Revision[]): Followed {
  return revisions.reduce<Followed>(follow, new Map());
}

function follow(before: Followed, revision: Revision): Followed {
  const { candidates, settled } = decide({
    ...always,
    set: revision.set,
    current: { revision: 1, origin: null, objects: [...before.values()].map(({ object }) => object) },
    commit: revision.commit,
  });
  // Whoever is no candidate is there as it was.
  const after = new Map(before);
  for (const { key, place } of candidates) {
    const effective = settled.effective.get(key);
    const staying = before.get(key);
    if (!effective) after.delete(key);
    else if (effective.from === "desired") after.set(key, followed(effective.object, revision));
    else if (staying && place) after.set(key, moved(staying, place));
  }
  return after;
}

/** All of it comes from one branch. */
const here = "";

const always = {
  origin: here,
  pruneLimit: { objects: 0, share: 0 },
  allowPrune: true,
  trailer: true,
} as const;

function followed(manifest: Manifest, revision: Revision): FollowedObject {
  const { commit } = revision;
  return { manifest, revision, object: storedFrom(manifest, { version: 0, commit, origin: here }) };
}

function moved(staying: FollowedObject, { file, line }: Place): FollowedObject {
  return { ...staying, object: { ...staying.object, path: file, line } };
}
