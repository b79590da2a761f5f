import { type DashboardIds, isApiId, isInternalId, reservedApiIds } from "../manifest/dashboard-ids.ts";
import type { GitwayObject } from "../manifest/manifest.ts";
import {
  readAuthentication,
  readAddressLists,
  readRateLimit,
  writeAuth,
  writeBlockList,
  writeRateLimit,
} from "./access-section.ts";
import { overlay } from "./difference.ts";
import {
  eventStyle,
  type EventSurroundings,
  readEvents,
  writeHandlers,
  writeReferences,
} from "./event-section.ts";
import { type Fields, fieldsOf, flagOf, readFields, refuse, requireFields, textOf } from "./fields.ts";
import { type JsonObject, objectAt, saidFields } from "./json-object.ts";
import { readMiddleware, writeMiddleware } from "./middleware-section.ts";
import type { Notation, Said } from "./notation.ts";
import { readAddress, readProxy, writeProxy } from "./proxy-section.ts";
import { refuseRestrictions } from "./restrictions.ts";
import {
  readMoment,
  readVersions,
  versionStyle,
  writeMoment,
  writeVersionData,
  writeVersionLocation,
} from "./version-section.ts";

/** An ApiDefinition of the store or of a manifest. */
export type DefinitionObject = Extract<GitwayObject, { kind: "ApiDefinition" }>;

/** What must be known to read or write a definition. */
export interface DefinitionSurroundings extends EventSurroundings {
  /** The manifest's name, and the ids that its UUID gives. */
  readonly name: string;
  readonly ids: DashboardIds;
  /** The path below which routes are served. */
  readonly routeBase: string;
  /** Whether fields that the Dashboard API requires must be there. */
  readonly strict: boolean;
}

type Definition = Said<"ApiDefinition">;

/**
 * How definitions are written in the Dashboard API (Dashboard facts 1.4 and 2.2). The JSON is the
 * `api_definition` of the wrapper; its other members are in a field `wrapper`.
 */
export function definitionNotation(surroundings: DefinitionSurroundings): Notation<"ApiDefinition"> {
  return {
    kind: "ApiDefinition",
    read: (given) => readDefinition(given, surroundings),
    write: (spec) => writeDefinition(spec, surroundings),
    styleOf: (given, spec) =>
      overlay(versionStyle(given, spec), eventStyle(readEvents(readFields(given), surroundings))),
    comparable,
  };
}

function readDefinition(given: Fields, surroundings: DefinitionSurroundings): Definition {
  const { name, routeBase, strict } = surroundings;
  if (strict) requireFields(given, "name", "proxy", "version_data");
  const proxy = fieldsOf(given, "proxy");
  if (strict && Object.hasOwn(given.given, "proxy")) requireFields(proxy, "target_url");
  checkIds(given);
  refuseRestrictions(given);
  const title = textOf(given, "name");
  const { middleware, ...domain } = { middleware: readMiddleware(given), ...readDomain(given) };
  return saidFields<Definition>({
    title: title === name ? undefined : title,
    active: flagOf(given, "active"),
    ...domain,
    ...readAddress(proxy, routeBase),
    action: readProxy(proxy),
    keyless: flagOf(given, "use_keyless"),
    authentication: readAuthentication(given),
    ...readAddressLists(given),
    ...readVersions(given, strict),
    expires: readMoment(given, "expiration"),
    rateLimit: readRateLimit(given),
    middleware,
    events: [...readEvents(given, surroundings).events],
    batch: { enabled: flagOf(given, "enable_batch_request_support") },
  });
}

const wrongApiId = "must be at most 64 letters, digits, hyphens and underscores";
const reserved = "is a path of this API: choose another";

function checkIds(given: Fields): void {
  const [id, apiId] = [textOf(given, "id") ?? "", textOf(given, "api_id") ?? ""];
  if (id !== "" && !isInternalId(id)) refuse(given, "id", "invalid-id", "must be 24 hex digits");
  if (apiId !== "" && !isApiId(apiId))
    refuse(given, "api_id", "invalid-id", reservedApiIds.includes(apiId) ? reserved : wrongApiId);
}

function readDomain(given: Fields): Pick<Definition, "domain"> {
  const domain = textOf(given, "domain") ?? "";
  if (domain === "" || flagOf(given, "domain_disabled")) return {};
  return { domain: domain.toLowerCase() };
}

/** In the order of the API. */
function writeDefinition(
  spec: Definition,
  { name, ids, orgId, routeBase, webhooks }: DefinitionSurroundings,
): JsonObject {
  const style: JsonObject = spec.dashboard ?? {};
  const { basic = false, oauth2 = false, signature = false } = spec.authentication ?? {};
  return {
    id: ids.id,
    name: spec.title ?? name,
    api_id: ids.apiId,
    org_id: orgId,
    use_keyless: spec.keyless ?? false,
    use_oauth2: oauth2,
    oauth_meta: { allowed_access_types: [], allowed_authorize_types: ["token"], auth_login_redirect: "" },
    auth: writeAuth(spec),
    use_basic_auth: basic,
    notifications: { shared_secret: "", oauth_on_keychange_url: "" },
    enable_signature_checking: signature,
    definition: writeVersionLocation(spec),
    version_data: writeVersionData(spec, style),
    proxy: writeProxy(spec, routeBase),
    custom_middleware: writeMiddleware(spec.middleware),
    session_lifetime: 0,
    active: spec.active ?? true,
    auth_provider: { name: "", storage_engine: "", meta: null },
    session_provider: { name: "", storage_engine: "", meta: null },
    event_handlers: writeHandlers(spec, style, webhooks),
    enable_batch_request_support: spec.batch?.enabled ?? false,
    enable_ip_whitelisting: spec.ipAllowList?.enabled ?? false,
    allowed_ips: spec.ipAllowList?.addresses ?? [],
    expire_analytics_after: 0,
    ...(spec.domain === undefined ? {} : { domain: spec.domain }),
    ...(spec.expires === undefined ? {} : { expiration: writeMoment(spec.expires) }),
    ...writeBlockList(spec),
    ...writeRateLimit(spec),
    wrapper: { api_model: {}, hook_references: writeReferences(spec, style, webhooks) },
  };
}

/**
 * Without the organisation, which is not the client's to choose, and without a flag that the API's own
 * samples misplace and do not give back (Dashboard facts 1.10).
 */
function comparable(given: JsonObject): JsonObject {
  const { org_id: _, ...rest } = given;
  const { use_extended_paths: _misplaced, ...versionData } = objectAt(given, "version_data");
  const { hook_references: _references, ...wrapper } = objectAt(given, "wrapper");
  const { events: _events, ...handlers } = objectAt(given, "event_handlers");
  return {
    ...rest,
    ...(Object.hasOwn(rest, "version_data") ? { version_data: versionData } : {}),
    ...(Object.hasOwn(rest, "wrapper") ? { wrapper } : {}),
    ...(Object.hasOwn(rest, "event_handlers") ? { event_handlers: handlers } : {}),
  };
}
