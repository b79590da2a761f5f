import type { IncomingMessage } from "node:http";

import type { CallUsage } from "./call-usage.ts";
import { type Call, noEdits } from "./call.ts";
import type { Refusal } from "./endpoint-error.ts";
import type { Answer } from "./http/begin-answer.ts";
import type { Upgrade } from "./http/handshake.ts";
import { type RequestTarget, pathBelow, pathOf } from "./http/request-target.ts";
import { callerIsAllowed, needsNoToken, tokenRefusal } from "./rules/token.ts";
import { identifyCaller } from "./table/credential-table.ts";
import { judgePath } from "./table/path-lists.ts";
import { belowBase, matchRoute, type RouteMatch, type RouteTable } from "./table/route-table.ts";
import { chooseVersion } from "./table/served-versions.ts";
import { bearerSecret, presentedSecret, standardLocation } from "./token-location.ts";

/** A request as it came, with its target taken apart. */
export interface ArrivedRequest extends Answer {
  readonly request: IncomingMessage;
  readonly target: RequestTarget;
  readonly id: string;
  readonly clientAddress: string;
  readonly isHandedOn: boolean;
  /** The connection, when the request opens a WebSocket; else null. */
  readonly upgrade: Upgrade | null;
  /** Where calls are counted; null when this one is only asked about. */
  readonly usage: CallUsage | null;
}

/** The call, and why it is refused before any rule; without a call there is always a reason. */
export type FoundCall =
  | { readonly call: Call; readonly refusal: Refusal | null }
  | { readonly call: null; readonly refusal: Refusal };

/**
 * The call, if a definition takes the request. Below the base a caller without a valid token gets the same
 * answer whether or not the route exists, unless the API is open to all anyway. A closed definition refuses
 * here what comes to it, batches included: no rule gets to say otherwise.
 */
export function findCall(table: RouteTable, arrived: ArrivedRequest): FoundCall {
  const { request, target, usage } = arrived;
  const receivedAt = Date.now();
  const routeSegments = belowBase(table, target);
  const match = matchRoute(table, target, routeSegments);
  const active = match?.definition.active ? match : null;
  const location = active?.definition.tokenLocation ?? standardLocation;
  const secret = presentedSecret(location, request.headers, target.query, routeSegments !== null);
  const identity = identifyCaller(table.credentials, secret, receivedAt);
  const { caller } = identity;
  if (identity.credentialId !== null) usage?.noteUse(identity.credentialId, receivedAt);
  const place = active && locate(arrived, active);
  const isOpen = place && needsNoToken(place);
  const refusal =
    routeSegments && !caller && !isOpen
      ? tokenRefusal(bearerSecret(request.headers) !== null, identity.fault)
      : null;
  if (!place) {
    // Also who asks for what is not there asks (UD-APIs 1.5).
    const exceeded = refusal ?? (caller && usage?.countToken(caller, receivedAt));
    return { call: null, refusal: exceeded ?? { code: routeSegments?.length === 0 ? 1 : 5 } };
  }
  // Field by field: a spread before so many others takes longer than all the rules.
  const call: Call = {
    definition: place.definition,
    isBatch: place.isBatch,
    isById: place.isById,
    parameters: place.parameters,
    depth: place.depth,
    rest: place.rest,
    versionPath: place.versionPath,
    version: place.version,
    versionFault: place.versionFault,
    path: place.path,
    id: arrived.id,
    request,
    response: arrived.response,
    ownHeaders: arrived.ownHeaders,
    target,
    routeSegments,
    clientAddress: arrived.clientAddress,
    isHandedOn: arrived.isHandedOn,
    upgrade: arrived.upgrade,
    caller,
    tokenName: identity.tokenName,
    tokenFault: identity.fault,
    tokenPresented: secret !== null,
    edits: noEdits,
    usage,
    receivedAt,
  };
  return { call, refusal: refusal ?? (call.definition.closed ? callerIsAllowed(call) : null) };
}

type Place = Pick<
  Call,
  | "definition"
  | "isBatch"
  | "isById"
  | "parameters"
  | "depth"
  | "rest"
  | "versionPath"
  | "version"
  | "versionFault"
  | "path"
>;

/** Where in a definition a request has come to: the version, and what the lists say of its path. */
function locate({ request, target }: ArrivedRequest, match: RouteMatch): Place {
  const { definition, isBatch, isById, parameters, below } = match;
  const { versions } = definition;
  const chosen = versions && chooseVersion(versions, request.headers, target.query, below);
  const named = chosen?.fromPath ? below.slice(0, 1) : [];
  const unversioned = below.slice(named.length);
  const versionPath = versions?.strip ? "" : pathOf(named);
  const lists = chosen?.version?.paths ?? definition.paths;
  return {
    definition,
    isBatch,
    isById,
    parameters,
    depth: target.segments.length - below.length,
    rest: versionPath + pathBelow(unversioned, target),
    versionPath,
    version: chosen?.version ?? null,
    versionFault: chosen?.fault ?? null,
    path: judgePath(lists, unversioned, request.method ?? ""),
  };
}
