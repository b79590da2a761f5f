import type { IncomingMessage, ServerResponse } from "node:http";

import type { Dispatcher } from "undici";

import type { Log } from "../log.ts";
import { serveProxy } from "./actions/proxy.ts";
import { serveReply } from "./actions/reply.ts";
import { serveScript } from "./actions/script.ts";
import type { Call } from "./call.ts";
import { identifyCaller } from "./credential-table.ts";
import { endpointErrors, sendRefusal, type Refusal } from "./endpoint-error.ts";
import { discardBody } from "./request-body.ts";
import { parseRequestTarget, type RequestTarget } from "./request-target.ts";
import type { RouteTable } from "./route-table.ts";
import { belowBase, matchRoute } from "./route-table.ts";
import { applyRules } from "./rules/rules.ts";
import type { ScriptPool } from "./script/script-pool.ts";
import { bearerSecret, presentedSecret, tokenLocation } from "./token-location.ts";

/** What serving a request needs. */
export interface RequestHandlerOptions {
  /** The table that serves now, or null before the first. */
  readonly table: () => RouteTable | null;
  readonly nodeId: number;
  readonly pool: ScriptPool;
  readonly agent: Dispatcher;
  readonly log: Log;
  /** Told of every request when it is over. */
  readonly observe?: (request: ServedRequest) => void;
}

/** How a request went, for metrics. The definition is named as in its manifest. */
export interface ServedRequest {
  readonly definition: string | null;
  readonly status: number;
  readonly milliseconds: number;
}

/** Serves a request. Never rejects. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

const clientGone = 499;

/** The way of every request: target, route, token, rules, action. */
export function createRequestHandler(options: RequestHandlerOptions): RequestHandler {
  return async (request, response) => {
    const start = performance.now();
    // The request stays on this table to its end, whatever is swapped meanwhile.
    const table = options.table();
    const found: { call: Call | null } = { call: null };
    response.once("close", () => report(options, response, found.call, performance.now() - start));
    request.on("error", () => {});
    try {
      if (table) response.setHeader("x-gitway-revision", table.revision);
      const refusal = await serve(options, table, request, response, found);
      if (refusal) refuse(options, response, refusal, found.call);
    } catch (error) {
      fail(options, request, response, found.call, error);
    } finally {
      discardBody(request, response);
    }
  };
}

async function serve(
  options: RequestHandlerOptions,
  table: RouteTable | null,
  request: IncomingMessage,
  response: ServerResponse,
  found: { call: Call | null },
): Promise<Refusal | null> {
  const target = parseRequestTarget(request.url ?? "", request.headers.host);
  const malformed = target ? malformationOf(request) : ({ code: 2001 } as const);
  if (malformed) return malformed;
  if (!table) return { code: 7, headers: { "retry-after": "1" } };
  const call = target && findCall(table, target, request, response);
  if (!call || "code" in call) return call;
  found.call = call;
  return applyRules(call) ?? (await act(options, call));
}

async function act({ agent, pool, log }: RequestHandlerOptions, call: Call): Promise<Refusal | null> {
  const { action } = call.definition;
  if (action.kind === "proxy") return await serveProxy(call, action, agent);
  if (action.kind === "script") return await serveScript(call, action, { pool, log });
  return serveReply(call, action);
}

/** What the parser lets through and no upstream should have to make sense of. */
function malformationOf({ headers, rawHeaders }: IncomingMessage): Refusal | null {
  const coding = headers["transfer-encoding"];
  if (coding !== undefined && coding.toLowerCase() !== "chunked") return { code: 2005 };
  if (headers.upgrade?.toLowerCase().includes("websocket")) return { code: 2004 };
  const hosts = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === "host");
  return hosts.length > 1 ? { code: 2001 } : null;
}

/**
 * The call, or why there is none. Below the base a caller without a valid token gets the same answer
 * whether or not the route exists, unless the API is open to all anyway.
 */
function findCall(
  table: RouteTable,
  target: RequestTarget,
  request: IncomingMessage,
  response: ServerResponse,
): Call | Refusal {
  const receivedAt = Date.now();
  const routeSegments = belowBase(table, target);
  const match = matchRoute(table, target);
  const active = match?.definition.active ? match : null;
  const location = active?.definition.tokenLocation ?? tokenLocation();
  const secret = presentedSecret(location, request.headers, target.query, routeSegments !== null);
  const caller = secret && identifyCaller(table.credentials, secret, receivedAt);
  if (routeSegments && !caller && !active?.definition.keyless)
    return { code: bearerSecret(request.headers) ? 1010 : 1008 };
  if (!active) return { code: routeSegments?.length === 0 ? 1 : 5 };
  const clientAddress = (request.socket.remoteAddress ?? "").replace(/^::ffff:(?=\d+\.)/, "");
  const tokenPresented = secret !== null;
  return {
    ...active,
    request,
    response,
    target,
    routeSegments,
    clientAddress,
    caller,
    tokenPresented,
    receivedAt,
  };
}

/** A client that went away is no failure; anything else that is thrown is a bug, and never shown. */
function fail(
  options: RequestHandlerOptions,
  request: IncomingMessage,
  response: ServerResponse,
  call: Call | null,
  error: unknown,
): void {
  if (request.destroyed && !request.complete) {
    response.destroy();
    return;
  }
  options.log.error({ err: error, definition: call?.definition.name }, "Serving a request failed.");
  refuse(options, response, { code: 8 }, call);
}

function refuse(
  { nodeId, log }: RequestHandlerOptions,
  response: ServerResponse,
  refusal: Refusal,
  call: Call | null,
): void {
  if (endpointErrors[refusal.code].status >= 500 && refusal.reason !== undefined && !response.destroyed) {
    const facts = { definition: call?.definition.name, code: refusal.code, reason: refusal.reason };
    log.warn(facts, "A request was not served.");
  }
  if (response.headersSent) {
    response.destroy();
    return;
  }
  for (const name of response.getHeaderNames()) if (name !== "x-gitway-revision") response.removeHeader(name);
  sendRefusal(response, refusal, nodeId);
}

function report(
  { log, observe }: RequestHandlerOptions,
  response: ServerResponse,
  call: Call | null,
  elapsed: number,
): void {
  const definition = call?.definition.name ?? null;
  const status = response.headersSent ? response.statusCode : clientGone;
  const milliseconds = Math.round(elapsed * 1000) / 1000;
  log.debug(
    { definition, status, ms: milliseconds, token: call?.caller?.tokenName ?? null },
    "Served a request.",
  );
  observe?.({ definition, status, milliseconds });
}
