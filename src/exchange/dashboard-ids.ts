import type { GitwayObject } from "../manifest/manifest.ts";
import { isObject, type JsonObject, ownField } from "./json-object.ts";

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

/** Whether a text may be the `api_id` of a definition (Dashboard facts 1.5). */
export function isApiId(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(text);
}

/** The ids of an object: those in its `spec.dashboard`, or else those that its UUID gives. */
export function dashboardIds(object: GitwayObject): DashboardIds {
  const chosen = isObject(object.spec) ? ownField(object.spec, "dashboard") : undefined;
  return chosenIds(isObject(chosen) ? chosen : {}, derivedIds(object.id));
}

function chosenIds(chosen: JsonObject, derived: DashboardIds): DashboardIds {
  const [id, apiId] = [ownField(chosen, "id"), ownField(chosen, "api_id")];
  return {
    id: typeof id === "string" && isInternalId(id) ? id : derived.id,
    apiId: typeof apiId === "string" && isApiId(apiId) ? apiId : derived.apiId,
  };
}
