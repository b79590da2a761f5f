/** Something wrong with an object: a code, the place in the manifest or the request, and a sentence. */
export interface Flaw {
  readonly code: string;
  readonly message: string;
  /** JSON pointer into the manifest. */
  readonly path?: string;
  /** Field of the request: `proxy.listen_path`. */
  readonly field?: string;
}

/** A structured reason, as the User-Defined APIs name them (UD-APIs 1.2, 1.3). */
export interface Reason {
  readonly Reason: string;
  readonly Message: string;
}

/** By code, or by how the place of the flaw begins; the first that fits. */
const reasons: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/^route-in-use /, "RouteInUse"],
  [/ (spec\.(route|listenPath)|proxy\.listen_path|gitway\.route)/, "InvalidRoute"],
  [/ (metadata\.name|spec\.title|name\b|gitway\.name)/, "InvalidName"],
  [/ (spec\.(rateLimit|quota)|global_rate_limit|rateLimit|quota)/, "InvalidRateLimit"],
  [/ (spec\.secret|secret)/, "InvalidSecret"],
  [/ (spec\.action|proxy\b|gitway\.action)/, "InvalidActionMeta"],
];

/** The structured reason of a flaw; null for one that has none. */
export function reasonOf({ code, message, path = "", field }: Flaw): Reason | null {
  const place = field ?? path.slice(1).replaceAll("/", ".");
  const found = reasons.find(([pattern]) => pattern.test(`${code} ${place}`));
  return found ? { Reason: found[1], Message: message } : null;
}
