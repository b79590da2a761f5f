import { METHODS } from "node:http";
import { isIP } from "node:net";

import { closest } from "../../closest.ts";
import type { TrialCall } from "../../endpoint/trial/trial-call.ts";
import { AppError } from "../../errors.ts";
import { deriveId } from "../../manifest/identity.ts";
import { isSendable } from "../../sendable.ts";

type Json = Readonly<Record<string, unknown>>;

/** What the fields of an input may hold, and how a sentence says so. Null is the same as nothing. */
const fields: Readonly<Record<string, readonly [fits: (value: unknown) => boolean, words: string]>> = {
  method: [(value) => METHODS.includes(String(value)) && value !== "CONNECT", "a method such as GET or POST"],
  route: [(value) => isText(value) && /^[^/?#]+(\/[^/?#]+)*$/.test(value), "a route, without outer slashes"],
  path: [
    (value) => isText(value) && /^\/[^?#]*$/.test(value),
    "a path with a leading slash, without a query",
  ],
  routeParameters: [(value) => isMap(value, isText), "texts by name"],
  query: [(value) => isMap(value, isTextOrTexts), "texts, or lists of texts, by name"],
  headers: [
    (value) => isMap(value, isText) && Object.entries(value as object).every(isHeader),
    "headers by name",
  ],
  body: [() => true, "anything"],
  parameters: [(value) => isMap(value, isFlat), "texts, numbers or booleans by name"],
  clientAddress: [(value) => isText(value) && isIP(value) !== 0, "an IPv4 or IPv6 address"],
  tokenId: [isText, "text"],
  tokenName: [isText, "text"],
  definition: [isText, "the name of a definition"],
  version: [isText, "the name of a version"],
};

/**
 * The call that an input describes, with defaults for what it leaves out. The body is text as it is and
 * anything else as JSON; `parameters` are a body, too. Fails with `usage`.
 */
export function readScriptCall(text: string, place: string): TrialCall {
  const given = readInputObject(text, place);
  checkFields(given, place);
  const { body, parameters } = given;
  if (body !== undefined && parameters !== undefined)
    throw new AppError(
      "usage",
      `${place} has both 'body' and 'parameters', which is a body too: leave one out.`,
    );
  const content = contentOf(body ?? parameters, place);
  const headers = Object.entries((given["headers"] ?? {}) as Record<string, string>);
  const isTyped = headers.some(([name]) => name.toLowerCase() === "content-type");
  const at = (name: string, otherwise: string) => (given[name] ?? otherwise) as string;
  return {
    method: at("method", content.length > 0 ? "POST" : "GET"),
    route: at("route", "test"),
    path: at("path", "/"),
    routeParameters: (given["routeParameters"] ?? {}) as Record<string, string>,
    query: pairsOf((given["query"] ?? {}) as Record<string, string | readonly string[]>),
    headers: isTyped || content.length === 0 ? headers : [...headers, ["content-type", "application/json"]],
    body: content,
    clientAddress: at("clientAddress", "127.0.0.1"),
    token: tokenOf(given),
    definition: at("definition", "test"),
    version: (given["version"] ?? null) as string | null,
  };
}

/** The object that a text of JSON holds, without fields that are null. Fails with `usage`. */
export function readInputObject(text: string, place: string): Json {
  const value = parseJson(text, place);
  if (!isObject(value)) throw new AppError("usage", `${place} must hold an object in JSON.`);
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null));
}

/** Fails with `usage` for a field that is not known. */
export function refuseUnknown(given: Json, known: readonly string[], place: string): void {
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const meant = closest(unknown, known);
  const advice = meant === null ? `there are ${known.join(", ")}.` : `did you mean '${meant}'?`;
  throw new AppError("usage", `${place} has an unknown field ${JSON.stringify(unknown)}: ${advice}`);
}

function checkFields(given: Json, place: string): void {
  refuseUnknown(given, Object.keys(fields), place);
  for (const [name, [fits, words]] of Object.entries(fields))
    if (given[name] !== undefined && !fits(given[name]))
      throw new AppError("usage", `${place}: '${name}' must be ${words}.`);
}

function contentOf(body: unknown, place: string): Buffer {
  if (body === undefined) return Buffer.alloc(0);
  try {
    return Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  } catch {
    throw new AppError("usage", `${place}: 'body' is nested too deeply.`);
  }
}

/** One of the two is enough: the id of a token follows from its name unless its manifest says another. */
function tokenOf({ tokenId, tokenName }: Json): TrialCall["token"] {
  if (tokenId === undefined && tokenName === undefined) return null;
  const name = (tokenName ?? "test") as string;
  return { id: (tokenId ?? deriveId("ApiToken", name)) as string, name };
}

function pairsOf(lists: Readonly<Record<string, string | readonly string[]>>): [string, string][] {
  return Object.entries(lists).flatMap(([name, values]) =>
    [values].flat().map((value): [string, string] => [name, value]),
  );
}

function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AppError("usage", `${place} is no JSON: ${(error as Error).message}.`);
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isMap(value: unknown, fits: (item: unknown) => boolean): boolean {
  return isObject(value) && Object.values(value).every(fits);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isTextOrTexts(value: unknown): boolean {
  return isText(value) || (Array.isArray(value) && value.every(isText));
}

function isFlat(value: unknown): boolean {
  return ["string", "number", "boolean"].includes(typeof value);
}

function isHeader(header: [name: string, value: string]): boolean {
  const own = ["content-length", "transfer-encoding", "host", "connection"];
  return isSendable(header) && !own.includes(header[0].toLowerCase());
}
