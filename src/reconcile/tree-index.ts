import { grouped } from "../grouped.ts";
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
  const documents = [...manifests, ...broken];
  const byKey = grouped(documents, objectKey);
  const brokenByName = grouped(broken, nameKey);
  return {
    documents,
    of: (object) => [
      ...new Set([...(byKey.get(objectKey(object)) ?? []), ...(brokenByName.get(nameKey(object)) ?? [])]),
    ],
  };
}

/** Whether a document has an error of its own. */
export function isBroken(document: Document): document is BrokenManifest {
  return "problems" in document;
}
