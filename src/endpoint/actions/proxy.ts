import { Transform } from "node:stream";

import type { Dispatcher } from "undici";

import { noteStream } from "../arrival.ts";
import type { Call } from "../call.ts";
import type { Refusal } from "../endpoint-error.ts";
import { announcesBody, inviteBody } from "../http/request-body.ts";
import { pathOf } from "../http/request-target.ts";
import { withoutQueryParameter } from "../token-location.ts";
import { upstreamHeaders } from "./forwarded-headers.ts";
import { mayBeStale, passOn } from "./pass-on.ts";
import { joinPaths, joinQueries, nextTarget, type ProxyTarget, type ProxyTargets } from "./proxy-target.ts";
import { serverName, type Upstreams } from "./upstreams.ts";

/** Methods that ask for nothing to be changed (RFC 9110 9.2.1). */
const repeatable: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Hands a call on to an upstream and its answer back, both as they come: nothing is collected on the way.
 * A failure before the answer has begun is a refusal; after that the connection is all that can tell. A call
 * that changes nothing is sent once more when its connection was one that the upstream had just given up.
 */
export function serveProxy(
  call: Call,
  proxy: ProxyTargets,
  upstreams: Upstreams,
): Refusal | Promise<Refusal | null> {
  const target = targetOf(call, proxy, upstreams);
  if ("code" in target) return target;
  const deadline = setTimeout(() => passage.refuse({ code: isAwaited(body) ? 2002 : 2012 }), proxy.timeout);
  const passage = passOn(call, {
    begun() {
      clearTimeout(deadline);
      mayRepeat = false;
    },
    failed(error) {
      if (!mayRepeat || !mayBeStale(error)) return false;
      mayRepeat = false;
      upstreams.agent.dispatch(options, passage.handler);
      return true;
    },
    ended: () => clearTimeout(deadline),
  });
  const body = uploadOf(call, deadline, passage.refuse);
  const options = requestOptions(call, proxy, target, body);
  let mayRepeat = body === null && repeatable.has(options.method);
  upstreams.agent.dispatch(options, passage.handler);
  return passage.over;
}

/** The target of a call, or why there is none that may be reached. */
export function targetOf(
  { version }: Call,
  proxy: ProxyTargets,
  { isDenied }: Upstreams,
): ProxyTarget | Refusal {
  const target = version?.target ?? nextTarget(proxy);
  if (!target) return { code: 2010, reason: "the definition has no usable target" };
  if (isDenied(target)) return { code: 2009, reason: `${target.hostname} is denied` };
  return target;
}

function requestOptions(
  call: Call,
  proxy: ProxyTargets,
  target: ProxyTarget,
  body: Transform | null,
): Dispatcher.DispatchOptions {
  const options = {
    origin: target.origin,
    path: upstreamPath(call, proxy, target),
    method: call.request.method as Dispatcher.HttpMethod,
    headers: upstreamHeaders(call, proxy, target),
    body,
    // The deadline above also covers connecting, and an upload that makes progress puts it off.
    headersTimeout: 0,
    bodyTimeout: proxy.idleTimeout,
    servername: serverName(target),
  };
  return options;
}

/** The path and query at a target. */
export function upstreamPath(
  { target: { query, segments }, depth, rest, isById, definition }: Call,
  proxy: ProxyTargets,
  target: ProxyTarget,
): string {
  const isStripped = proxy.stripPath && !isById;
  const whole = isStripped ? rest : pathOf(segments.slice(0, depth)) + rest;
  const path = joinPaths(target.path, whole, proxy.keepTrailingSlash);
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
