import type { ProxyAction } from "../../manifest/api-definition.generated.ts";
import { delayOf } from "../delay.ts";

/** Where a proxy definition sends its calls. */
export interface ProxyTargets {
  readonly kind: "proxy";
  readonly targets: readonly ProxyTarget[];
  readonly stripPath: boolean;
  readonly keepTrailingSlash: boolean;
  readonly preserveHost: boolean;
  /** Milliseconds until the response headers. */
  readonly timeout: number;
  /** Milliseconds that the upstream may be silent within its answer. */
  readonly idleTimeout: number;
  /** Whose turn is next. The one thing that calls change, and of no consequence to a revision. */
  readonly turn: { next: number };
}

/** An upstream. */
export interface ProxyTarget {
  readonly origin: string;
  readonly host: string;
  /** Without the brackets of an IPv6 address. */
  readonly hostname: string;
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
}

const defaultTimeout = "30s";
const defaultIdleTimeout = "5m";

/** Makes a proxy action ready for serving. A target that is no URL is left out; without targets calls get a 502. */
export function prepareProxy(action: ProxyAction): ProxyTargets {
  const urls = action.targets ?? (action.targetUrl === undefined ? [] : [action.targetUrl]);
  return {
    kind: "proxy",
    targets: urls.map(parseTarget).filter((target) => target !== null),
    stripPath: action.stripPath ?? true,
    keepTrailingSlash: action.keepTrailingSlash ?? false,
    preserveHost: action.hostHeader === "preserve",
    timeout: delayOf(action.timeout ?? defaultTimeout),
    idleTimeout: delayOf(action.idleTimeout ?? defaultIdleTimeout),
    turn: { next: 0 },
  };
}

/** The target whose turn it is, or null when there is none. */
export function nextTarget({ targets, turn }: ProxyTargets): ProxyTarget | null {
  const target = targets[turn.next % targets.length];
  turn.next = (turn.next + 1) % Math.max(1, targets.length);
  return target ?? null;
}

/**
 * The path at a target: base and rest with exactly one slash between. A rest of `/` is dropped, unless
 * slashes are kept (Gateway rules 2.4).
 */
export function joinPaths(base: string, rest: string, keepTrailingSlash: boolean): string {
  const start = base.replace(/\/+$/, "");
  const end = rest.replace(/^\/+/, "");
  if (end !== "") return `${start}/${end}`;
  const slash = keepTrailingSlash && (rest !== "" || base.endsWith("/"));
  return slash || start === "" ? `${start}/` : start;
}

/** The target's query in front of the request's (Gateway rules 2.4), with its question mark, or nothing. */
export function joinQueries(first: string, second: string): string {
  const query = [first, second].filter((part) => part !== "").join("&");
  return query === "" ? "" : `?${query}`;
}

/** An upstream from its URL; null for what is no URL. */
export function parseTarget(text: string): ProxyTarget | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  return {
    origin: url.origin,
    host: url.host,
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    path: url.pathname,
    query: url.search.slice(1),
  };
}
