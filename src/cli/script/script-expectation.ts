import { isDeepStrictEqual } from "node:util";

import type { TriedScript } from "../../endpoint/trial/try-script.ts";
import { AppError } from "../../errors.ts";
import { readInputObject, refuseUnknown } from "./script-call.ts";

/** What somebody expects of a script. What is absent may be anything. */
export interface ScriptExpectation {
  readonly status?: number;
  /** By name, in any case. */
  readonly headers?: Readonly<Record<string, unknown>>;
  /** Text is compared as it is, anything else with the answer's JSON. */
  readonly body?: unknown;
  /** What middleware changes of the call. */
  readonly edits?: unknown;
  /** The code of an error. Without it the script must answer, or let the call go on. */
  readonly errorCode?: number;
}

const fields = ["status", "headers", "body", "edits", "errorCode"];
const longestValue = 200;

/** Reads an expectation. Fails with `usage`. */
export function readExpectation(text: string, place: string): ScriptExpectation {
  const given = readInputObject(text, place);
  refuseUnknown(given, fields, place);
  const { headers = {} } = given;
  if (typeof headers !== "object" || Array.isArray(headers))
    throw new AppError("usage", `${place}: 'headers' must be headers by name.`);
  return given;
}

/** In which ways a script did something else than was expected, in sentences. */
export function differencesFrom(expected: ScriptExpectation, tried: TriedScript): string[] {
  const { answer, edits, refusal } = tried;
  const headers = headersOf(answer?.headers ?? []);
  return [
    ...unlike("errorCode", expected.errorCode ?? null, refusal?.code ?? null),
    ...("status" in expected ? unlike("status", expected.status, answer?.status) : []),
    ...Object.entries(expected.headers ?? {}).flatMap(([name, value]) =>
      unlike(`headers.${name}`, value, headers.get(name.toLowerCase())),
    ),
    ...("body" in expected ? unlike("body", expected.body, bodyLike(expected.body, answer?.body)) : []),
    ...("edits" in expected ? unlike("edits", expected.edits, edits ?? undefined) : []),
  ];
}

function unlike(field: string, expected: unknown, found: unknown): string[] {
  if (isDeepStrictEqual(expected, found)) return [];
  if (isObject(expected) && isObject(found)) {
    const names = [...new Set([...Object.keys(expected), ...Object.keys(found)])];
    return names.flatMap((name) => unlike(`${field}.${name}`, expected[name], found[name]));
  }
  return [`${field}: expected ${shown(expected)}, got ${shown(found)}`];
}

function shown(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > longestValue ? `${text.slice(0, longestValue)}…` : text;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The body as text, or as JSON where something else than text is expected and it is some. */
function bodyLike(expected: unknown, body: Buffer | undefined): unknown {
  const text = body?.toString("utf8");
  if (text === undefined || typeof expected === "string") return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function headersOf(flat: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (let index = 0; index < flat.length; index += 2) {
    const [name = "", value = ""] = [flat[index]?.toLowerCase(), flat[index + 1]];
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return headers;
}
