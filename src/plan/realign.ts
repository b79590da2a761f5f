import type { Manifest } from "../manifest/manifest.ts";
import { uniqueValues } from "./effective-state.ts";
import { addObject, apart, none, type Pairing } from "./pairing.ts";
import type { StoredObject } from "./plan.ts";

/** More objects or manifests that come or go are not put into their places one by one. */
const mostMoved = 100;

/** Where a list has so many entries instead of so many others; all behind them are further on, or back. */
interface Part {
  readonly start: number;
  readonly removed: number;
  readonly added: number;
}

type Entry = Manifest | StoredObject;

/**
 * Makes a pairing, whose index is used up, one of lists with the same definitions as others, in their places. Null
 * where other objects came or went, where many did, or where it takes looking at everything.
 */
export function realign(
  last: Pairing,
  manifests: readonly Manifest[],
  objects: readonly StoredObject[],
): Pairing | null {
  const moved = partBetween(last.objects, objects);
  const written = partBetween(last.manifests, manifests);
  if (!moved || !written) return null;
  const placed = withObjects(last, moved, objects);
  return placed && withManifests(placed, written, manifests);
}

/** Null when it is no matter of a few definitions. */
function partBetween(before: readonly Entry[], after: readonly Entry[]): Part | null {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && isSame(before[start], after[start])) start++;
  let rest = shorter - start;
  let end = 0;
  while (end < rest && isSame(before[before.length - 1 - end], after[after.length - 1 - end])) end++;
  rest = before.length - start - end;
  const part = { start, removed: rest, added: after.length - start - end };
  const entries = [...before.slice(start, start + part.removed), ...after.slice(start, start + part.added)];
  return entries.length <= mostMoved && entries.every(({ kind }) => kind === "ApiDefinition") ? part : null;
}

function isSame(a: Entry | undefined, b: Entry | undefined): boolean {
  return a === b || (a?.id === b?.id && a?.kind === b?.kind && a?.name === b?.name);
}

function withObjects(last: Pairing, part: Part, after: readonly StoredObject[]): Pairing | null {
  const { start, removed, added } = part;
  if (removed + added === 0) return last;
  const { index, manifests, origin } = last;
  const objects = spliced(last.objects, part, after);
  const documents = resized(index.documents, part, none);
  const pairs = resized(last.pairs, part, apart);
  const aligned = { ...index, documents };
  for (const object of last.objects.slice(start, start + removed)) {
    index.byId.get(object.kind)?.delete(object.id);
    for (const { value } of uniqueValues(object)) index.holders.delete(value);
  }
  for (const numbers of [index.holders, ...index.byId.values()]) moveValues(numbers, part);
  for (const names of index.referrers.values())
    for (const [name, numbers] of names) names.set(name, movedNumbers(numbers, part));
  for (let at = start; at < start + added; at++) {
    const object = objects[at];
    if (!object || !addObject(aligned, object, at)) return null;
    documents[at] = documentOf(manifests, object);
  }
  return { manifests, objects, pairs, origin, index: aligned };
}

/** The only document for an object. */
function documentOf(manifests: readonly Manifest[], { kind, id }: StoredObject): number {
  const isFor = (manifest: Manifest) => manifest.kind === kind && manifest.id === id;
  const first = manifests.findIndex(isFor);
  return first >= 0 && manifests.findLastIndex(isFor) !== first ? apart : first;
}

function withManifests(last: Pairing, part: Part, after: readonly Manifest[]): Pairing | null {
  const { start, removed, added } = part;
  if (removed + added === 0) return last;
  const { index, objects, origin } = last;
  const { documents, byId } = index;
  const pairs = last.pairs.slice();
  const manifests = spliced(last.manifests, part, after);
  for (const { kind, id } of last.manifests.slice(start, start + removed)) {
    const at = byId.get(kind)?.get(id);
    // One of several goes: how many are left is not known.
    if (at !== undefined && documents[at] === apart) return null;
  }
  for (let at = 0; at < documents.length; at++) {
    documents[at] = movedPast(documents[at] ?? none, part) ?? none;
    pairs[at] = movedPast(pairs[at] ?? apart, part) ?? apart;
  }
  for (let number = start; number < start + added; number++) {
    const manifest = manifests[number];
    const at = manifest && byId.get(manifest.kind)?.get(manifest.id);
    if (at === undefined) continue;
    documents[at] = documents[at] === none ? number : apart;
    pairs[at] = apart;
  }
  return { manifests, objects, pairs, origin, index };
}

function spliced<T>(
  before: readonly T[],
  { start, removed, added }: Part,
  after: readonly T[],
): readonly T[] {
  return before.toSpliced(start, removed, ...after.slice(start, start + added));
}

function resized(numbers: Int32Array, { start, removed, added }: Part, filler: number): Int32Array {
  const result = new Int32Array(numbers.length - removed + added).fill(filler);
  result.set(numbers.subarray(0, start));
  result.set(numbers.subarray(start + removed), start + added);
  return result;
}

/** A number after the part has changed; null for what has gone. Below 0 it is none. */
function movedPast(number: number, { start, removed, added }: Part): number | null {
  if (number < start) return number;
  return number < start + removed ? null : number + added - removed;
}

function moveValues(numbers: Map<string, number>, part: Part): void {
  if (part.removed === part.added) return;
  for (const [key, number] of numbers) {
    const moved = movedPast(number, part);
    if (moved !== null && moved !== number) numbers.set(key, moved);
  }
}

function movedNumbers(numbers: readonly number[], part: Part): number[] {
  return numbers.flatMap((number) => movedPast(number, part) ?? []);
}
