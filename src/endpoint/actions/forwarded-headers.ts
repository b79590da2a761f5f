import type { Call } from "../call.ts";
import { hopByHop, saidByProxy } from "../http/header-names.ts";
import { withoutCookie } from "../token-location.ts";
import type { ProxyTarget, ProxyTargets } from "./proxy-target.ts";

/** The request headers for an upstream, names and values in turn: without the token and without hop-by-hop headers. */
export function upstreamHeaders(call: Call, proxy: ProxyTargets, target: ProxyTarget): string[] {
  const { request, definition, edits } = call;
  const named = namedByConnection(request.headers.connection);
  const { versions } = definition;
  const versionHeader = versions?.strip && versions.location === "header" ? versions.key : null;
  const host = proxy.preserveHost ? (request.headers.host ?? target.host) : target.host;
  const kept = pairs(request.rawHeaders).flatMap(([name, value]): string[] => {
    const key = name.toLowerCase();
    if (hopByHop.has(key) || saidByProxy.has(key) || named.has(key) || key === versionHeader) return [];
    if (edits.removed.has(key)) return [];
    const rest = definition.keyless ? value : withoutToken(call, key, value);
    return rest === null ? [] : [name, rest];
  });
  return [...kept, "host", host, ...forwarded(call), ...edits.set.flat()];
}

/** The response headers for the client, in the order in which they came. */
export function clientHeaders(raw: readonly string[]): (readonly [name: string, value: string])[] {
  const all = pairs(raw);
  const connection = all.filter(([name]) => name.toLowerCase() === "connection").map(([, value]) => value);
  const named = namedByConnection(connection.join(","));
  return all.filter(([name]) => {
    const key = name.toLowerCase();
    return !hopByHop.has(key) && !named.has(key);
  });
}

function forwarded({ id, request, clientAddress }: Call): string[] {
  const before = request.headers["x-forwarded-for"];
  const chain = [before, clientAddress].flat().filter((part) => part !== undefined && part !== "");
  return [
    ["x-forwarded-for", chain.join(", ")],
    ["x-forwarded-host", request.headers.host ?? ""],
    ["x-forwarded-proto", "http"],
    ["x-request-id", id],
  ]
    .filter(([, value]) => value !== "")
    .flat();
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
  const names = (connection ?? "").split(",").map((name) => name.trim().toLowerCase());
  return new Set(names.filter((name) => name !== "content-length"));
}

function pairs(flat: readonly string[]): (readonly [string, string])[] {
  const list: (readonly [string, string])[] = [];
  for (let index = 0; index < flat.length; index += 2) list.push([flat[index] ?? "", flat[index + 1] ?? ""]);
  return list;
}
