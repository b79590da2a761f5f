import type { IncomingHttpHeaders } from "node:http";

import type { Authentication } from "../manifest/api-definition.generated.ts";
import { Secret } from "../secret.ts";

/** Where a definition reads the caller's token from. */
export interface TokenLocation {
  /** Lower case. */
  readonly header: string;
  readonly queryParameter: string | null;
  readonly cookie: string | null;
}

/** The location of a definition. */
export function tokenLocation(authentication: Authentication): TokenLocation {
  return {
    header: (authentication.header ?? "Authorization").toLowerCase(),
    queryParameter: authentication.queryParameter ?? null,
    cookie: authentication.cookie ?? null,
  };
}

/** Where definitions that say nothing read it from, and what is asked of paths that no definition holds. */
export const standardLocation = tokenLocation({});

const bearer = /^bearer +(\S+)$/i;

/** The secret of an `Authorization: Bearer x` header, or null when it has another form. */
export function bearerSecret(headers: IncomingHttpHeaders): Secret | null {
  const value = bearer.exec(headers.authorization ?? "")?.[1];
  return value === undefined ? null : new Secret(value);
}

/**
 * The token that a request presents, or null. The header, the query parameter and the cookie are read in
 * this order and the last one found wins, as in the gateway whose definitions these are.
 */
export function presentedSecret(
  location: TokenLocation,
  headers: IncomingHttpHeaders,
  query: string,
  schemeRequired: boolean,
): Secret | null {
  const found =
    fromCookie(location.cookie, headers) ??
    fromQuery(location.queryParameter, query) ??
    fromHeader(location.header, headers, schemeRequired);
  return found === null ? null : new Secret(found);
}

/** A query string without a parameter, all other bytes as they were. */
export function withoutQueryParameter(query: string, name: string): string {
  return query
    .split("&")
    .filter((pair) => !new URLSearchParams(pair).has(name))
    .join("&");
}

/** A `Cookie` header without one cookie; empty when none is left. */
export function withoutCookie(header: string, name: string): string {
  return header
    .split(";")
    .filter((pair) => cookieName(pair) !== name)
    .map((pair) => pair.trim())
    .join("; ");
}

/** Null for none, and for an empty one. */
function fromHeader(name: string, headers: IncomingHttpHeaders, schemeRequired: boolean): string | null {
  if (name === "authorization" && schemeRequired)
    return bearer.exec(headers.authorization ?? "")?.[1] ?? null;
  const value = headers[name];
  const text = Array.isArray(value) ? value[0] : value;
  return text?.replace(/^bearer +/i, "").trim() || null;
}

function fromQuery(name: string | null, query: string): string | null {
  return name === null ? null : new URLSearchParams(query).get(name) || null;
}

function fromCookie(name: string | null, headers: IncomingHttpHeaders): string | null {
  const pairs = name === null ? [] : (headers.cookie ?? "").split(";");
  const pair = pairs.find((each) => cookieName(each) === name);
  return pair?.slice(pair.indexOf("=") + 1).trim() || null;
}

function cookieName(pair: string): string {
  return pair.split("=", 1)[0]!.trim();
}
