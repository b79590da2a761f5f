import type { Decision } from "./decision.ts";

/** A request that is over: for the access log and for metrics. */
export interface ServedRequest {
  /** What the answer's `X-Request-Id` says. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  /** Empty when what came was no HTTP. */
  readonly method: string;
  /** As it came, without the query, which may hold a token. */
  readonly path: string;
  /** Where the request came from. */
  readonly client: string;
  /** 499 when the caller went away first. Of an answer that had to be broken off, that of the error. */
  readonly status: number;
  /** Whether the answer had begun and was broken off, by the endpoint or the caller. */
  readonly isBrokenOff: boolean;
  readonly milliseconds: number;
  readonly decision: Decision;
}

const longestPath = 2048;

/** The path of a request target for people: without host, query and fragment, and not without end. */
export function loggedPath(url: string): string {
  const local = url.startsWith("/") ? url : url.replace(/^[a-z]+:\/\/[^/?#]*/i, "");
  const end = local.search(/[?#]/);
  const path = end < 0 ? local : local.slice(0, end);
  return path.length > longestPath ? `${path.slice(0, longestPath)}…` : path;
}
