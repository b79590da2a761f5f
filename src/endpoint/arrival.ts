import type { IncomingMessage, ServerResponse } from "node:http";

import { announcesBody } from "./http/request-body.ts";

/** Bytes that a body which is handed on as it comes has to bring in a second, on average. */
const slowestStream = 1024;

const streamed = new WeakSet<IncomingMessage>();

/** Notes that a body is handed on as it comes, and not kept: it may take as long as it has something to bring. */
export function noteStream(request: IncomingMessage): void {
  streamed.add(request);
}

/**
 * Calls `late` when a body has not come within so many milliseconds, and nothing has been answered. One that is
 * streamed has a second more for each KiB that has come.
 */
export function boundArrival(
  request: IncomingMessage,
  response: ServerResponse,
  milliseconds: number,
  late: () => void,
): void {
  if (!announcesBody(request)) return;
  const { socket } = request;
  const begin = { at: Date.now(), bytes: socket.bytesRead };
  let timer = setTimeout(look, milliseconds);
  // A request that was answered before it had come does not tell when its connection closes.
  for (const side of [request, response]) side.once("close", () => clearTimeout(timer));

  function look(): void {
    if (request.complete) return;
    const earned = streamed.has(request) ? ((socket.bytesRead - begin.bytes) / slowestStream) * 1000 : 0;
    const left = begin.at + milliseconds + earned - Date.now();
    if (left <= 0) late();
    else timer = setTimeout(look, left);
  }
}
