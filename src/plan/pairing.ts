import type { Kind, Manifest, ManifestSet } from "../manifest/manifest.ts";
import { namesReferredTo } from "../manifest/references.ts";
import { nameKey } from "./candidates.ts";
import { uniqueValues } from "./effective-state.ts";
import type { StoredObject } from "./plan.ts";

/**
 * Which objects of a store and which manifests of a tree are the same; all by their numbers in their lists.
 * It takes looking at each of them, and so it is handed on to the next plan, which looks at those that differ.
 */
export interface Pairing {
  readonly manifests: readonly Manifest[];
  readonly objects: readonly StoredObject[];
  /** For each object the only document for it, when that says the same; below 0 there is more to it. */
  readonly pairs: Int32Array;
  /** The source, branch and paths where manifests were seen. */
  readonly origin: string;
  readonly index: Index;
}

/** Where to find what in the lists of a pairing. */
export interface Index {
  /** For each object the only document for it; below 0 there is none, there are several, or one is broken. */
  readonly documents: Int32Array;
  readonly byId: ByKind<number>;
  /** Who has a name, an id or a claim in the store. */
  readonly holders: Map<string, number>;
  /** Who has one that others have, too: of a time that did not refuse it, or a stranger's. */
  readonly shared: Set<number>;
  /** Who refers to a name; some of them may have ceased to. */
  readonly referrers: ByKind<number[]>;
}

/** By kind, and then by id or name. */
type ByKind<Value> = Map<Kind, Map<string, Value>>;

/** There is none. */
export const none = -1;
/** There is more to it. */
export const apart = -2;

/** Whether an object has a pair, and which. */
export function pairOf(pairs: Int32Array, object: number): number | null {
  const number = pairs[object] ?? apart;
  return number < 0 ? null : number;
}

/** Pairs up everything. */
export function pairUp(
  { manifests, broken }: ManifestSet,
  objects: readonly StoredObject[],
  origin: string,
): Pairing {
  const index = indexOf({ manifests, broken }, objects);
  const pairs = new Int32Array(objects.length).fill(apart);
  const pairing = { manifests, objects, pairs, origin, index };
  for (const at of objects.keys()) if (!index.shared.has(at)) pair(pairing, at);
  return pairing;
}

/** Says of an object whether it has a pair. */
export function pair({ manifests, objects, pairs, origin, index }: Pairing, at: number): void {
  const number = index.documents[at] ?? none;
  const [manifest, object] = [manifests[number], objects[at]];
  const isSame = manifest && object?.origin === origin && saysThat(manifest, object);
  pairs[at] = isSame ? number : apart;
}

/** Whether a manifest says what is stored, and where it was last seen. */
function saysThat({ hash, place }: Manifest, stored: StoredObject): boolean {
  return hash === stored.hash && place.file === stored.path && place.line === stored.line;
}

function indexOf(set: Pick<ManifestSet, "manifests" | "broken">, objects: readonly StoredObject[]): Index {
  const index = {
    documents: new Int32Array(objects.length).fill(none),
    byId: new Map<Kind, Map<string, number>>(),
    holders: new Map<string, number>(),
    shared: new Set<number>(),
    referrers: new Map<Kind, Map<string, number[]>>(),
  };
  for (const [at, object] of objects.entries()) addObject(index, object, at);
  for (const [number, manifest] of set.manifests.entries()) {
    const at = index.byId.get(manifest.kind)?.get(manifest.id);
    if (at !== undefined) index.documents[at] = index.documents[at] === none ? number : apart;
  }
  setBrokenApart(index.documents, set, objects);
  return index;
}

/** Puts an object into the index. False when it has what another has. */
export function addObject(
  { byId, holders, shared, referrers }: Index,
  object: StoredObject,
  at: number,
): boolean {
  const ids = ofKind(byId, object.kind);
  const values = uniqueValues(object);
  const doubles = [ids.get(object.id), ...values.map(({ value }) => holders.get(value))];
  for (const other of doubles) if (other !== undefined) shared.add(at).add(other);
  ids.set(object.id, at);
  for (const { value } of values) holders.set(value, at);
  noteReferences(referrers, object, at);
  return !shared.has(at);
}

/** A broken document stands for the object with its id, or for the one with its name. */
function setBrokenApart(
  documents: Int32Array,
  { broken }: Pick<ManifestSet, "broken">,
  objects: readonly StoredObject[],
): void {
  if (broken.length === 0) return;
  const ids = new Set(broken.map(({ kind, id }) => `${kind} ${id}`));
  const names = new Set(broken.map(nameKey));
  for (const [at, object] of objects.entries())
    if (ids.has(`${object.kind} ${object.id}`) || names.has(nameKey(object))) documents[at] = apart;
}

/** Notes to which names an object refers. */
export function noteReferences(referrers: Index["referrers"], object: StoredObject, at: number): void {
  for (const { kind, name } of namesReferredTo(object)) {
    const names = ofKind(referrers, kind);
    const there = names.get(name);
    if (there) there.push(at);
    else names.set(name, [at]);
  }
}

function ofKind<Value>(map: ByKind<Value>, kind: Kind): Map<string, Value> {
  const known = map.get(kind) ?? new Map<string, Value>();
  map.set(kind, known);
  return known;
}
