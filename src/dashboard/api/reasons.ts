import type { Identity } from "../../manifest/manifest.ts";

/** Something wrong with an object: a code, the place in the manifest or the request, and a sentence. */
export interface Flaw {
  readonly code: string;
  readonly message: string;
  /** JSON pointer into the manifest. */
  readonly path?: string;
  /** Field of the request: `proxy.listen_path`. */
  readonly field?: string;
  /** The object that is in the way. */
  readonly other?: Identity;
}

/** What a request is about, as far as that is known. */
export interface Subject {
  /** The UUID of the object. */
  readonly id?: string | undefined;
  /** The route or listen path that is asked for. */
  readonly route?: string | undefined;
}

/** What the User-Defined APIs call what may be wrong (UD-APIs 1.2, 1.3). */
export const reasonNames = [
  "InvalidName",
  "RouteInUse",
  "InvalidRoute",
  "InvalidActionMeta",
  "InvalidSecret",
  "TokenInUse",
  "InvalidRateLimit",
] as const;

/** A structured reason. */
export interface Reason {
  readonly Reason: (typeof reasonNames)[number];
  readonly Message: string;
  /** The object that the request is about. */
  readonly Id?: string;
  readonly Route?: string;
  readonly ConflictingDefinitionId?: string;
}

/** By code, or by how the place of the flaw begins; the first that fits. */
const reasons: readonly (readonly [pattern: RegExp, reason: Reason["Reason"]])[] = [
  [/^route-in-use /, "RouteInUse"],
  [/ (spec\.(route|listenPath)|proxy\.listen_path|gitway\.route)/, "InvalidRoute"],
  [/ (metadata\.name|spec\.title|name\b|gitway\.name)/, "InvalidName"],
  [/ (spec\.(rateLimit|quota)|global_rate_limit|rateLimit|quota)/, "InvalidRateLimit"],
  [/ (spec\.secret|secret)/, "InvalidSecret"],
  [/ (spec\.action|proxy\b|gitway\.action)/, "InvalidActionMeta"],
];

/** The structured reason of a flaw; null for one that has none. */
export function reasonOf(flaw: Flaw, { id, route }: Subject = {}): Reason | null {
  const { code, message, path = "", field, other } = flaw;
  const place = field ?? path.slice(1).replaceAll("/", ".");
  const [, reason] = reasons.find(([pattern]) => pattern.test(`${code} ${place}`)) ?? [];
  if (reason === undefined) return null;
  const isRoute = reason === "RouteInUse" || reason === "InvalidRoute";
  return {
    Reason: reason,
    Message: message,
    ...(id === undefined ? {} : { Id: id }),
    ...(isRoute && route !== undefined ? { Route: route } : {}),
    ...(reason === "RouteInUse" && other ? { ConflictingDefinitionId: other.id } : {}),
  };
}
