import type { Kind, Specified } from "./manifest.ts";
import { pointerTo } from "./pointer.ts";
import { isParameter } from "./route.ts";

/** That an object needs another one, by name. */
export interface Reference {
  readonly kind: Kind;
  readonly name: string;
  /** JSON pointer of the field that names it. */
  readonly path: string;
}

/** What an object refers to: the tokens of a definition, and the webhooks of its events. */
export function referencesOf(object: Specified): readonly Reference[] {
  if (object.kind !== "ApiDefinition") return [];
  const { tokens = [], events = [] } = object.spec;
  return [
    ...tokens.map(
      (name, index) => ({ kind: "ApiToken", name, path: pointerTo("/spec/tokens", index) }) as const,
    ),
    ...events.map(
      ({ webhook }, index) =>
        ({ kind: "Webhook", name: webhook, path: pointerTo("/spec/events", index, "webhook") }) as const,
    ),
  ];
}

/** The same without where it is said: of very many objects this is asked only to find that all is there. */
export function namesReferredTo(object: Specified): readonly Omit<Reference, "path">[] {
  if (object.kind !== "ApiDefinition") return [];
  const { tokens = [], events = [] } = object.spec;
  if (tokens.length === 0 && events.length === 0) return [];
  return [
    ...tokens.map((name) => ({ kind: "ApiToken", name }) as const),
    ...events.map(({ webhook }) => ({ kind: "Webhook", name: webhook }) as const),
  ];
}

/** Which requests a definition takes. */
export interface Claim {
  /** Equal exactly when two definitions could take the same request with equal priority (UD-APIs 1.2). */
  readonly key: string;
  /** As people write it. */
  readonly text: string;
  readonly path: "/spec/route" | "/spec/listenPath";
}

/**
 * What a definition claims, active or not. Parameters fill a segment whatever their name; literals of
 * routes match in any case, those of listen paths don't; a listen path's slash at the end means nothing.
 */
export function claimOf(object: Specified): Claim | null {
  if (object.kind !== "ApiDefinition") return null;
  const { route, listenPath, domain } = object.spec;
  const match = object.spec.match ?? "exact";
  const space = `${domain?.toLowerCase() ?? "*"} ${match}`;
  const where = domain === undefined ? "" : ` on ${domain}`;
  if (route !== undefined) {
    const shape = route.split("/").map((segment) => (isParameter(segment) ? "{}" : segment.toLowerCase()));
    return { key: `route ${space} ${shape.join("/")}`, text: route + where, path: "/spec/route" };
  }
  if (listenPath === undefined) return null;
  const shape = listenPath
    .replace(/\/$/, "")
    .split("/")
    .map((segment) => (isParameter(segment) ? "{}" : segment));
  return { key: `listen ${space} ${shape.join("/")}/`, text: listenPath + where, path: "/spec/listenPath" };
}

/** The route or listen path of a definition as it was written; null for other kinds. */
export function routeOf(object: Specified): string | null {
  if (object.kind !== "ApiDefinition") return null;
  return object.spec.route ?? object.spec.listenPath ?? null;
}
