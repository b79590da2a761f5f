import { IncomingMessage } from "node:http";
import type { Socket } from "node:net";

import { announcesBody } from "./request-body.ts";

/** A connection that has been taken out of the server's hands, to become a WebSocket if the call is let in. */
export interface Upgrade {
  readonly socket: Socket;
  /** What came behind the request already. */
  readonly head: Buffer;
}

/**
 * A request that is only taken for an upgrade when it opens a WebSocket. Node.js asks each request for this
 * property; what else it may offer (h2c, say) is ignored, and the request served (RFC 9110 7.8).
 */
export class ArrivingMessage extends IncomingMessage {
  get upgrade(): boolean {
    return this.method === "CONNECT" || opensWebSocket(this);
  }

  set upgrade(_offered: boolean) {}
}

/** Whether a request is the handshake of a WebSocket (RFC 6455 4.1). Keys and versions are the upstream's business. */
function opensWebSocket(request: IncomingMessage): boolean {
  const { method, httpVersion, headers } = request;
  return (
    isWebSocket(headers.upgrade) &&
    hasToken(headers.connection, "upgrade") &&
    method === "GET" &&
    httpVersion === "1.1" &&
    headers.host !== undefined &&
    !announcesBody(request)
  );
}

/** Whether a header `Upgrade` names WebSockets. */
export function isWebSocket(upgrade: string | undefined): boolean {
  return hasToken(upgrade, "websocket");
}

function hasToken(header: string | undefined, token: string): boolean {
  return header?.split(",").some((part) => part.trim().toLowerCase() === token) ?? false;
}
