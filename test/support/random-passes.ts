import { objectKey, type ManifestSet } from "../../src/manifest/manifest.ts";
import { makePlan } from "../../src/plan/make-plan.ts";
import type { StoredObject } from "../../src/plan/plan.ts";
import type { createOracle, OracleVerdict } from "./attribution-oracle.ts";
import { storedFrom } from "./changes-between.ts";
import type { createRandom } from "./random-history.ts";
import type { Sample } from "./random-samples.ts";

type Random = ReturnType<typeof createRandom>;
type Oracle = ReturnType<typeof createOracle>;

interface Stored {
  readonly object: StoredObject;
  /** The commit of the version. */
  readonly at: number;
}

/** A store that passes go over, one after the other, as the real ones do. */
export function createPasses(random: Random, oracle: Oracle, ids: readonly string[]) {
  const { trees, isBehind } = oracle;
  const stored = new Map<string, Stored>();
  let attempted: number | null = null;
  let converged: number | null = null;

  /** The next commit to look at: mostly a later one, sometimes one that was left behind. */
  function nextCommit(): number {
    const all = ids.map((_, commit) => commit);
    const last = attempted;
    if (last === null) return random.below(Math.ceil(ids.length / 2));
    const later = all.filter((commit) => commit !== last && isBehind(last, commit));
    if (later.length === 0 || random.chance(0.15)) return random.pick(all);
    return random.pick(later.slice(0, 1 + random.below(later.length)));
  }

  function next(): Sample {
    const to = nextCommit();
    const objects = [...stored.values()].map(({ object }) => object);
    const input: Sample["input"] = {
      current: { revision: attempted === null ? 0 : 1, origin: "here", objects },
      commit: ids[to] ?? "",
      origin: "here",
      pruneLimit: { objects: 3, share: 0.25 },
      allowPrune: false,
      trailer: false,
    };
    const plan = (set: ManifestSet) => makePlan({ ...input, set });
    const changes = plan((trees[to] as (typeof trees)[number]).set).changes.map((change) => ({
      change,
      stored: stored.get(objectKey(change))?.at ?? null,
    }));
    return { range: { from: converged, to, attempted }, changes, input, plan };
  }

  function apply({ range: { to }, changes, plan }: Sample, verdicts: readonly OracleVerdict[]): void {
    for (const [index, { change }] of changes.entries()) {
      const at = verdicts[index]?.author ?? to;
      const object = change.after && storedFrom(change.after, ids[at] ?? "");
      if (object) stored.set(objectKey(change), { object, at });
      else stored.delete(objectKey(change));
    }
    const { quarantined, held, problems } = plan((trees[to] as (typeof trees)[number]).set);
    const isClean =
      quarantined.length + held.length === 0 && problems.every(({ severity }) => severity !== "error");
    attempted = to;
    if (isClean) converged = to;
  }

  return { next, apply };
}
