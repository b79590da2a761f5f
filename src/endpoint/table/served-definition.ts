import type { BlockList } from "node:net";

import { addressList } from "../../address-list.ts";
import type { ApiDefinitionSpec } from "../../manifest/api-definition.generated.ts";
import type { ServingState, StoredDefinition } from "../../store/serving/serving-store.ts";
import { parseSize } from "../../units.ts";
import { prepareProxy, type ProxyTargets } from "../actions/proxy-target.ts";
import { prepareReply, type Reply } from "../actions/reply-definition.ts";
import { prepareScript, type Script } from "../actions/script-definition.ts";
import { fitAction, type UnfitAction } from "../actions/unfit-action.ts";
import { apiLimits, noLimits, type ServedLimits } from "../limits/limit.ts";
import {
  type MiddlewareChain,
  noMiddleware,
  prepareMiddleware,
} from "../middleware/middleware-definition.ts";
import { parseEnd } from "../timestamp.ts";
import { standardLocation, tokenLocation, type TokenLocation } from "../token-location.ts";
import { noPathLists, type PathLists, preparePathLists } from "./path-lists.ts";
import { prepareVersions, type ServedVersions } from "./served-versions.ts";
import { createSharedParts, type SharedParts } from "./shared-parts.ts";

/** What a definition does with a call. */
export type ServedAction = Reply | ProxyTargets | Script | UnfitAction;

/** A definition made ready for serving: all that a call needs, looked up and parsed once. */
export interface ServedDefinition {
  readonly id: string;
  readonly name: string;
  /** An inactive definition keeps its place and answers as if it were not there. */
  readonly active: boolean;
  /** Whether it refuses every request, whatever its other fields say: it asks for what can't be checked yet. */
  readonly closed: boolean;
  readonly keyless: boolean;
  /** Names of the tokens that are let in, as the manifest has them: which token has a name may change. */
  readonly allowedTokens: ReadonlySet<string>;
  readonly tokenLocation: TokenLocation;
  readonly end: number | null;
  /** Null for no list; an empty one admits nobody. */
  readonly allowedAddresses: BlockList | null;
  readonly blockedAddresses: BlockList | null;
  /** Null for every method. */
  readonly methods: readonly string[] | null;
  /** Null without versions. */
  readonly versions: ServedVersions | null;
  readonly paths: PathLists;
  readonly limits: Limits;
  readonly middleware: MiddlewareChain;
  /** Of all callers together. */
  readonly rateLimit: ServedLimits;
  /** Null when no batches are taken. */
  readonly batch: { readonly maxRequests: number } | null;
  /** The events that it has a webhook for. */
  readonly events: ReadonlySet<string>;
  readonly action: ServedAction;
}

/** Sizes in bytes; null for no limit of its own. */
export interface Limits {
  readonly requestBody: number | null;
  readonly responseBody: number | null;
  readonly query: number | null;
}

const scriptMethods = ["GET", "PUT", "POST", "DELETE", "PATCH"];
const scriptBodyLimit = 29 * 1024 * 1024;
const scriptQueryLimit = 2 * 1024;
const defaultBatch = 100;
const noSizes: Limits = { requestBody: null, responseBody: null, query: null };

/** Makes a stored definition ready for serving. Nothing but its own content and its files matter. */
export function prepareDefinition(
  stored: StoredDefinition,
  blobs: ServingState["blobs"],
  shared: SharedParts = createSharedParts(),
): ServedDefinition {
  const { spec } = stored;
  return {
    id: stored.id,
    name: stored.name,
    active: spec.active ?? true,
    closed: refusesEverybody(spec),
    keyless: spec.keyless ?? false,
    allowedTokens: shared.names(spec.tokens ?? []),
    tokenLocation: spec.authentication ? tokenLocation(spec.authentication) : standardLocation,
    end: parseEnd(spec.expires),
    allowedAddresses: enabledList(spec.ipAllowList),
    blockedAddresses: enabledList(spec.ipBlockList),
    methods: spec.methods ?? (spec.action.script ? scriptMethods : null),
    versions: prepareVersions(spec),
    paths: spec.paths ? preparePathLists(spec.paths) : noPathLists,
    limits: spec.limits || spec.action.script ? limitsOf(spec) : noSizes,
    batch: spec.batch?.enabled ? { maxRequests: spec.batch.maxRequests ?? defaultBatch } : null,
    middleware: spec.middleware ? prepareMiddleware(spec.middleware, stored.files, blobs) : noMiddleware,
    rateLimit: spec.rateLimit ? apiLimits(stored.id, spec) : noLimits,
    events: shared.names((spec.events ?? []).map(({ on }) => on)),
    action: fitAction(spec.action, () => prepareAction(stored, blobs, shared)),
  };
}

/** Kinds of authentication that can't be checked yet: nobody passes what can't be checked. */
function refusesEverybody({ authentication }: ApiDefinitionSpec): boolean {
  return Boolean(authentication?.basic || authentication?.oauth2 || authentication?.signature);
}

function enabledList(list: ApiDefinitionSpec["ipAllowList"]): BlockList | null {
  return !list || list.enabled === false ? null : addressList(list.addresses);
}

function limitsOf({ action, limits = {} }: ApiDefinitionSpec): Limits {
  const bodies = action.script ? scriptBodyLimit : null;
  return {
    requestBody: limits.requestBody ? parseSize(limits.requestBody) : bodies,
    responseBody: limits.responseBody ? parseSize(limits.responseBody) : bodies,
    query: limits.query ? parseSize(limits.query) : action.script ? scriptQueryLimit : null,
  };
}

function prepareAction(
  { spec: { action }, files }: StoredDefinition,
  blobs: ServingState["blobs"],
  shared: SharedParts,
): ServedAction {
  if (action.proxy) return prepareProxy(action.proxy);
  if (action.script) return prepareScript(action.script, files, blobs);
  const reply = prepareReply(action.reply ?? {});
  return { ...reply, headers: reply.headers && shared.headers(reply.headers) };
}
