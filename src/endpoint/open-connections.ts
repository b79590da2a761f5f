import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** The connections of a server and what is under way on each. */
export interface OpenConnections {
  /** Notes a response as under way until it is over. */
  readonly add: (response: ServerResponse) => void;
  /** Whether part of an answer has been sent on a connection, so that nothing else may be written to it. */
  readonly isAnswering: (socket: Socket) => boolean;
  /** Closes what is idle now, and everything else as soon as it is. Also connections that never said a word. */
  readonly drain: () => void;
  /** How many responses are under way. */
  readonly openRequests: () => number;
}

/** Watches the connections of a server. Node's own notion of idle leaves out those without a first request. */
export function watchConnections(server: Server): OpenConnections {
  const open = new Map<Socket, Set<ServerResponse>>();
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
      response.once("close", () => {
        open.get(socket)?.delete(response);
        if (draining) closeIdle(socket);
      });
    },
    isAnswering: (socket) =>
      [...(open.get(socket) ?? [])].some(
        ({ headersSent, writableFinished }) => headersSent && !writableFinished,
      ),
    drain() {
      draining = true;
      for (const response of [...open.values()].flatMap((responses) => [...responses]))
        response.shouldKeepAlive = false;
      for (const socket of open.keys()) closeIdle(socket);
    },
    openRequests: () => [...open.values()].reduce((sum, { size }) => sum + size, 0),
  };

  function closeIdle(socket: Socket): void {
    if (open.get(socket)?.size === 0) socket.destroySoon();
  }
}
