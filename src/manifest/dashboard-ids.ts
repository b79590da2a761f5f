import type { GitwayObject } from "./manifest.ts";
import { valueAt } from "./pointer.ts";

/** The ids that the Dashboard API knows an object by. */
export interface DashboardIds {
  /** 24 hex digits: `id`. */
  readonly id: string;
  /** 32 hex digits, or URL-safe text that was chosen: `api_id`. */
  readonly apiId: string;
}

/**
 * The ids of an object that were not chosen, from its UUID. Those that people choose often differ at their
 * end only, so that is folded into the shorter one.
 */
export function derivedIds(uuid: string): DashboardIds {
  const hex = uuid.replaceAll("-", "");
  const folded = (Number.parseInt(hex.slice(16, 24), 16) ^ Number.parseInt(hex.slice(24), 16)) >>> 0;
  return { id: hex.slice(0, 16) + folded.toString(16).padStart(8, "0"), apiId: hex };
}

/** Whether a text may be the `id` of an object. */
export function isInternalId(text: string): boolean {
  return /^[0-9a-f]{24}$/.test(text);
}

/** What the Dashboard API has below `/api/apis` besides definitions, here or elsewhere (Dashboard facts 1.2). */
export const reservedApiIds: readonly string[] = [
  "categories",
  "count",
  "groups",
  "migrate",
  "oas",
  "oauth",
  "search",
  "streams",
];

/** Whether a text may be the `api_id` of a definition (Dashboard facts 1.5). */
export function isApiId(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(text) && !reservedApiIds.includes(text);
}

/** The ids of an object: those in its `spec.dashboard`, or else those that its UUID gives. */
export function dashboardIds(object: Pick<GitwayObject, "id" | "spec">): DashboardIds {
  const id = valueAt(object.spec, "/dashboard/id");
  return {
    id: typeof id === "string" && isInternalId(id) ? id : derivedIds(object.id).id,
    apiId: apiIdOf(object.id, valueAt(object.spec, "/dashboard/api_id")),
  };
}

/** The `api_id` of a definition: the one that was chosen, or the UUID's hex digits. */
export function apiIdOf(uuid: string, chosen: unknown): string {
  return typeof chosen === "string" && isApiId(chosen) ? chosen : uuid.replaceAll("-", "");
}

/** A text that requests name an object by, which no other object of the kind may have. */
export interface IdClaim {
  readonly value: string;
  /** JSON pointer of the field that says it, or would. */
  readonly path: "/metadata/id" | "/spec/dashboard/id" | "/spec/dashboard/api_id";
}

/** All ids of an object that the Dashboard API looks definitions and webhooks up by; none of other kinds. */
export function idClaimsOf(object: Pick<GitwayObject, "kind" | "id" | "spec">): readonly IdClaim[] {
  if (object.kind !== "ApiDefinition" && object.kind !== "Webhook") return [];
  const { id, apiId } = dashboardIds(object);
  const claims: IdClaim[] = [
    { value: object.id, path: "/metadata/id" },
    { value: id, path: "/spec/dashboard/id" },
    ...(object.kind === "Webhook" ? [] : [{ value: apiId, path: "/spec/dashboard/api_id" } as const]),
  ];
  return claims.filter(({ value }, index) => index === claims.findIndex((other) => other.value === value));
}
