import { objectKey, type Manifest, type ManifestSet } from "../manifest/manifest.ts";
import type { Candidate } from "./candidates.ts";
import { dependenciesOf } from "./dependencies.ts";
import { decide } from "./make-plan.ts";

/** What a tree comes to when nothing was live before it. */
export interface TreeAlone {
  /** What would go live as it stands, by key. */
  readonly live: ReadonlyMap<string, Manifest>;
  /** What would not, or has a problem. */
  readonly waiting: readonly Candidate[];
  /** Of that, what has no other version that would. */
  readonly missing: readonly Candidate[];
  /** What decides about objects, by their keys: documents without any of these marks have no say. */
  decisive(keys: readonly string[]): ReadonlySet<string>;
}

/** Settles a tree for itself, with versions of the history for what it holds back. */
export function settleAlone(set: ManifestSet, lastGood: readonly Manifest[] = []): TreeAlone {
  const { candidates, settled } = decide({ ...beforeEverything, set, lastGood });
  const good = candidates.filter(({ key }) => !settled.problems.has(key));
  const waiting = candidates.filter(({ key }) => settled.problems.has(key));
  return {
    live: new Map(good.flatMap(({ desired }) => (desired ? [[objectKey(desired), desired] as const] : []))),
    waiting,
    decisive: (keys) => dependenciesOf(keys, candidates).marks,
    missing: waiting.filter(({ key }) => !settled.effective.has(key)),
  };
}

const beforeEverything = {
  current: { revision: 0, origin: null, objects: [] },
  commit: "",
  origin: "",
  pruneLimit: { objects: 0, share: 0 },
  allowPrune: false,
  trailer: false,
} as const;
