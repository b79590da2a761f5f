import { objectKey, type ManifestSet } from "../../src/manifest/manifest.ts";
import { claimOf } from "../../src/manifest/references.ts";
import { makePlan, type PlanInput } from "../../src/plan/make-plan.ts";
import type { Plan, StoredObject } from "../../src/plan/plan.ts";
import type { createOracle, OracleChange, OracleRange } from "./attribution-oracle.ts";
import { changeOf, storedFrom } from "./changes-between.ts";
import type { createRandom } from "./random-history.ts";

type Random = ReturnType<typeof createRandom>;
type Oracle = ReturnType<typeof createOracle>;

/** A store, what a branch would change in it, and how a tree is planned against it. */
export interface Sample {
  readonly range: OracleRange;
  readonly changes: readonly OracleChange[];
  readonly input: Omit<PlanInput, "set">;
  readonly plan: (set: ManifestSet) => Plan;
}

/** Takes a sample of a history: mostly what a plan has, else changes that none of its rules choose. */
export function randomSample(random: Random, oracle: Oracle, ids: readonly string[]): Sample {
  const range = randomRange(random, ids, oracle.isBehind);
  const stored = randomStore(random, oracle, ids, range);
  const objects = [...stored.values()].map(({ object }) => object);
  const input: Sample["input"] = {
    current: { revision: 1, origin: "here", objects },
    commit: ids[range.to] ?? "",
    origin: "here",
    pruneLimit: { objects: 3, share: 0.25 },
    allowPrune: false,
    trailer: false,
  };
  const plan = (set: ManifestSet) => makePlan({ ...input, set });
  const planned = random.chance(0.75);
  const changes = planned
    ? plan((oracle.trees[range.to] as (typeof oracle.trees)[number]).set).changes
    : chosenChanges(random, oracle, objects, range);
  const storedAt = (key: string) => stored.get(key)?.at ?? null;
  return {
    range,
    changes: changes.map((change) => ({ change, stored: storedAt(objectKey(change)) })),
    input,
    plan,
  };
}

/** From some commit to another: mostly forward, sometimes rewound, sideways or from the beginning. */
function randomRange(random: Random, ids: readonly string[], isBehind: Oracle["isBehind"]): OracleRange {
  const all = ids.map((_, commit) => commit);
  const to = random.chance(0.6) ? ids.length - 1 - random.below(3) : random.below(ids.length);
  const behind = all.filter((commit) => isBehind(commit, to));
  const from = random.chance(0.25) ? null : random.chance(0.75) ? random.pick(behind) : random.pick(all);
  const later = behind.filter((commit) => from === null || isBehind(from, commit));
  const attempted = random.pick([undefined, null, ...[0, 1, 2].map(() => random.pick([...later, to]))]);
  return { from, to, attempted };
}

interface Stored {
  readonly object: StoredObject;
  /** The commit of the version. */
  readonly at: number;
}

/** What a store may have: mostly from the start of the range. */
function randomStore(
  random: Random,
  { trees }: Oracle,
  ids: readonly string[],
  { from }: OracleRange,
): ReadonlyMap<string, Stored> {
  const stored = new Map<string, Stored>();
  const taken = new Set<string>();
  for (const key of keysOf(trees)) {
    const origin = from !== null && random.chance(0.7) ? from : random.below(ids.length);
    const at = from === null && random.chance(0.6) ? null : origin;
    const found = at === null ? undefined : trees[at]?.set.manifests.find((each) => objectKey(each) === key);
    if (!found || at === null) continue;
    // A store has no two objects of one name or claim.
    const unique = [`${found.kind} ${found.name}`, claimOf(found)?.key ?? key];
    if (unique.some((value) => taken.has(value))) continue;
    for (const value of unique) taken.add(value);
    const drift = random.chance(0.05) ? { hash: "0".repeat(64) } : {};
    stored.set(key, { object: { ...storedFrom(found, ids[at] ?? ""), ...drift }, at });
  }
  return stored;
}

/** Changes to what the head says, or to what some commit said when nothing was known before. */
function chosenChanges(
  random: Random,
  { trees }: Oracle,
  objects: readonly StoredObject[],
  { from, to }: OracleRange,
): OracleChange["change"][] {
  const head = (trees[to] as (typeof trees)[number]).set;
  const before = new Map(objects.map((object) => [objectKey(object), object]));
  return keysOf(trees).flatMap((key) => {
    const stored = before.get(key) ?? null;
    const there = head.manifests.filter((manifest) => objectKey(manifest) === key);
    const old = from === null && random.chance(0.3) ? trees[random.below(to + 1)]?.set.manifests : [];
    const after =
      (there.length === 1 ? there[0] : there.find(({ place }) => place.file === stored?.path)) ??
      old?.find((manifest) => objectKey(manifest) === key) ??
      null;
    if ((stored?.hash ?? null) === (after?.hash ?? null)) return [];
    // While something can't be read, nothing is deleted.
    if (after === null && head.unidentified.length > 0) return [];
    return [changeOf(stored, after)];
  });
}

function keysOf(trees: Oracle["trees"]): string[] {
  return [...new Set(trees.flatMap(({ set }) => set.manifests.map(objectKey)))].toSorted();
}
