import type { IncomingMessage, ServerResponse } from "node:http";

import { gatherBytes } from "../../gather-bytes.ts";

const waiting = new WeakSet<ServerResponse>();

/** Notes that the client waits for a `100 Continue` before it sends the body. */
export function noteExpectation(response: ServerResponse): void {
  waiting.add(response);
}

/** Tells a client that waits for it to send the body. Call it before reading. */
export function inviteBody(response: ServerResponse): void {
  if (waiting.delete(response)) response.writeContinue();
}

/** Whether a request announces a body. */
export function announcesBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/** Whether the announced length is beyond a limit in bytes. */
export function announcesMoreThan({ headers }: IncomingMessage, limit: number | null): boolean {
  return limit !== null && Number(headers["content-length"] ?? 0) > limit;
}

/**
 * The whole body, in memory that it shares with nobody, or `too-large` beyond the limit in bytes. Rejects when
 * the client goes away.
 */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  limit: number,
): Promise<Buffer<ArrayBuffer> | "too-large"> {
  const body = gatherBytes();
  const fits = await receiveBody(request, response, limit, (part) => body.add(part));
  return fits ? body.whole() : "too-large";
}

/** Whether the whole body is within the limit in bytes; `take` gets it as it comes. Rejects when the client goes away. */
export async function receiveBody(
  request: IncomingMessage,
  response: ServerResponse,
  limit: number,
  take: (chunk: Buffer) => void,
): Promise<boolean> {
  if (announcesMoreThan(request, limit)) return false;
  if (!announcesBody(request)) return true;
  inviteBody(response);
  return await new Promise((resolve, reject) => {
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) {
        request.removeAllListeners("data");
        resolve(false);
      } else take(chunk);
    });
    request.once("end", () => resolve(true));
    request.once("error", reject);
    request.once("close", () => reject(new Error("The client went away.")));
  });
}

const discardLimit = 4 * 1024 * 1024;
const discardTime = 5000;

/**
 * Reads on what nobody wants, so that a client which is still sending gets to read the answer; a client
 * that goes on for too long is cut off.
 */
export function discardBody(request: IncomingMessage, response: ServerResponse): void {
  if (request.readableEnded || request.destroyed || !announcesBody(request)) return;
  if (waiting.delete(response)) response.shouldKeepAlive = false;
  let size = 0;
  // Not to be waited for: when its connection closes first, the request does not tell.
  const timer = setTimeout(() => request.socket.destroy(), discardTime).unref();
  request.once("close", () => clearTimeout(timer));
  request.on("error", () => {});
  request.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > discardLimit) request.socket.destroy();
  });
  request.resume();
}
