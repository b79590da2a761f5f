import {
  objectKey,
  type BrokenManifest,
  type Identity,
  type Manifest,
  type ManifestSet,
} from "../manifest/manifest.ts";
import { nameKey } from "../plan/candidates.ts";

/** A document whose object is known. */
export type Document = Manifest | BrokenManifest;

/** The documents of a tree, by the objects that they stand for. */
export interface TreeIndex {
  readonly documents: readonly Document[];
  /** Those that stand for an object: a broken one also by its name, since its id may be what is broken. */
  of(object: Identity): readonly Document[];
}

export function indexTree({ manifests, broken }: ManifestSet): TreeIndex {
  const byKey = new Map<string, Document[]>();
  const brokenByName = new Map<string, Document[]>();
  for (const manifest of manifests) append(byKey, objectKey(manifest), manifest);
  for (const each of broken) {
    append(byKey, objectKey(each), each);
    append(brokenByName, nameKey(each), each);
  }
  return {
    documents: [...manifests, ...broken],
    of: (object) => [
      ...new Set([...(byKey.get(objectKey(object)) ?? []), ...(brokenByName.get(nameKey(object)) ?? [])]),
    ],
  };
}

/** Whether a document has an error of its own. */
export function isBroken(document: Document): document is BrokenManifest {
  return "problems" in document;
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
