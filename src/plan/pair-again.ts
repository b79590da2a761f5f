import type { Manifest, ManifestSet } from "../manifest/manifest.ts";
import { uniqueValues } from "./effective-state.ts";
import { apart, type Index, noteReferences, pair, type Pairing } from "./pairing.ts";
import type { StoredObject } from "./plan.ts";
import { realign } from "./realign.ts";

const mostChanges = 1000;

/**
 * The same from an earlier pairing, whose index is used up. Null where more differs than some definitions, to which
 * nobody refers: then everything has to be looked at.
 */
export function pairAgain(
  last: Pairing,
  { manifests, broken }: ManifestSet,
  objects: readonly StoredObject[],
  origin: string,
): Pairing | null {
  if (broken.length > 0 || last.index.shared.size > 0 || origin !== last.origin) return null;
  const aligned = realign(last, manifests, objects);
  if (!aligned) return null;
  const { index } = aligned;
  const changedObjects = changesBetween(aligned.objects, objects);
  const changedManifests = changesBetween(aligned.manifests, manifests);
  if (!changedObjects || !changedManifests) return null;
  const pairing = { manifests, objects, pairs: aligned.pairs.slice(), origin, index };
  for (const at of changedObjects) if (!replaceObject(index, at, aligned.objects, objects)) return null;
  for (const at of changedObjects) pair(pairing, at);
  for (const number of changedManifests) {
    const manifest = manifests[number];
    const at = manifest && index.byId.get(manifest.kind)?.get(manifest.id);
    if (at !== undefined) pair(pairing, at);
  }
  for (const at of objects.keys()) if (pairing.pairs[at] === apart) pair(pairing, at);
  return pairing;
}

/** Where two lists have definitions of the same name and id that differ. Null when they differ otherwise. */
function changesBetween(
  before: readonly (Manifest | StoredObject)[],
  after: readonly (Manifest | StoredObject)[],
): readonly number[] | null {
  if (before.length !== after.length) return null;
  const changed: number[] = [];
  for (let at = 0; at < before.length; at++) {
    const [a, b] = [before[at], after[at]];
    if (a === b) continue;
    if (!a || !b || b.kind !== "ApiDefinition" || a.kind !== b.kind || a.id !== b.id || a.name !== b.name)
      return null;
    if (changed.push(at) > mostChanges) return null;
  }
  return changed;
}

/** Puts another version of an object into the index. False when it has what somebody else has. */
function replaceObject(
  { holders, referrers }: Index,
  at: number,
  before: readonly StoredObject[],
  after: readonly StoredObject[],
): boolean {
  const [old, object] = [before[at], after[at]];
  if (!old || !object) return false;
  for (const { value } of uniqueValues(old)) if (holders.get(value) === at) holders.delete(value);
  for (const { value } of uniqueValues(object)) {
    if (holders.has(value)) return false;
    holders.set(value, at);
  }
  noteReferences(referrers, object, at);
  return true;
}
