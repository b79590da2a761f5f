import { duplicateMessage, placeText, problemAt } from "../manifest/check-set.ts";
import {
  objectKey,
  type BrokenManifest,
  type Identity,
  type Manifest,
  type ManifestSet,
} from "../manifest/manifest.ts";
import type { Place, Problem } from "../manifest/problem.ts";
import type { StoredObject } from "./plan.ts";

/** One object of the tree or of the store, with the manifest that speaks for it. */
export interface Candidate extends Identity {
  readonly key: string;
  /** The manifest that wants to go live. Null when there is none, or only a broken one. */
  readonly desired: Manifest | null;
  readonly stored: StoredObject | null;
  /** Where the store has no version of it, one of the history that stands in. */
  readonly fallback: Manifest | null;
  /** Where the document stands that speaks for it; null when none or several do. */
  readonly place: Place | null;
  /** The files of all documents that stand for it. */
  readonly files: readonly string[];
  /** Whether any document of the tree stands for this object; if none does, it is absent. */
  readonly present: boolean;
  /** Errors that are certain before any other object is looked at. */
  readonly problems: readonly Problem[];
}

type Document = Manifest | BrokenManifest;

/**
 * Every object that the tree or the store knows, each once. A broken manifest stands for the stored
 * object with its id, and else for the one with its name, since the id may be what is broken. What the
 * store has no version of may have one of the history to fall back to.
 */
export function collectCandidates(
  set: ManifestSet,
  objects: readonly StoredObject[],
  lastGood: readonly Manifest[],
): readonly Candidate[] {
  const stored = new Map(objects.map((object) => [objectKey(object), object]));
  const fallbacks = new Map(
    lastGood.map((manifest) => [objectKey(manifest), manifest] as const).filter(([key]) => !stored.has(key)),
  );
  const before = new Map<string, Identity>([...fallbacks, ...stored]);
  const byName = new Map([...before.values()].map((object) => [nameKey(object), object]));
  const documents = new Map<string, Document[]>();
  for (const document of [...set.manifests, ...set.broken.map((broken) => adopt(broken, before, byName))]) {
    const key = objectKey(document);
    documents.set(key, [...(documents.get(key) ?? []), document]);
  }
  return [...new Set([...documents.keys(), ...before.keys()])].map((key) =>
    candidate(key, documents.get(key) ?? [], stored.get(key) ?? null, fallbacks.get(key) ?? null),
  );
}

/** One string for kind and name, which is unique too. */
export function nameKey(identity: Pick<Identity, "kind" | "name">): string {
  return `${identity.kind} ${identity.name}`;
}

function adopt(
  broken: BrokenManifest,
  before: ReadonlyMap<string, Identity>,
  byName: ReadonlyMap<string, Identity>,
): BrokenManifest {
  const namesake = before.has(objectKey(broken)) ? undefined : byName.get(nameKey(broken));
  return namesake ? { ...broken, id: namesake.id } : broken;
}

function candidate(
  key: string,
  documents: readonly Document[],
  stored: StoredObject | null,
  fallback: Manifest | null,
): Candidate {
  const chosen = chooseDocument(documents, stored?.path ?? fallback?.place.file);
  const { kind, id, name } = chosen ?? documents[0] ?? ((stored ?? fallback) as Identity);
  const duplicates = documents.length > 1 ? documents.filter((document) => document !== chosen) : [];
  return {
    key,
    kind,
    id,
    name,
    stored,
    fallback,
    place: chosen?.place ?? null,
    files: documents.map(({ place }) => place.file),
    present: documents.length > 0,
    desired: chosen && isGood(chosen) ? chosen : null,
    problems: [
      ...documents.flatMap((document) => (isGood(document) ? [] : document.problems)),
      ...duplicates.map((document) => duplicateProblem(document, documents)),
    ],
  };
}

/** Of several documents for one object, the one that stands where the object was last seen. */
function chooseDocument(documents: readonly Document[], home: string | undefined): Document | null {
  if (documents.length <= 1) return documents[0] ?? null;
  const holders = documents.filter((document) => document.place.file === home);
  return holders.length === 1 ? (holders[0] ?? null) : null;
}

function isGood(document: Document): document is Manifest {
  return !("problems" in document);
}

function duplicateProblem(document: Document, all: readonly Document[]): Problem {
  const others = all.filter((other) => other !== document);
  const field = others.some(({ name }) => name !== document.name) ? "id" : "name";
  const places = others.map(({ place }) => placeText(place));
  const message = duplicateMessage(field, document, places.join(", "));
  return problemAt(document, `/metadata/${field}`, `duplicate-${field}`, message);
}
