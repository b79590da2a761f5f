import { framing } from "../../framing.ts";

/** What a proxy says to its upstream itself, or what is about one connection only. Callers can't speak for their own address. */
export const saidByProxy: ReadonlySet<string> = new Set([
  "host",
  "expect",
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-real-ip",
  "x-request-id",
]);

/** Headers of an answer that a script may not set (UD-APIs 2.3). */
export const closedToScripts: ReadonlySet<string> = new Set([
  ...framing,
  "access-control-allow-origin",
  "access-control-allow-credentials",
  "access-control-expose-headers",
  "access-control-allow-methods",
  "access-control-max-age",
  "vary",
  "set-cookie",
  "www-authenticate",
  "via",
  "server",
  "date",
  "strict-transport-security",
]);
