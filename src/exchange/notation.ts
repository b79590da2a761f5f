import { canonicalJson } from "../manifest/canonical.ts";
import type { SpecByKind } from "../manifest/manifest.ts";
import { normaliseSpec } from "../manifest/normalise.ts";
import { checkSchema } from "../manifest/parse/schema.ts";
import { difference, leavesOf, overlay } from "./difference.ts";
import { type DashboardProblem, type Fields, readFields } from "./fields.ts";
import type { JsonObject } from "./json-object.ts";

/** The kinds that the Dashboard API has a notation for. */
export type ExchangedKind = "ApiDefinition" | "Webhook";

/** What a notation says of a spec: all that it has words for. */
export type Said<K extends ExchangedKind> = Partial<SpecByKind[K]>;

/** How the objects of a kind are written in the Dashboard API. */
export interface Notation<K extends ExchangedKind> {
  readonly kind: K;
  /** What JSON means natively. Fields without a native meaning stay unread. */
  read(given: Fields): Said<K>;
  /** The fields that the API prints of every object, in its order, and those that say something. */
  write(said: Said<K>): JsonObject;
  /** What `write` must find in `spec.dashboard` to write things as they were given. */
  styleOf(given: JsonObject, said: Said<K>): JsonObject;
  /** JSON without the fields that `styleOf` and `write` look after alone. */
  comparable(given: JsonObject): JsonObject;
}

/** What JSON says. */
export interface Meaning<K extends ExchangedKind> {
  /** With defaults; `dashboard` holds what has no native meaning. */
  readonly said: Said<K>;
  readonly problems: readonly DashboardProblem[];
  /** JSON pointers of the fields with a native meaning. */
  readonly taken: ReadonlySet<string>;
}

/** Reads JSON: what it means natively, and what is left over (law 7: that is kept as given). */
export function meaningOf<K extends ExchangedKind>(notation: Notation<K>, given: JsonObject): Meaning<K> {
  const { said, problems, taken } = nativeMeaning(notation, given);
  const style = notation.styleOf(given, said);
  const plain = notation.write({ ...said, dashboard: style });
  const left = difference(notation.comparable(given), notation.comparable(plain));
  const dashboard = overlay(style, left ?? {});
  return {
    said: Object.keys(dashboard).length === 0 ? said : { ...said, dashboard },
    problems,
    taken,
  };
}

/**
 * The JSON of a spec. What `spec.dashboard` keeps is laid over it as far as the whole still means the
 * same: nobody reads there what does not hold.
 */
export function shown<K extends ExchangedKind>(notation: Notation<K>, said: Said<K>): JsonObject {
  const plain = notation.write(said);
  const { dashboard = {} }: { readonly dashboard?: JsonObject | undefined } = said;
  const kept = notation.comparable(dashboard);
  if (Object.keys(kept).length === 0) return plain;
  const meant = canonicalJson(nativeMeaning(notation, plain).said);
  const fits = (candidate: JsonObject): boolean => {
    const { said, problems } = nativeMeaning(notation, candidate);
    return problems.length === 0 && canonicalJson(said) === meant;
  };
  const whole = overlay(plain, kept);
  if (fits(whole)) return whole;
  return leavesOf(kept)
    .slice(0, mostTried)
    .reduce((shown, leaf) => {
      const candidate = overlay(shown, leaf);
      return fits(candidate) ? candidate : shown;
    }, plain);
}

/** A spec in the notation, and what that alone says of it. */
export function bothSides<K extends ExchangedKind>(
  notation: Notation<K>,
  spec: Said<K>,
): { readonly shown: JsonObject; readonly meaning: Meaning<K> } {
  const json = shown(notation, spec);
  // Where nothing is kept, nothing can be left over.
  return { shown: json, meaning: spec.dashboard ? meaningOf(notation, json) : nativeMeaning(notation, json) };
}

/** How many kept fields are tried one by one: each attempt reads the whole definition. */
const mostTried = 100;

/** What JSON means natively, without what is left over. */
function nativeMeaning<K extends ExchangedKind>(notation: Notation<K>, given: JsonObject): Meaning<K> {
  const fields = readFields(given);
  const said = completed(notation.kind, notation.read(fields));
  return { said, problems: fields.problems, taken: fields.taken };
}

/** A part of a spec in its one normal form, with the defaults of what it says. */
export function withDefaults<K extends ExchangedKind>(kind: K, part: Said<K>): Said<K> {
  return completed(kind, structuredClone(part));
}

/** The same of a part that nobody else holds. */
function completed<K extends ExchangedKind>(kind: K, part: Said<K>): Said<K> {
  const spec = kind === "ApiDefinition" ? { action: {}, ...part } : part;
  const document = { apiVersion: "gitway/v1", kind, metadata: { name: "x" }, spec: spec as SpecByKind[K] };
  checkSchema(kind, document);
  const said = Object.entries(normaliseSpec(kind, document, "manifest.yaml"));
  const meant = said.filter(([name, value]) => name !== "action" || Object.keys(value as object).length > 0);
  return Object.fromEntries(meant) as Said<K>;
}
