/** Headers between two neighbours, which a proxy must not hand on (RFC 9110 7.6.1). */
export const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Headers that frame a message, which nobody else may set. */
export const framing: ReadonlySet<string> = new Set([...hopByHop, "content-length"]);
