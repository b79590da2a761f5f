import { pointerTo } from "../manifest/pointer.ts";
import { type JsonObject, ownField } from "./json-object.ts";

/**
 * The JSON pointer of a field that a `DashboardProblem` names: `proxy.target_url` of a wrapper is at
 * `/api_definition/proxy/target_url`. Names with dots in them are told apart by what is there.
 */
export function fieldPointer(wrapper: JsonObject, field: string): string {
  const names = field === "(root)" ? [] : field.split(".");
  const isOfWrapper = names[0] === "gitway" || namedBy(wrapper, names) !== null;
  return isOfWrapper
    ? wayTo(wrapper, names, "")
    : wayTo(ownField(wrapper, "api_definition"), names, "/api_definition");
}

function wayTo(value: unknown, names: readonly string[], pointer: string): string {
  if (names.length === 0) return pointer;
  const found = namedBy(value, names);
  // What is missing is named as it would be.
  if (found === null) return pointerTo(pointer, ...names);
  const inner = (value as JsonObject)[found.name];
  return wayTo(inner, names.slice(found.length), pointerTo(pointer, found.name));
}

/** The field of a value that the first names say, joined by dots. */
function namedBy(
  value: unknown,
  names: readonly string[],
): { readonly name: string; readonly length: number } | null {
  if (typeof value !== "object" || value === null) return null;
  for (let length = 1; length <= names.length; length++) {
    const name = names.slice(0, length).join(".");
    if (Object.hasOwn(value, name)) return { name, length };
  }
  return null;
}
