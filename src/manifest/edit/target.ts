import { canonicalJson } from "../canonical.ts";
import type { Kind } from "../manifest.ts";
import { isSet } from "../normalise.ts";
import { pointerTo } from "../pointer.ts";
import {
  fullDocument,
  isImpliedMatch,
  type ManifestDocument,
  rankAt,
  type WantedObject,
  withoutDefaults,
} from "../written-form.ts";
import { alignLists } from "./align.ts";

/**
 * What a document is to say so that it comes to the wanted object: as written wherever the object stays as
 * it is, whether a field is written in another form than the normal one, or left out.
 */
export function targetDocument(
  written: ManifestDocument,
  current: WantedObject,
  wanted: WantedObject,
  file: string,
): object {
  const documents = [current, wanted].map((object) => comparable(written, object, file));
  return merge(wanted.kind, "", written, documents[0], documents[1]) as object;
}

/** All fields of an object, but those that hold anyway and are not written. */
function comparable(written: ManifestDocument, object: WantedObject, file: string): ManifestDocument {
  const document = fullDocument(object, file);
  const { match, ...spec } = document.spec;
  const withMatch =
    match !== undefined && (written.spec["match"] !== undefined || !isImpliedMatch(document.spec));
  const id = written.metadata["id"] === undefined ? {} : { id: object.id };
  return {
    ...document,
    metadata: { ...document.metadata, ...id },
    spec: withMatch ? { ...spec, match } : spec,
  };
}

/** `before` and `after` are in the normal form, `written` is what `before` came from. */
function merge(kind: Kind, pointer: string, written: unknown, before: unknown, after: unknown): unknown {
  if (isSame(before, after)) return written;
  if (isFields(written) && isFields(after))
    return mergeFields(kind, pointer, written, isFields(before) ? before : {}, after);
  if (!Array.isArray(written) || !Array.isArray(after)) return withoutDefaults(kind, pointer, after);
  if (isSet(kind, pointer)) return mergeSets(written, after);
  return mergeLists(kind, pointer, written, Array.isArray(before) ? before : written, after);
}

type Fields = Readonly<Record<string, unknown>>;

/** A field that comes to hold what holds without it goes, as a person would have it. */
function mergeFields(kind: Kind, pointer: string, written: Fields, before: Fields, after: Fields): object {
  const meant = withoutDefaults(kind, pointer, after) as Fields;
  const stays = ([key]: [string, unknown]) =>
    Object.hasOwn(meant, key) ||
    (Object.hasOwn(after, key) ? isSame(before[key], after[key]) : !Object.hasOwn(before, key));
  const isNew = ([key, value]: [string, unknown]) =>
    !Object.hasOwn(written, key) && !isSame(before[key], value);
  const old = Object.entries(written)
    .filter(stays)
    .map(
      ([key, value]) =>
        [
          key,
          Object.hasOwn(after, key)
            ? merge(kind, pointerTo(pointer, key), value, before[key], after[key])
            : value,
        ] as const,
    );
  const added = Object.entries(meant).filter(isNew);
  return Object.fromEntries(inserted(old, added, rankAt(kind, pointer)));
}

type Field = readonly [key: string, value: unknown];

/** Fields with new ones among them: each before the first that comes behind it in the order of the schema. */
function inserted(
  old: readonly Field[],
  added: readonly Field[],
  rank: (key: string) => number,
): readonly Field[] {
  const fields = [...old];
  for (const field of added) {
    const next = fields.findIndex(([key]) => rank(key) > rank(field[0]));
    fields.splice(next === -1 ? fields.length : next, 0, field);
  }
  return fields;
}

/** What goes gives its place to what comes. */
function mergeSets(written: readonly unknown[], after: readonly unknown[]): unknown[] {
  const added = after.filter((item) => !written.includes(item)).values();
  const merged = written.flatMap((item) => {
    if (after.includes(item)) return [item];
    const { value, done } = added.next();
    return done ? [] : [value];
  });
  return [...merged, ...added];
}

/** The items of `before` are those of `written`, one for one. */
function mergeLists(
  kind: Kind,
  pointer: string,
  written: readonly unknown[],
  before: readonly unknown[],
  after: readonly unknown[],
): unknown[] {
  return alignLists(before, after).map(({ from, to }) =>
    from === null
      ? withoutDefaults(kind, pointerTo(pointer, to), after[to])
      : merge(kind, pointerTo(pointer, from), written[from], before[from], after[to]),
  );
}

/** What is absent is not null. */
function isSame(before: unknown, after: unknown): boolean {
  return before !== undefined && canonicalJson(before) === canonicalJson(after);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
