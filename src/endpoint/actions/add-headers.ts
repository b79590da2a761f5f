import type { ServerResponse } from "node:http";

/** Adds an answer's headers. Those that are there already are Gitway's own, and nobody else speaks for it. */
export function addHeaders(
  response: ServerResponse,
  headers: readonly (readonly [name: string, value: string])[],
): void {
  const others = headers.filter(([name]) => !response.hasHeader(name));
  for (const [name, value] of others) response.appendHeader(name, value);
}
