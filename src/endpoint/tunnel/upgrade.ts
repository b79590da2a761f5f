import { type IncomingMessage, request as sendRequest } from "node:http";
import type { Socket } from "node:net";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

import { framing } from "../../framing.ts";
import { isSendable } from "../../sendable.ts";
import { clientHeaders, upstreamHeaders } from "../actions/forwarded-headers.ts";
import { refusalFor, sendHead } from "../actions/pass-on.ts";
import type { ProxyTarget, ProxyTargets } from "../actions/proxy-target.ts";
import { targetOf, upstreamPath } from "../actions/proxy.ts";
import { headLimit, type Upstreams } from "../actions/upstreams.ts";
import type { Call } from "../call.ts";
import type { Refusal } from "../endpoint-error.ts";
import { beginAnswer } from "../http/begin-answer.ts";
import { isWebSocket, type Upgrade } from "../http/handshake.ts";
import { filterHeaders } from "../http/header-list.ts";
import type { OpenTunnels, TunnelPlace } from "./open-tunnels.ts";
import { joinSockets } from "./tunnel.ts";

/** What an upstream makes of a handshake: it agrees, or answers as it would any request, or fails to. */
type Reaction =
  | {
      readonly kind: "agreed";
      readonly answer: IncomingMessage;
      readonly socket: Socket;
      readonly head: Buffer;
    }
  | { readonly kind: "answered"; readonly answer: IncomingMessage }
  | { readonly kind: "failed"; readonly refusal: Refusal };

/**
 * Opens a WebSocket to an upstream, and joins it with the client's. An upstream that does not agree has its
 * answer handed back. Resolves when the tunnel is open, or will not be.
 */
export async function serveUpgrade(
  call: Call,
  upgrade: Upgrade,
  proxy: ProxyTargets,
  { upstreams, tunnels }: { readonly upstreams: Upstreams; readonly tunnels: OpenTunnels },
): Promise<Refusal | null> {
  const target = targetOf(call, proxy, upstreams);
  if ("code" in target) return target;
  const place = tunnels.enter(call);
  if (!place) return { code: 2006 };
  const watch = destroyAtEnd(upgrade.socket);
  const reaction = await shakeHands(call, proxy, target, upstreams);
  if (reaction.kind === "agreed") {
    watch.stop();
    openTunnel(call, upgrade, reaction, proxy, place);
    return null;
  }
  place.leave();
  const refusal =
    reaction.kind === "failed"
      ? reaction.refusal
      : await handBack(call, reaction.answer, proxy.idleTimeout).catch(refusalFor);
  watch.stop();
  return refusal;
}

/** A client that ends is gone, as with any request. What it says is left for the tunnel. */
function destroyAtEnd(client: Socket): { readonly stop: () => void } {
  // Unless it is read, the end is not seen; with something before it, it need not be.
  const look = () => client.readableLength === 0 && client.read();
  const leave = () => client.destroy();
  client.on("readable", look).once("end", leave);
  return { stop: () => client.off("readable", look).off("end", leave) };
}

/** Hands on the answer of an upstream that does not agree, as it comes. Rejects when it, or the client, breaks off. */
async function handBack(call: Call, answer: IncomingMessage, idle: number): Promise<Refusal | null> {
  const { response, definition } = call;
  const refusal = sendHead(call, answer.statusCode ?? 502, answer.rawHeaders);
  if (refusal) {
    answer.on("error", () => {}).destroy();
    return refusal;
  }
  answer.setTimeout(idle, () => answer.destroy(new Error(`The upstream was silent for ${idle} ms.`)));
  response.write(Buffer.alloc(0));
  await pipeline(answer, limited(definition.limits.responseBody ?? Infinity), response);
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

/** Never rejects, and takes no longer than the proxy may. */
async function shakeHands(
  call: Call,
  proxy: ProxyTargets,
  target: ProxyTarget,
  upstreams: Upstreams,
): Promise<Reaction> {
  const cancel = new AbortController();
  const giveUp = (refusal: Refusal) => cancel.abort(refusal);
  const deadline = setTimeout(() => giveUp({ code: 2012 }), proxy.timeout);
  const clientGone = () => giveUp({ code: 2011 });
  call.response.once("close", clientGone);
  try {
    return await ask(call, proxy, target, upstreams, cancel.signal);
  } catch (error) {
    const refusal = cancel.signal.aborted ? (cancel.signal.reason as Refusal) : refusalFor(error);
    return { kind: "failed", refusal };
  } finally {
    clearTimeout(deadline);
    call.response.off("close", clientGone);
  }
}

async function ask(
  call: Call,
  proxy: ProxyTargets,
  target: ProxyTarget,
  { connect }: Upstreams,
  signal: AbortSignal,
): Promise<Reaction> {
  const connection = await connect(target, signal);
  return await new Promise((resolve, reject) => {
    const request = sendRequest({
      createConnection: () => connection,
      path: upstreamPath(call, proxy, target),
      setHost: false,
      headers: [...upstreamHeaders(call, proxy, target), "connection", "Upgrade", "upgrade", "websocket"],
      maxHeaderSize: headLimit,
      signal,
    });
    request.once("upgrade", (answer, socket: Socket, head) => {
      socket.on("error", () => {});
      if (isWebSocket(answer.headers.upgrade)) resolve({ kind: "agreed", answer, socket, head });
      else breakOff("The upstream changed to another protocol.");
    });
    request.once("response", (answer) => {
      // A 101 without a protocol is neither an agreement nor an answer.
      if (answer.statusCode === 101) breakOff("The upstream changed to no protocol.");
      else resolve({ kind: "answered", answer });
      answer.once("close", () => connection.destroy());
    });
    request.on("error", reject);
    request.end();

    function breakOff(reason: string): void {
      connection.destroy();
      reject(new Error(reason));
    }
  });
}

function openTunnel(
  call: Call,
  { socket: client, head: fromClient }: Upgrade,
  { answer, socket: upstream, head: fromUpstream }: Extract<Reaction, { kind: "agreed" }>,
  { idleTimeout: idle }: ProxyTargets,
  place: TunnelPlace,
): void {
  const headers = filterHeaders(
    clientHeaders(answer.rawHeaders),
    (name, value) => !framing.has(name.toLowerCase()) && isSendable([name, value]),
  );
  beginAnswer(call, 101, [...headers, "connection", "Upgrade", "upgrade", "websocket"]);
  call.response.end();
  client.write(fromUpstream);
  upstream.write(fromClient);
  place.fill(joinSockets(client, upstream, { idle, closed: place.leave }));
}
