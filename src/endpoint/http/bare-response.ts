import { type IncomingMessage, ServerResponse } from "node:http";

import type { Upgrade } from "./handshake.ts";

/** Milliseconds that a client has to take an answer and close, before it is cut off. */
const closingTime = 1000;

/**
 * The response to a request whose connection the server has let go of: all that answers requests can
 * answer this one, too. The connection ends with it, unless that became a tunnel.
 */
export function bareResponse(request: IncomingMessage, { socket }: Upgrade): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  socket.on("drain", () => response.emit("drain"));
  response.once("finish", () => {
    if (isTunnel(response)) return;
    socket.resume().end();
    setTimeout(() => socket.destroy(), closingTime).unref();
  });
  return response;
}

/** Whether a response has made its connection a tunnel. */
export function isTunnel({ headersSent, statusCode }: ServerResponse): boolean {
  return headersSent && statusCode === 101;
}
