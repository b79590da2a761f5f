import { canonicalJson } from "../manifest/canonical.ts";
import { isObject, type JsonObject, ownField } from "./json-object.ts";

/** Fields of a spec that are refined as one: what is kept as given may hold null. */
export const wholeFields: readonly string[] = ["dashboard"];

/**
 * What a spec says beyond what is said of it elsewhere, field by field; null for a field that it lacks.
 * Fields in `whole` are taken as one.
 */
export function refinement(spec: JsonObject, said: JsonObject, whole: readonly string[] = []): JsonObject {
  const names = new Set([...Object.keys(spec), ...Object.keys(said)]);
  const fields = [...names].flatMap((name) => {
    const [value, other] = [ownField(spec, name), ownField(said, name)];
    if (isObject(value) && isObject(other) && !whole.includes(name)) {
      const inner = refinement(value, other);
      return Object.keys(inner).length === 0 ? [] : [[name, inner] as const];
    }
    return canonicalJson(value) === canonicalJson(other) ? [] : [[name, value ?? null] as const];
  });
  return Object.fromEntries(fields);
}

/** A spec with a refinement applied: null removes a field. Fields in `whole` are replaced as one. */
export function refined(said: JsonObject, refinement: JsonObject, whole: readonly string[] = []): JsonObject {
  const result = new Map(Object.entries(said));
  for (const [name, value] of Object.entries(refinement)) {
    const other = result.get(name);
    if (value === null) result.delete(name);
    else if (isObject(value) && isObject(other) && !whole.includes(name))
      result.set(name, refined(other, value));
    else result.set(name, value);
  }
  return Object.fromEntries(result);
}

/** The sides that have a say in a value of a spec. */
export interface Sides {
  /** What the notation says. */
  readonly notation: unknown;
  /** What refines it, as given; undefined when nothing does, null when the value is to be absent. */
  readonly refinement: unknown;
  /** What the notation would say of the refined value. */
  readonly refinedNotation: unknown;
  /** The value so far, and what the notation said of it. */
  readonly previous: { readonly value: unknown; readonly notation: unknown };
}

/**
 * Brings the sides together. A refinement holds while the notation agrees with it. Where they contradict
 * each other, the one that was changed is meant; when that is both of them, `contradict` is told. What
 * nobody refines stays as it was, if the notation of it did.
 */
export function reconcile(
  sides: Sides,
  contradict: (path: string) => void,
  whole: readonly string[] = [],
  path = "",
): unknown {
  if (!areAllObjects(sides)) return decide(sides, () => contradict(path));
  const objects = [sides.notation, sides.refinement, sides.previous.value].filter(isObject);
  const names = new Set(objects.flatMap((object) => Object.keys(object)));
  const fields = [...names].flatMap((name) => {
    const inner = innerSides(sides, name);
    const at = `${path}/${name}`;
    const value = whole.includes(name)
      ? decide(inner, () => contradict(at))
      : reconcile(inner, contradict, [], at);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(fields);
}

function areAllObjects({ notation, refinement, refinedNotation, previous }: Sides): boolean {
  if (!isObject(notation)) return false;
  if (refinement !== undefined && !(isObject(refinement) && isObject(refinedNotation))) return false;
  const { value, notation: before } = previous;
  return isObject(value) ? isObject(before) : value === undefined && before === undefined;
}

function innerSides({ notation, refinement, refinedNotation, previous }: Sides, name: string): Sides {
  const at = (side: unknown): unknown => (isObject(side) ? ownField(side, name) : undefined);
  return {
    notation: at(notation),
    refinement: at(refinement),
    refinedNotation: at(refinedNotation),
    previous: { value: at(previous.value), notation: at(previous.notation) },
  };
}

function decide({ notation, refinement, refinedNotation, previous }: Sides, contradict: () => void): unknown {
  const unchanged = areEqual(previous.notation, notation);
  if (refinement === undefined) return unchanged ? previous.value : notation;
  const given = refinement ?? undefined;
  if (unchanged || areEqual(refinedNotation, notation)) return given;
  if (!areEqual(given, previous.value)) contradict();
  return notation;
}

/** Whether two values are the same JSON. */
export function areEqual(a: unknown, b: unknown): boolean {
  return canonicalJson(a) === canonicalJson(b);
}
