import { METHODS } from "node:http";

import { isObject } from "../../exchange/json-object.ts";
import { Secret } from "../../secret.ts";
import { isSendable } from "../../sendable.ts";

/** What somebody asks to be called, and with what. */
export interface TriggerRequest {
  /** The name of a definition, or any of its ids; null when the route says it all. */
  readonly definition: string | null;
  /** As called, or with the placeholders of a definition; null for the definition's own. */
  readonly route: string | null;
  /** What stands for the placeholders. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly method: string;
  /** Without the question mark. */
  readonly query: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  readonly secret: Secret | null;
  /** The name of a token to come as, without its secret. */
  readonly as: string | null;
}

type Texts = Readonly<Record<string, string | readonly string[]>>;

/** A request whose fields have been checked. */
interface Given {
  readonly definition?: string;
  readonly route?: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly query?: string | Texts;
  readonly headers?: Texts;
  readonly body?: string;
  readonly secret?: string;
  readonly as?: string;
}

interface Check {
  readonly fits: (value: unknown) => boolean;
  readonly says: string;
}

const headLimit = 16 * 1024;
const bodyLimit = 1024 * 1024;

/** What each field has to be. What was given is in no sentence: it may be a secret. */
const checks: Readonly<Record<string, Check>> = {
  definition: { fits: isText(256), says: "the name of a definition, or one of its ids" },
  route: { fits: isText(headLimit), says: "a route or a path, as called or with placeholders" },
  parameters: { fits: isMapOf(isText(headLimit)), says: "an object with the text of each placeholder" },
  method: { fits: isMethod, says: "a method such as GET or POST" },
  query: { fits: (value) => isText(headLimit, 0)(value) || isTexts(value), says: "a query, or an object" },
  headers: { fits: isHeaders, says: "an object of headers, 16 KiB at most" },
  body: { fits: isText(bodyLimit, 0), says: "text" },
  secret: { fits: isText(4096, 0), says: "the secret of a token" },
  as: { fits: isText(256), says: "the name of a token" },
};

/** Reads the body of a request to trigger a definition, or says in a sentence what is wrong with it. */
export function readTriggerRequest(value: unknown): TriggerRequest | string {
  if (!isObject(value)) return "Request body malformed.";
  for (const [field, given] of Object.entries(value)) {
    const check = Object.hasOwn(checks, field) ? checks[field] : undefined;
    if (!check)
      return `Unknown field '${field.slice(0, 80)}': the fields are ${Object.keys(checks).join(", ")}.`;
    if (!check.fits(given)) return `'${field}' must be ${check.says}.`;
  }
  const given: Given = value;
  const { definition = null, route = null, parameters = {}, secret, as = null } = given;
  if (definition === null && route === null) return "Say what to call: 'definition', 'route', or both.";
  if (secret !== undefined && as !== null) return "Give 'secret' or 'as', not both.";
  const body = Buffer.from(given.body ?? "");
  return {
    definition,
    route,
    parameters,
    method: (given.method ?? (body.length > 0 ? "POST" : "GET")).toUpperCase(),
    query: queryOf(given.query ?? ""),
    headers: headersOf(given.headers ?? {}, body),
    body,
    secret: secret === undefined ? null : new Secret(secret),
    as,
  };
}

function queryOf(query: string | Texts): string {
  if (typeof query === "string") return query.replace(/^\?/, "");
  return new URLSearchParams(pairsOf(query)).toString();
}

function headersOf(headers: Texts, body: Buffer): TriggerRequest["headers"] {
  const pairs = pairsOf(headers);
  const isTyped = pairs.some(([name]) => name.toLowerCase() === "content-type");
  return isTyped || body.length === 0 ? pairs : [...pairs, ["content-type", "application/json"]];
}

function pairsOf(texts: Texts): [name: string, value: string][] {
  return Object.entries(texts).flatMap(([name, values]) =>
    [values].flat().map((value): [string, string] => [name, value]),
  );
}

function isText(most: number, least = 1): (value: unknown) => boolean {
  return (value) => typeof value === "string" && value.length >= least && value.length <= most;
}

function isMapOf(fits: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => isObject(value) && Object.values(value).every(fits);
}

function isTexts(value: unknown): value is Texts {
  const isAny = isText(headLimit, 0);
  return isMapOf((item) => (Array.isArray(item) ? item.every(isAny) : isAny(item)))(value);
}

function isMethod(value: unknown): boolean {
  const method = typeof value === "string" ? value.toUpperCase() : "";
  return METHODS.includes(method) && method !== "CONNECT";
}

function isHeaders(value: unknown): boolean {
  if (!isTexts(value)) return false;
  const pairs = pairsOf(value);
  const size = pairs.reduce((sum, [name, text]) => sum + name.length + text.length, 0);
  return size <= headLimit && pairs.every(isSendable);
}
