import type { Kind, Manifest, ManifestSet } from "../manifest/manifest.ts";
import { namesReferredTo } from "../manifest/references.ts";
import { nameKey } from "./candidates.ts";
import { uniqueValues } from "./effective-state.ts";
import type { PlanInput } from "./make-plan.ts";
import type { StoredObject } from "./plan.ts";

/** What a plan has to look at, of a tree and of a store. */
export interface RelevantPart {
  readonly set: ManifestSet;
  readonly objects: readonly StoredObject[];
  /** The names of all others, by kind: what refers to them finds them. */
  readonly otherNames: NamesByKind;
}

export type NamesByKind = ReadonlyMap<Kind, ReadonlySet<string>>;

/**
 * Leaves out what is the same in the tree and in the store, is in nobody's way, and refers only to what is so
 * too: it stays as it is, and no plan says anything of it. That is nearly everything in most plans.
 */
export function relevantPart({ set, current: { objects }, lastGood = [], origin }: PlanInput): RelevantPart {
  const index = indexOf(objects);
  const pairs = pairUp(set, objects, index, origin);
  for (const at of index.shared) pairs[at] = apart;
  for (const manifest of [...withoutPaired(set.manifests, pairs), ...lastGood])
    for (const { value } of uniqueValues(manifest)) {
      const holder = index.holders.get(value);
      if (holder !== undefined) pairs[holder] = apart;
    }
  const otherNames = namesOf(objects, pairs);
  for (const [at, object] of objects.entries())
    if (isPaired(pairs, at) && !findsAll(object, otherNames)) pairs[at] = apart;
  return {
    set: { ...set, manifests: withoutPaired(set.manifests, pairs) },
    objects: objects.filter((_object, at) => !isPaired(pairs, at)),
    otherNames,
  };
}

/** For each object, by its number, the number of the only manifest for it, which says the same. */
type Pairs = Int32Array;

const unpaired = -1;
/** There is more to it, so it can't be left out. */
const apart = -2;

function isPaired(pairs: Pairs, object: number): boolean {
  return (pairs[object] ?? unpaired) >= 0;
}

function pairUp(
  { manifests, broken }: ManifestSet,
  objects: readonly StoredObject[],
  { byId }: Index,
  origin: string,
): Pairs {
  const pairs = new Int32Array(objects.length).fill(unpaired);
  for (const [number, manifest] of manifests.entries()) {
    const at = byId.get(manifest.kind)?.get(manifest.id);
    const object = at === undefined ? undefined : objects[at];
    if (at === undefined || !object) continue;
    pairs[at] = pairs[at] === unpaired && isSame(manifest, object, origin) ? number : apart;
  }
  for (const { kind, id } of broken) {
    const at = byId.get(kind)?.get(id);
    if (at !== undefined) pairs[at] = apart;
  }
  const brokenNames = new Set(broken.map(nameKey));
  if (brokenNames.size > 0)
    for (const [at, object] of objects.entries()) if (brokenNames.has(nameKey(object))) pairs[at] = apart;
  return pairs;
}

function isSame(manifest: Manifest, stored: StoredObject, origin: string): boolean {
  const { file, line } = manifest.place;
  const isThere = file === stored.path && line === stored.line && stored.origin === origin;
  return isThere && manifest.hash === stored.hash;
}

function withoutPaired(manifests: readonly Manifest[], pairs: Pairs): readonly Manifest[] {
  const isLeftOut = new Uint8Array(manifests.length);
  for (const number of pairs) if (number >= 0) isLeftOut[number] = 1;
  return manifests.filter((_manifest, number) => isLeftOut[number] === 0);
}

function namesOf(objects: readonly StoredObject[], pairs: Pairs): NamesByKind {
  const names = new Map<Kind, Set<string>>();
  for (const [at, { kind, name }] of objects.entries()) {
    if (!isPaired(pairs, at)) continue;
    const ofKind = names.get(kind);
    if (ofKind) ofKind.add(name);
    else names.set(kind, new Set([name]));
  }
  return names;
}

function findsAll(object: StoredObject, names: NamesByKind): boolean {
  return namesReferredTo(object).every(({ kind, name }) => names.get(kind)?.has(name));
}

/** Objects of the store by their numbers. */
interface Index {
  readonly byId: ReadonlyMap<Kind, ReadonlyMap<string, number>>;
  /** Who has a name, an id or a claim. */
  readonly holders: ReadonlyMap<string, number>;
  /** Those who have one that others have, too: of a time that did not refuse it, or a stranger's. */
  readonly shared: ReadonlySet<number>;
}

/** A store that did not change is planned against again and again. */
const known = new WeakMap<readonly StoredObject[], Index>();

function indexOf(objects: readonly StoredObject[]): Index {
  const index = known.get(objects) ?? makeIndex(objects);
  known.set(objects, index);
  return index;
}

function makeIndex(objects: readonly StoredObject[]): Index {
  const byId = new Map<Kind, Map<string, number>>();
  const holders = new Map<string, number>();
  const shared = new Set<number>();
  for (const [at, object] of objects.entries()) {
    const ofKind = byId.get(object.kind) ?? new Map<string, number>();
    const double = ofKind.get(object.id);
    if (double !== undefined) shared.add(at).add(double);
    byId.set(object.kind, ofKind.set(object.id, at));
    for (const { value } of uniqueValues(object)) {
      const other = holders.get(value);
      if (other === undefined) holders.set(value, at);
      else shared.add(at).add(other);
    }
  }
  return { byId, holders, shared };
}
