import type { IncomingMessage } from "node:http";
import { type BlockList, isIP } from "node:net";

import { holdsAddress } from "../../address-list.ts";

/**
 * The address that a request came from: the peer of the connection, unless that is a trusted proxy. Then it
 * is the last address in `X-Forwarded-For` that is no trusted proxy. Empty, which no list lets in, when
 * a trusted proxy hands on what is no address.
 */
export function clientAddress(request: IncomingMessage, trustedProxies: BlockList | null): string {
  let address = plainAddress(request.socket.remoteAddress ?? "");
  if (!trustedProxies) return address;
  const forwarded = [request.headers["x-forwarded-for"] ?? []].flat().join(",");
  const hops = forwarded.split(",").map((hop) => plainAddress(withoutPort(hop.trim())));
  while (holdsAddress(trustedProxies, address)) {
    const before = hops.pop();
    if (before === undefined || (before === "" && hops.length === 0)) return address;
    if (isIP(before) === 0) return "";
    address = before;
  }
  return address;
}

/** Whether a request was handed on by a trusted proxy, whose word about it counts. */
export function isHandedOn({ socket }: IncomingMessage, trustedProxies: BlockList | null): boolean {
  return trustedProxies !== null && holdsAddress(trustedProxies, plainAddress(socket.remoteAddress ?? ""));
}

/** Some proxies say the client's port too: `192.0.2.7:50123`, `[2001:db8::7]:50123`. */
function withoutPort(hop: string): string {
  return hop.replace(/^(\[[^\]]*\]|\d+(?:\.\d+){3}):\d+$/, "$1");
}

/** Without brackets, and an IPv4 address in IPv6 form as what it is. */
export function plainAddress(text: string): string {
  if (!text.startsWith("[") && !text.startsWith(":")) return text;
  return text.replace(/^\[(.*)\]$/, "$1").replace(/^::ffff:(?=\d+\.)/i, "");
}
