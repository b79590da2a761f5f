import { apiIdOf } from "../manifest/identity.ts";
import type { GitwayObject } from "../manifest/manifest.ts";
import { isObject, ownField } from "./json-object.ts";

/** The ids that the Dashboard API knows an object by. */
export interface DashboardIds {
  /** 24 hex digits: `id`. */
  readonly id: string;
  /** 32 hex digits, or URL-safe text that was chosen: `api_id`. */
  readonly apiId: string;
}

/** The ids of an object that were not chosen: the beginning of its UUID, and all of it. */
export function derivedIds(uuid: string): DashboardIds {
  const hex = uuid.replaceAll("-", "");
  return { id: hex.slice(0, 24), apiId: hex };
}

/** Whether a text may be the `id` of an object. */
export function isInternalId(text: string): boolean {
  return /^[0-9a-f]{24}$/.test(text);
}

/** The ids of an object: those in its `spec.dashboard`, or else those that its UUID gives. */
export function dashboardIds(object: GitwayObject): DashboardIds {
  const kept = isObject(object.spec) ? ownField(object.spec, "dashboard") : undefined;
  const chosen = isObject(kept) ? kept : {};
  const id = ownField(chosen, "id");
  return {
    id: typeof id === "string" && isInternalId(id) ? id : derivedIds(object.id).id,
    apiId: apiIdOf(object.id, ownField(chosen, "api_id")),
  };
}
