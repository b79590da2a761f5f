import { dirname, relative } from "node:path/posix";

import { canonicalJson } from "./canonical.ts";
import { resolveFile } from "./file-reference.ts";
import { deriveId } from "./identity.ts";
import type { Kind, Manifest } from "./manifest.ts";
import { impliedMatch, normaliseSpec, replaceTexts } from "./normalise.ts";
import { checkSchema, schemaAt } from "./parse/schema.ts";
import { pointerTo } from "./pointer.ts";
import { filePaths } from "./rules/field-rules.ts";

/** An object as a manifest is to say it. Files are paths in the repository. */
export interface WantedObject extends Pick<Manifest, "kind" | "name"> {
  /** Derived from kind and name when absent. */
  readonly id?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** Normalised or not; it may even be wrong. */
  readonly spec: object;
}

/** A manifest's document as plain data. */
export interface ManifestDocument {
  readonly apiVersion: "gitway/v1";
  readonly kind: Kind;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** All fields of an object in the one form that can be compared, in a document of the file at a path. */
export function fullDocument(object: WantedObject, file: string): ManifestDocument {
  const document = { apiVersion: "gitway/v1", kind: object.kind, metadata: metadataOf(object) } as const;
  const plain = { ...document, spec: plainCopy(object.spec) };
  namedFromHere(plain, object.kind, file);
  const checked = structuredClone(plain);
  if (checkSchema(object.kind, checked).length > 0) return plain;
  const normal = { ...document, spec: normaliseSpec(object.kind, checked as never, file) as object };
  namedFromHere(normal, object.kind, file);
  return normal as ManifestDocument;
}

/**
 * An object as a person would write it in the file at a path: what holds anyway is left out, fields are in
 * the order of the schema, and files are named from the folder of the manifest.
 */
export function writtenForm(object: WantedObject, file: string): ManifestDocument {
  const document = fullDocument(object, file);
  return {
    ...document,
    spec: withoutDefaults(object.kind, "/spec", document.spec) as ManifestDocument["spec"],
  };
}

/** A part of a document without the fields that hold when they are absent, in the order of the schema. */
export function withoutDefaults(kind: Kind, pointer: string, value: unknown): unknown {
  if (Array.isArray(value))
    return value.map((item, index) => withoutDefaults(kind, pointerTo(pointer, index), item));
  if (typeof value !== "object" || value === null) return value;
  const rank = rankAt(kind, pointer);
  const fields = Object.entries(value)
    .filter(([key, field]) => !holdsAnyway(kind, pointer, key, field, value))
    .sort(([a], [b]) => rank(a) - rank(b))
    .map(([key, field]) => [key, withoutDefaults(kind, pointerTo(pointer, key), field)] as const);
  return Object.fromEntries(fields);
}

/** The place of fields in the order of the schema; those that it does not name are behind the others. */
export function rankAt(kind: Kind, pointer: string): (key: string) => number {
  const order = Object.keys(schemaAt(kind, pointer)?.properties ?? {});
  return (key) => (order.includes(key) ? order.indexOf(key) : order.length);
}

function holdsAnyway(kind: Kind, pointer: string, key: string, field: unknown, home: object): boolean {
  if (kind === "ApiDefinition" && pointer === "/spec" && key === "match") return isImpliedMatch(home);
  const schema = schemaAt(kind, pointerTo(pointer, key));
  return schema?.default !== undefined && canonicalJson(schema.default) === canonicalJson(field);
}

/** Whether `match` says what holds without it. The spec may be wrong. */
export function isImpliedMatch(spec: object): boolean {
  const { match, action, listenPath } = spec as Record<string, unknown>;
  if (typeof action !== "object" || action === null) return false;
  return match === impliedMatch({ action, ...(typeof listenPath === "string" ? { listenPath } : {}) });
}

function metadataOf({ kind, name, id, labels = {}, annotations = {} }: WantedObject) {
  return {
    name,
    ...(id === undefined || id === deriveId(kind, name) ? {} : { id }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
}

/** A copy that is nothing but data, as JSON has it. */
function plainCopy(value: object): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
}

/** Turns paths in the repository into paths from the folder of the manifest. What is no such path stays. */
function namedFromHere(document: object, kind: Kind, file: string): void {
  for (const pattern of filePaths[kind])
    replaceTexts(document, pattern, (path) => {
      const found = resolveFile("manifest.yaml", path);
      return found.ok && found.file === path ? relative(`/${dirname(file)}`, `/${path}`) : undefined;
    });
}
