import { hopByHop } from "../../framing.ts";
import type { Call } from "../call.ts";
import { plainAddress } from "../http/client-address.ts";
import { filterHeaders, type HeaderList, valuesOf } from "../http/header-list.ts";
import { saidByProxy } from "../http/header-names.ts";
import { askedHost } from "../http/request-target.ts";
import { withoutCookie } from "../token-location.ts";
import type { ProxyTarget, ProxyTargets } from "./proxy-target.ts";

/** The request headers for an upstream, names and values in turn: without the token and without hop-by-hop headers. */
export function upstreamHeaders(call: Call, proxy: ProxyTargets, target: ProxyTarget): string[] {
  const { request, definition, edits } = call;
  const named = namedByConnection(request.headers.connection);
  const { versions } = definition;
  const versionHeader = versions?.strip && versions.location === "header" ? versions.key : null;
  const host = proxy.preserveHost ? hostOf(call) || target.host : target.host;
  const headers: string[] = [];
  const came = request.rawHeaders;
  for (let at = 0; at < came.length; at += 2) {
    const name = came[at]!;
    const value = came[at + 1]!;
    const key = name.toLowerCase();
    if (hopByHop.has(key) || saidByProxy.has(key) || named.has(key) || key === versionHeader) continue;
    if (edits.removed.has(key)) continue;
    const rest = definition.keyless ? value : withoutToken(call, key, value);
    if (rest !== null) headers.push(name, rest);
  }
  headers.push("host", host);
  addForwarded(headers, call);
  for (const [name, value] of edits.set) headers.push(name, value);
  return headers;
}

/** The response headers for the client, in the order in which they came. */
export function clientHeaders(came: HeaderList): string[] {
  const connection = valuesOf(came, "connection");
  const named = namedByConnection(connection.length === 0 ? undefined : connection.join(","));
  return filterHeaders(came, (name) => {
    const key = name.toLowerCase();
    return !hopByHop.has(key) && !named.has(key);
  });
}

function addForwarded(headers: string[], call: Call): void {
  const { id, request, clientAddress, isHandedOn } = call;
  const before = String(request.headers["x-forwarded-for"] ?? "");
  // Each hop adds whom it was spoken to by, which is the client only when nobody is in between.
  const peer = isHandedOn ? plainAddress(request.socket.remoteAddress ?? "") : clientAddress;
  const chain = before === "" || peer === "" ? before || peer : `${before}, ${peer}`;
  const { "x-forwarded-host": askedFor, "x-forwarded-proto": scheme } = request.headers;
  const host = isHandedOn && typeof askedFor === "string" ? askedFor : hostOf(call);
  const isSecure = isHandedOn && scheme === "https";
  if (chain !== "") headers.push("x-forwarded-for", chain);
  if (host !== "") headers.push("x-forwarded-host", host);
  headers.push("x-forwarded-proto", isSecure ? "https" : "http", "x-request-id", id);
}

function hostOf({ request }: Call): string {
  return askedHost(request.url ?? "", request.headers.host);
}

/** The header without the token; null when nothing is left. */
function withoutToken({ definition }: Call, key: string, value: string): string | null {
  const { header, cookie } = definition.tokenLocation;
  if (key === header) return null;
  if (key !== "cookie" || cookie === null) return value;
  return withoutCookie(value, cookie) || null;
}

/** Framing can't be named away: a message without its length would be another message. */
function namedByConnection(connection: string | undefined): ReadonlySet<string> {
  if (connection === undefined) return nothing;
  const names = connection.split(",").map((name) => name.trim().toLowerCase());
  return new Set(names.filter((name) => name !== "content-length"));
}

const nothing: ReadonlySet<string> = new Set();
