/** A JSON object as it was parsed: nothing about its fields is certain. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object, not a list and not null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A field of an object that is its own; undefined when it has none. */
export function ownField(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** The object at the end of a way through objects; an empty one when there is none. */
export function objectAt(object: JsonObject, ...way: readonly string[]): JsonObject {
  let value: unknown = object;
  for (const name of way) value = isObject(value) ? ownField(value, name) : undefined;
  return isObject(value) ? value : {};
}

/** The fields that say something: those that are `undefined` are left out. */
export function saidFields<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

/** What JSON Schema calls the type of a value. */
export function jsonType(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
}
