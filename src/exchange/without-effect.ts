import { pointerTo, segmentsOf } from "../manifest/pointer.ts";
import { readableField } from "./fields.ts";
import { isObject, type JsonObject } from "./json-object.ts";

/**
 * The fields of the notation that a spec keeps in `dashboard` and that have no effect, as dotted paths: those
 * that the reader has not taken. Fields that say nothing are left out.
 */
export function fieldsWithoutEffect(dashboard: JsonObject | undefined, taken: ReadonlySet<string>): string[] {
  const kept = leafPointers(dashboard, "").filter((pointer) => !hasMeaning(pointer, taken));
  return [...new Set(kept.map((pointer) => readableField(told(pointer))))];
}

function leafPointers(value: unknown, pointer: string): string[] {
  if (value === undefined || saysNothing(value)) return [];
  const inner = isObject(value) || (Array.isArray(value) && value.every(isObject));
  if (!inner) return [pointer];
  return Object.entries(value).flatMap(([name, field]) => leafPointers(field, pointerTo(pointer, name)));
}

function saysNothing(value: unknown): boolean {
  if (value === null || value === false || value === "" || value === 0) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** Whether the reader took the field, or a list that it is in. */
function hasMeaning(pointer: string, taken: ReadonlySet<string>): boolean {
  const segments = segmentsOf(pointer);
  return segments.some((_, index) => taken.has(pointerTo("", ...segments.slice(0, index + 1))));
}

/** A handler or reference without effect is told as a whole, by its event or list. */
function told(pointer: string): string {
  const segments = segmentsOf(pointer);
  const whole = segments[0] === "event_handlers" ? 3 : segments[0] === "wrapper" ? 2 : segments.length;
  return pointerTo("", ...segments.slice(0, whole));
}
