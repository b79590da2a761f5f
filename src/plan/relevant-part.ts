import type { Kind, Manifest, ManifestSet } from "../manifest/manifest.ts";
import { uniqueValues } from "./effective-state.ts";
import type { PlanInput } from "./make-plan.ts";
import { pairAgain } from "./pair-again.ts";
import { pairOf, pairUp, type Pairing } from "./pairing.ts";
import type { StoredObject } from "./plan.ts";

/** What a plan has to look at, of a tree and of a store. */
export interface RelevantPart {
  readonly set: ManifestSet;
  readonly objects: readonly StoredObject[];
  /** The names of all others to which anybody can refer, by kind. */
  readonly otherNames: NamesByKind;
}

export type NamesByKind = ReadonlyMap<Kind, ReadonlySet<string>>;

/** What one plan leaves to the next, which differs little. It changes nothing but how long that takes. */
export interface PlanMemory {
  pairing: Pairing | null;
}

/** A memory for plans that are made one after the other. */
export function createPlanMemory(): PlanMemory {
  return { pairing: null };
}

/**
 * Leaves out what is the same in the tree and in the store, is in nobody's way, and refers only to what is so
 * too: it stays as it is, and no plan says anything of it. That is nearly everything in most plans.
 */
export function relevantPart(input: PlanInput): RelevantPart {
  const { set, current, origin, lastGood = [], memory } = input;
  const { objects } = current;
  const last = memory?.pairing ?? null;
  const pairing = (last && pairAgain(last, set, objects, origin)) ?? pairUp(set, objects, origin);
  if (memory) memory.pairing = pairing;
  const pairs = pairing.pairs.slice();
  const part = (number: number) => void (pairs[number] = -1);

  for (const { kind, id } of lastGood) {
    const stored = pairing.index.byId.get(kind)?.get(id);
    if (stored !== undefined) part(stored);
  }
  for (const manifest of [...withoutPaired(set.manifests, pairs), ...lastGood])
    for (const { value } of uniqueValues(manifest)) {
      const holder = pairing.index.holders.get(value);
      if (holder !== undefined) part(holder);
    }
  const otherNames = namesOf(pairing, pairs);
  for (const [kind, referrers] of pairing.index.referrers)
    for (const [name, numbers] of referrers) if (!otherNames.get(kind)?.has(name)) numbers.forEach(part);
  return {
    set: { ...set, manifests: withoutPaired(set.manifests, pairs) },
    objects: objects.filter((_object, at) => pairOf(pairs, at) === null),
    otherNames,
  };
}

function withoutPaired(manifests: readonly Manifest[], pairs: Int32Array): readonly Manifest[] {
  const isLeftOut = new Uint8Array(manifests.length);
  for (const number of pairs) if (number >= 0) isLeftOut[number] = 1;
  return manifests.filter((_manifest, number) => isLeftOut[number] === 0);
}

/** Nobody refers to a definition. */
function namesOf({ objects, index }: Pairing, pairs: Int32Array): NamesByKind {
  const names = new Map<Kind, Set<string>>();
  for (const [kind, numbers] of index.byId) {
    if (kind === "ApiDefinition") continue;
    const paired = [...numbers.values()].filter((at) => pairOf(pairs, at) !== null);
    names.set(kind, new Set(paired.flatMap((at) => objects[at]?.name ?? [])));
  }
  return names;
}
