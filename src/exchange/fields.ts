import { pointerTo, segmentsOf } from "../manifest/pointer.ts";
import { isObject, jsonType, type JsonObject, ownField } from "./json-object.ts";

/** What is wrong with a request to the Dashboard API. */
export interface DashboardProblem {
  /** The field in the notation of the request: `proxy.target_url`; `(root)` for the whole. */
  readonly field: string;
  /** Stable, for machines. */
  readonly code: string;
  /** Field and flaw, in the words of the Dashboard API where it has some: `proxy: target_url is required`. */
  readonly message: string;
}

/**
 * A JSON object that is being read: the functions below take its fields, note what is wrong with them,
 * and remember which ones had a meaning.
 */
export interface Fields {
  readonly given: JsonObject;
  /** JSON pointer. */
  readonly path: string;
  readonly problems: DashboardProblem[];
  /** JSON pointers of the fields that were taken, and of those whose kind did not fit. */
  readonly taken: Set<string>;
}

/** Begins to read an object. */
export function readFields(given: JsonObject, path = ""): Fields {
  return { given, path, problems: [], taken: new Set() };
}

/** A field that holds text; null counts as absent, as for all kinds. */
export function textOf(fields: Fields, name: string): string | undefined {
  return take(fields, name, "string", (value) => typeof value === "string") as string | undefined;
}

/** A field that is true or false; false when absent. */
export function flagOf(fields: Fields, name: string): boolean {
  return take(fields, name, "boolean", (value) => typeof value === "boolean") === true;
}

/** A field that holds a number. */
export function numberOf(fields: Fields, name: string): number | undefined {
  return take(fields, name, "number", (value) => typeof value === "number") as number | undefined;
}

/** A field that holds a list of texts; empty when absent. */
export function textsOf(fields: Fields, name: string): string[] {
  const list = take(fields, name, "array", Array.isArray) as readonly unknown[] | undefined;
  return (list ?? []).flatMap((item, index) => {
    if (typeof item === "string") return [item];
    refuseType(fields, pointerTo(fields.path, name, index), "string", item);
    return [];
  });
}

/** A field that holds an object; an empty one when absent. */
export function fieldsOf(fields: Fields, name: string): Fields {
  const value = take(fields, name, "object", isObject, false) as JsonObject | undefined;
  return { ...fields, given: value ?? {}, path: pointerTo(fields.path, name) };
}

/** A field that holds a list of objects; empty when absent. */
export function listOf(fields: Fields, name: string): Fields[] {
  const list = take(fields, name, "array", Array.isArray, false) as readonly unknown[] | undefined;
  return (list ?? []).flatMap((item, index) => {
    const path = pointerTo(fields.path, name, index);
    if (isObject(item)) return [{ ...fields, given: item, path }];
    refuseType(fields, path, "object", item);
    return [];
  });
}

/** All fields of an object, each of which holds an object, by name. */
export function eachOf(fields: Fields): (readonly [string, Fields])[] {
  return Object.keys(fields.given).map((name) => [name, fieldsOf(fields, name)] as const);
}

/** Whether a field is there and is not null. */
export function isGiven(fields: Fields, name: string): boolean {
  return (ownField(fields.given, name) ?? null) !== null;
}

/** Notes each of these fields that is absent. */
export function requireFields(fields: Fields, ...names: readonly string[]): void {
  for (const name of names) {
    if (isGiven(fields, name)) continue;
    fields.problems.push(missingField(pointerTo(fields.path, name)));
  }
}

/** Notes what is wrong with a field. */
export function refuse(fields: Fields, name: string, code: string, flaw: string): void {
  const field = readableField(name === "" ? fields.path : pointerTo(fields.path, name));
  fields.problems.push({ field, code, message: `${field}: ${flaw}` });
}

/** That a field is missing, in the words of the Dashboard API, which names what it is missing in. */
export function missingField(pointer: string): DashboardProblem {
  const parent = readableField(pointer.slice(0, pointer.lastIndexOf("/")));
  const message = `${parent}: ${segmentsOf(pointer).at(-1) ?? ""} is required`;
  return { field: readableField(pointer), code: "required", message };
}

/** A JSON pointer as the Dashboard API writes it. The members of a wrapper are in a field `wrapper` here. */
export function readableField(pointer: string): string {
  const segments = segmentsOf(pointer.replace(/^\/wrapper(?=\/)/, ""));
  return segments.length === 0 ? "(root)" : segments.join(".");
}

function take(
  fields: Fields,
  name: string,
  type: string,
  fits: (value: unknown) => boolean,
  whole = true,
): unknown {
  const value = ownField(fields.given, name) ?? null;
  const path = pointerTo(fields.path, name);
  if (whole) fields.taken.add(path);
  if (value === null) return undefined;
  if (fits(value)) return value;
  refuseType(fields, path, type, value);
  return undefined;
}

function refuseType(fields: Fields, path: string, expected: string, value: unknown): void {
  const field = readableField(path);
  const message = `${field}: Invalid type. Expected: ${expected}, given: ${jsonType(value)}`;
  fields.problems.push({ field, code: "invalid-type", message });
}
