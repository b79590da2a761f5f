import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

import type { Dispatcher } from "undici";

import { messageOf } from "../../errors.ts";
import { deniedCode } from "../../target-guard.ts";
import { noteStream } from "../arrival.ts";
import type { Call } from "../call.ts";
import type { Refusal } from "../endpoint-error.ts";
import { announcesBody, inviteBody } from "../request-body.ts";
import { withoutQueryParameter } from "../token-location.ts";
import { addHeaders } from "./add-headers.ts";
import { clientHeaders, upstreamHeaders } from "./forwarded-headers.ts";
import { joinPaths, joinQueries, nextTarget, type ProxyTarget, type ProxyTargets } from "./proxy-target.ts";
import { isSendable } from "./reply.ts";
import { serverName, type Upstreams } from "./upstreams.ts";

const stuckTime = 600_000;

/**
 * Hands a call on to an upstream and its answer back, both as they come: nothing is collected on the way.
 * A failure before the answer has begun is a refusal; after that the connection is all that can tell.
 */
export async function serveProxy(
  call: Call,
  proxy: ProxyTargets,
  upstreams: Upstreams,
): Promise<Refusal | null> {
  const { response } = call;
  const target = targetOf(call, proxy, upstreams);
  if ("code" in target) return target;
  const cancel = new AbortController();
  const refuse = (refusal: Refusal) => cancel.abort(refusal);
  const deadline = setTimeout(() => refuse({ code: isAwaited(body) ? 2002 : 2012 }), proxy.timeout);
  response.once("close", () => response.writableFinished || refuse({ code: 2011 }));
  const body = uploadOf(call, deadline, refuse);
  try {
    const options = requestOptions(call, proxy, target, body, cancel.signal);
    const { statusCode, headers, body: content } = await upstreams.agent.request(options);
    clearTimeout(deadline);
    // Asked for raw, the headers are names and values in turn.
    return await handBack(call, { statusCode, headers: headers as unknown as string[], body: content });
  } catch (error) {
    return cancel.signal.aborted ? (cancel.signal.reason as Refusal) : refusalFor(error);
  } finally {
    clearTimeout(deadline);
  }
}

/** The target of a call, or why there is none that may be reached. */
export function targetOf(
  { version }: Call,
  proxy: ProxyTargets,
  { isDenied }: Upstreams,
): ProxyTarget | Refusal {
  const target = version?.target ?? nextTarget(proxy);
  if (!target) return { code: 2010, reason: "the definition has no usable target" };
  if (isDenied(target.hostname)) return { code: 2009, reason: `${target.hostname} is denied` };
  return target;
}

function requestOptions(
  call: Call,
  proxy: ProxyTargets,
  target: ProxyTarget,
  body: Transform | null,
  signal: AbortSignal,
): Dispatcher.RequestOptions {
  const options = {
    origin: target.origin,
    path: upstreamPath(call, proxy, target),
    method: call.request.method as Dispatcher.HttpMethod,
    headers: upstreamHeaders(call, proxy, target),
    body,
    signal,
    // The deadline above also covers connecting, and an upload that makes progress puts it off.
    headersTimeout: 0,
    bodyTimeout: proxy.idleTimeout,
    responseHeaders: "raw" as const,
    servername: serverName(target),
  };
  return options;
}

/** The path and query at a target. */
export function upstreamPath(
  { target: { query }, taken, rest, isById, definition }: Call,
  proxy: ProxyTargets,
  target: ProxyTarget,
): string {
  const isStripped = proxy.stripPath && !isById;
  const path = joinPaths(target.path, isStripped ? rest : taken + rest, proxy.keepTrailingSlash);
  const { tokenLocation, keyless, versions } = definition;
  const removed = [
    keyless ? null : tokenLocation.queryParameter,
    versions?.strip && versions.location === "query" ? versions.key : null,
  ].filter((name) => name !== null);
  return path + joinQueries(target.query, removed.reduce(withoutQueryParameter, query));
}

/** The request's body as a stream of its own: an upstream that stops reading must not take the client's socket along. */
function uploadOf(
  { request, response, definition }: Call,
  deadline: NodeJS.Timeout,
  refuse: (refusal: Refusal) => void,
): Transform | null {
  if (!announcesBody(request)) return null;
  noteStream(request);
  const limit = definition.limits.requestBody ?? Infinity;
  let size = 0;
  const upload = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (size > limit) return refuse({ code: 1009 });
      deadline.refresh();
      done(null, chunk);
    },
  });
  upload.once("close", () => request.unpipe(upload));
  upload.on("error", () => {});
  request.once("error", (error) => upload.destroy(error));
  inviteBody(response);
  return request.pipe(upload);
}

/** Whether it is the client that an upload waits for, and not the upstream. */
function isAwaited(upload: Transform | null): boolean {
  return upload !== null && !upload.writableEnded && upload.writableLength + upload.readableLength === 0;
}

/** What an upstream answers. */
export interface UpstreamAnswer {
  readonly statusCode: number;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: Readable;
}

/** Hands an answer on as it comes. Rejects when it, or the client, breaks off. */
export async function handBack(call: Call, answer: UpstreamAnswer): Promise<Refusal | null> {
  const { response, definition, request } = call;
  const headers = clientHeaders(answer.headers).filter(isSendable);
  const limit = definition.limits.responseBody ?? Infinity;
  const length = headers.find(([name]) => name.toLowerCase() === "content-length")?.[1];
  if (request.method !== "HEAD" && Number(length ?? 0) > limit) {
    answer.body.on("error", () => {}).destroy();
    return { code: 17 };
  }
  addHeaders(response, headers);
  response.writeHead(answer.statusCode);
  // Sends the headers at once; flushHeaders would do so too, but as UTF-8.
  response.write(Buffer.alloc(0));
  // A client that does not read what there is; one that waits for more may.
  response.setTimeout(stuckTime, () => response.writableLength > 0 && response.destroy());
  await pipeline(answer.body, limited(limit), response);
  return null;
}

function limited(limit: number): Transform {
  let size = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      done(size > limit ? new Error("The upstream's answer is beyond the limit.") : null, chunk);
    },
  });
}

const unreachable = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** The refusal for what an upstream failed with. */
export function refusalFor(error: unknown): Refusal {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const reason = `${code} ${messageOf(error)}`.trim();
  if (code === deniedCode) return { code: 2009, reason };
  return { code: unreachable.has(code) ? 2010 : 2011, reason };
}
