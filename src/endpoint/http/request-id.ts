import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { BlockList } from "node:net";

import { isHandedOn } from "./client-address.ts";

const acceptable = /^[\w.:+/=@-]{1,128}$/;

/**
 * The id that a request goes by in the log, in the answer and upstream: that of a trusted proxy if it
 * gives one, else a new one. Callers can't choose it.
 */
export function requestId(request: IncomingMessage, trustedProxies: BlockList | null): string {
  const given = request.headers["x-request-id"];
  if (typeof given !== "string" || !acceptable.test(given)) return newRequestId();
  return isHandedOn(request, trustedProxies) ? given : newRequestId();
}

const digits = 12;
const idsAtOnce = 512;
let drawn = "";
let next = 0;

/** 48 random bits, enough to find one request in a log. */
export function newRequestId(): string {
  if (next === drawn.length) {
    drawn = randomBytes((idsAtOnce * digits) / 2).toString("hex");
    next = 0;
  }
  next += digits;
  return drawn.slice(next - digits, next);
}
