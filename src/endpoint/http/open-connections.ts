import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

import { isTunnel } from "./bare-response.ts";

/** The connections of a server and what is under way on each. */
export interface OpenConnections {
  /** Notes a response as under way until it is over. */
  readonly add: (response: ServerResponse) => void;
  /** Whether part of an answer has been sent on a connection, so that nothing else may be written to it. */
  readonly isAnswering: (socket: Socket) => boolean;
  /** Whether the body of a request is still to come on a connection, and nothing has been answered to it. */
  readonly isReading: (socket: Socket) => boolean;
  /** Closes what is idle now, and everything else as soon as it is. Also connections that never said a word. */
  readonly drain: () => void;
  /** Calls back once what is under way on a connection is over: at once when nothing is. */
  readonly whenFree: (socket: Socket, then: () => void) => void;
  /** Cuts off all connections, also those that Node's server has let go of. */
  readonly cutOff: () => void;
  /** How many responses are under way, without those that have become tunnels. */
  readonly openRequests: () => number;
}

/** Watches the connections of a server. Node's own notion of idle leaves out those without a first request. */
export function watchConnections(server: Server): OpenConnections {
  const open = new Map<Socket, Set<ServerResponse>>();
  const waiting = new WeakMap<Socket, () => void>();
  let draining = false;

  server.on("connection", (socket: Socket) => {
    open.set(socket, new Set());
    socket.once("close", () => open.delete(socket));
  });
  return {
    add(response) {
      const { socket } = response.req;
      open.get(socket)?.add(response);
      if (draining) response.shouldKeepAlive = false;
      response.on("close", () => {
        open.get(socket)?.delete(response);
        if (open.get(socket)?.size === 0) waiting.get(socket)?.();
        if (draining) closeIdle(socket);
      });
    },
    isAnswering: (socket) =>
      [...(open.get(socket) ?? [])].some(
        ({ headersSent, writableFinished }) => headersSent && !writableFinished,
      ),
    isReading: (socket) =>
      [...(open.get(socket) ?? [])].some(({ headersSent, req }) => !headersSent && !req.complete),
    drain() {
      draining = true;
      for (const response of [...open.values()].flatMap((responses) => [...responses]))
        response.shouldKeepAlive = false;
      for (const socket of open.keys()) closeIdle(socket);
    },
    whenFree(socket, then) {
      if (open.get(socket)?.size === 0) return then();
      waiting.set(socket, () => {
        waiting.delete(socket);
        then();
      });
    },
    cutOff() {
      for (const socket of open.keys()) socket.destroy();
    },
    openRequests() {
      const responses = [...open.values()].flatMap((responses) => [...responses]);
      return responses.filter((response) => !isTunnel(response)).length;
    },
  };

  function closeIdle(socket: Socket): void {
    if (open.get(socket)?.size === 0) socket.destroySoon();
  }
}
