import { canonicalJson } from "../manifest/canonical.ts";
import { isObject, type JsonObject, ownField } from "./json-object.ts";

/**
 * What a JSON object says beyond another one: the fields that the other one lacks or has with another
 * value. Lists of as many objects are compared item by item. Undefined when there is nothing. `overlay`
 * puts it back.
 */
export function difference(given: JsonObject, base: JsonObject): JsonObject | undefined {
  const fields = Object.entries(given).flatMap(([name, value]) => {
    if (!Object.hasOwn(base, name)) return [[name, value] as const];
    const left = differenceOfValues(value, ownField(base, name));
    return left === undefined ? [] : [[name, left] as const];
  });
  return fields.length === 0 ? undefined : Object.fromEntries(fields);
}

function differenceOfValues(given: unknown, base: unknown): unknown {
  if (isObject(given) && isObject(base)) return difference(given, base);
  if ((isEmpty(given) && isEmpty(base)) || canonicalJson(given) === canonicalJson(base)) return undefined;
  const items = alike(given, base)?.map(([item, other]) => difference(item, other));
  if (!items) return given;
  return items.some((item) => item !== undefined) ? items.map((item) => item ?? {}) : undefined;
}

/** A JSON object with the fields of another one laid over it. */
export function overlay(base: JsonObject, upper: JsonObject): JsonObject {
  const above = Object.entries(upper).map(
    ([name, value]) =>
      [name, Object.hasOwn(base, name) ? overlayValues(ownField(base, name), value) : value] as const,
  );
  return Object.fromEntries([...Object.entries(base), ...above]);
}

function overlayValues(base: unknown, upper: unknown): unknown {
  if (isObject(base) && isObject(upper)) return overlay(base, upper);
  return alike(upper, base)?.map(([item, other]) => overlay(other, item)) ?? upper;
}

/** The fields of an object that hold no object, each within a copy of the objects on the way to it. */
export function leavesOf(object: JsonObject): JsonObject[] {
  return Object.entries(object).flatMap(([name, value]) => {
    const inner = isObject(value) && Object.keys(value).length > 0 ? leavesOf(value) : [value];
    return inner.map((leaf) => Object.fromEntries([[name, leaf]]));
  });
}

/** The Dashboard's samples write null, [] and {} for the same. */
function isEmpty(value: unknown): boolean {
  return value === null || (typeof value === "object" && Object.keys(value).length === 0);
}

/** The items of two lists of objects of the same length, in pairs. */
function alike(upper: unknown, base: unknown): (readonly [JsonObject, JsonObject])[] | null {
  if (!Array.isArray(upper) || !Array.isArray(base) || upper.length !== base.length) return null;
  const pairs = upper.map((item, index): readonly [unknown, unknown] => [item, base[index]]);
  return pairs.every((pair): pair is readonly [JsonObject, JsonObject] => pair.every(isObject))
    ? pairs
    : null;
}
