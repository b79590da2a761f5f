import type { IncomingMessage, ServerResponse } from "node:http";
import type { BlockList } from "node:net";

import type { Log } from "../log.ts";
import { serveProxy } from "./actions/proxy.ts";
import { replyOf } from "./actions/reply-definition.ts";
import { serveReply, serveReplyAction } from "./actions/reply.ts";
import { serveScript } from "./actions/script.ts";
import type { Upstreams } from "./actions/upstreams.ts";
import type { BatchReader } from "./batch/batch-reader.ts";
import { serveBatch } from "./batch/serve-batch.ts";
import type { CallUsage } from "./call-usage.ts";
import type { Call } from "./call.ts";
import { decisionOf, eventOf } from "./decision.ts";
import { endpointErrors, type EndpointEventName, type Refusal, sendRefusal } from "./endpoint-error.ts";
import type { CallTrace } from "./explain/call-trace.ts";
import { findCall } from "./find-call.ts";
import { clientAddress, isHandedOn } from "./http/client-address.ts";
import type { Upgrade } from "./http/handshake.ts";
import { announcesBody, discardBody } from "./http/request-body.ts";
import { requestId } from "./http/request-id.ts";
import { parseRequestTarget } from "./http/request-target.ts";
import { malformationOf } from "./malformation.ts";
import { applyRules, type Judged, type Ruling } from "./rules/rules.ts";
import type { ScriptPool } from "./script/script-pool.ts";
import { loggedPath, type ServedRequest } from "./served-request.ts";
import type { RouteTable } from "./table/route-table.ts";
import type { OpenTunnels } from "./tunnel/open-tunnels.ts";
import { serveUpgrade } from "./tunnel/upgrade.ts";

/** What serving a request needs. */
export interface RequestHandlerOptions {
  /** The table that serves now, or null before the first. */
  readonly table: () => RouteTable | null;
  readonly nodeId: number;
  /** The header that says which revision answered, in lower case; null for none. */
  readonly revisionHeader: string | null;
  /** Null for none. */
  readonly trustedProxies: BlockList | null;
  readonly pool: ScriptPool;
  /** What reads batches. Without, this thread does. */
  readonly batches?: Pick<BatchReader, "read">;
  readonly upstreams: Upstreams;
  /** Where WebSockets are kept. Without, none are opened. */
  readonly tunnels?: OpenTunnels;
  readonly usage: CallUsage | null;
  readonly log: Log;
  /** The batch that the requests are of. */
  readonly within?: Call;
  /** Sees how requests are decided. */
  readonly trace?: CallTrace;
  /** Told of every request when it is over. */
  readonly observe?: (request: ServedRequest) => void;
  /** Told of what definitions may have webhooks for. */
  readonly emit?: (event: EndpointEvent) => void;
}

/** Something that happened to a call and that its definition has an event for. */
export interface EndpointEvent {
  readonly on: EndpointEventName;
  readonly call: Call;
  readonly refusal: Refusal;
}

/**
 * Serves a request, which may be one that opens a WebSocket. Whatever goes wrong is answered. Gives what is to
 * be called when the response is closed: each listener costs a call as much as several rules.
 */
export type RequestHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  upgrade?: Upgrade,
) => () => void;

/** What is known of a request so far, for when it is over. */
interface Progress {
  /** As `performance.now` has it. */
  readonly start: number;
  readonly id: string;
  readonly clientAddress: string;
  readonly ownHeaders: string[];
  call: Call | null;
  ruling: Ruling | null;
  refusal: Refusal | null;
}

/** What became of it: at once where nothing has to be waited for, which most calls have not. */
type Served = Refusal | null | Promise<Refusal | null>;

const clientGone = 499;
const nothing = replyOf(204, [], Buffer.alloc(0));

/** The way of every request: target, definition, rules, action. */
export function createRequestHandler(options: RequestHandlerOptions): RequestHandler {
  return (request, response, upgrade) => {
    // The request stays on this table to its end, whatever is swapped meanwhile.
    const table = options.table();
    const progress = begin(options, table, request);
    if (announcesBody(request)) {
      request.on("error", () => {});
      // What the parser finds wrong with a body that came with its head has to be answered first.
      queueMicrotask(run);
    } else run();
    return () => report(options, response, progress);

    function run(): void {
      try {
        const served = serve(options, table, { request, response, upgrade: upgrade ?? null }, progress);
        if (served instanceof Promise) served.then(end).catch(failed);
        else end(served);
      } catch (error) {
        failed(error);
      }
    }

    function end(refusal: Refusal | null): void {
      if (refusal) refuse(options, response, refusal, progress);
      discardBody(request, response);
    }

    function failed(error: unknown): void {
      fail(options, request, response, progress, error);
      discardBody(request, response);
    }
  };
}

function begin(
  { trustedProxies, revisionHeader }: RequestHandlerOptions,
  table: RouteTable | null,
  request: IncomingMessage,
): Progress {
  const id = requestId(request, trustedProxies);
  const ownHeaders = ["x-request-id", id];
  if (revisionHeader && table) ownHeaders.push(revisionHeader, String(table.revision));
  return {
    start: performance.now(),
    id,
    clientAddress: clientAddress(request, trustedProxies),
    ownHeaders,
    call: null,
    ruling: null,
    refusal: null,
  };
}

function serve(
  options: RequestHandlerOptions,
  table: RouteTable | null,
  exchange: Pick<Call, "request" | "response" | "upgrade">,
  progress: Progress,
): Served {
  const { request, response, upgrade } = exchange;
  const target = parseRequestTarget(request.url ?? "", request.headers.host);
  const malformed = target ? malformationOf(request) : ({ code: 2001 } as const);
  if (malformed || !target) return malformed;
  if (!table) return { code: 7 };
  const { id, clientAddress, ownHeaders } = progress;
  const { usage } = options;
  const { call, refusal } = findCall(table, {
    request,
    response,
    ownHeaders,
    upgrade,
    id,
    target,
    clientAddress,
    isHandedOn: options.within?.isHandedOn ?? isHandedOn(request, options.trustedProxies),
    usage,
  });
  options.trace?.found(call, refusal);
  progress.call = call;
  if (call && refusal) progress.ruling = { rule: "token", verdict: refusal };
  if (refusal || !call) return refusal;
  return call.isBatch ? batch(options, table, call) : serveCall(options, call, progress);
}

function serveCall(options: RequestHandlerOptions, call: Call, progress: Progress): Served {
  announceEnd(call, progress);
  const { pool, log, trace } = options;
  const judged = applyRules(call, { scripts: { pool, log } }, trace?.judged);
  const goOn = (judged: Judged) => serveJudged(options, judged, progress);
  return judged instanceof Promise ? judged.then(goOn) : goOn(judged);
}

function serveJudged(options: RequestHandlerOptions, { call, ruling }: Judged, progress: Progress): Served {
  progress.call = call;
  progress.ruling = ruling;
  return ruling ? carryOut(call, ruling.verdict) : act(options, call);
}

/** Serves a batch by the same table, whatever is swapped meanwhile. There are no batches in batches. */
async function batch(options: RequestHandlerOptions, table: RouteTable, call: Call): Promise<Refusal | null> {
  if (options.within) return { code: 2031 };
  const handle = createRequestHandler({ ...options, table: () => table, within: call });
  return await serveBatch(call, { ...options, handle });
}

function carryOut(call: Call, verdict: Ruling["verdict"]): Refusal | null {
  return "code" in verdict ? verdict : serveReply(call, verdict);
}

function act(options: RequestHandlerOptions, call: Call): Served {
  const { upstreams, tunnels, pool, log, trace } = options;
  const { upgrade } = call;
  const { action } = call.definition;
  if (action.kind === "unfit") return action.refusal;
  if (trace?.mayAct(call) === false) return serveReply(call, nothing);
  if (upgrade) {
    if (action.kind !== "proxy" || !tunnels) return { code: 2004 };
    return serveUpgrade(call, upgrade, action, { upstreams, tunnels });
  }
  if (action.kind === "proxy") return serveProxy(call, action, upstreams);
  if (action.kind === "script") return serveScript(call, action, { pool, log });
  return serveReplyAction(call, action);
}

/** Tells callers when an API or version will end: as RFC 8594 has it, and as clients of the classic gateway look for it. */
function announceEnd({ definition, version, receivedAt }: Call, { ownHeaders }: Progress): void {
  const end = Math.min(definition.end ?? Infinity, version?.end ?? Infinity);
  if (!Number.isFinite(end) || end <= receivedAt) return;
  const moment = new Date(end).toUTCString();
  ownHeaders.push("sunset", moment, "x-tyk-api-expires", moment);
}

/** A client that went away is no failure; anything else that is thrown is a bug, and never shown. */
function fail(
  options: RequestHandlerOptions,
  request: IncomingMessage,
  response: ServerResponse,
  progress: Progress,
  error: unknown,
): void {
  if (request.destroyed && !request.complete) {
    response.destroy();
    return;
  }
  options.log.error({ err: error, definition: progress.call?.definition.name }, "Serving a request failed.");
  refuse(options, response, { code: 8 }, progress);
}

function refuse(
  { nodeId, log, emit }: RequestHandlerOptions,
  response: ServerResponse,
  refusal: Refusal,
  progress: Progress,
): void {
  const { call, ownHeaders } = progress;
  progress.refusal = refusal;
  const on = eventOf(refusal);
  if (call && on) emit?.({ on, call, refusal });
  if (endpointErrors[refusal.code].status >= 500 && refusal.reason !== undefined && !response.destroyed) {
    const facts = { definition: call?.definition.name, code: refusal.code, reason: refusal.reason };
    log.warn(facts, "A request was not served.");
  }
  if (response.headersSent) {
    response.destroy();
    return;
  }
  sendRefusal({ response, ownHeaders }, refusal, nodeId);
}

function report(
  { observe }: RequestHandlerOptions,
  response: ServerResponse,
  { start, id, clientAddress, call, ruling, refusal }: Progress,
): void {
  if (!observe) return;
  const elapsed = performance.now() - start;
  const { method = "", url = "" } = response.req;
  const isBrokenOff = response.headersSent && !response.writableFinished;
  observe({
    id,
    receivedAt: Math.round(Date.now() - elapsed),
    method,
    path: loggedPath(url),
    client: clientAddress,
    status: statusOf(response, isBrokenOff ? refusal : null),
    isBrokenOff,
    milliseconds: Math.round(elapsed * 1000) / 1000,
    decision: decisionOf(call, ruling, refusal),
  });
}

/** What began well and was broken off was no success. */
function statusOf({ headersSent, statusCode }: ServerResponse, brokenOff: Refusal | null): number {
  if (brokenOff) return endpointErrors[brokenOff.code].status;
  return headersSent ? statusCode : clientGone;
}
