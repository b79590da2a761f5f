import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

import { isTunnel } from "./bare-response.ts";

/** The connections of a server and what is under way on each. */
export interface OpenConnections {
  /** Notes a response as under way. */
  readonly add: (response: ServerResponse) => void;
  /** Notes that a response is closed. */
  readonly remove: (response: ServerResponse) => void;
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

/** What is under way on a connection. */
interface Connection {
  readonly responses: Set<ServerResponse>;
  /** Waits until nothing is; null for nobody. */
  free: (() => void) | null;
}

/** Watches the connections of a server. Node's own notion of idle leaves out those without a first request. */
export function watchConnections(server: Server): OpenConnections {
  const open = new Map<Socket, Connection>();
  let draining = false;

  server.on("connection", (socket: Socket) => {
    open.set(socket, { responses: new Set(), free: null });
    socket.once("close", () => open.delete(socket));
  });
  return {
    add(response) {
      open.get(response.req.socket)?.responses.add(response);
      if (draining) response.shouldKeepAlive = false;
    },
    remove(response) {
      const { socket } = response.req;
      const connection = open.get(socket);
      connection?.responses.delete(response);
      if (connection?.responses.size === 0) connection.free?.();
      if (draining) closeIdle(socket);
    },
    isAnswering: (socket) =>
      responsesOn(socket).some(({ headersSent, writableFinished }) => headersSent && !writableFinished),
    isReading: (socket) => responsesOn(socket).some(({ headersSent, req }) => !headersSent && !req.complete),
    drain() {
      draining = true;
      for (const response of allResponses()) response.shouldKeepAlive = false;
      for (const socket of open.keys()) closeIdle(socket);
    },
    whenFree(socket, then) {
      const connection = open.get(socket);
      if (!connection) return;
      if (connection.responses.size === 0) return then();
      connection.free = () => {
        connection.free = null;
        then();
      };
    },
    cutOff() {
      for (const socket of open.keys()) socket.destroy();
    },
    openRequests: () => allResponses().filter((response) => !isTunnel(response)).length,
  };

  function responsesOn(socket: Socket): readonly ServerResponse[] {
    return [...(open.get(socket)?.responses ?? [])];
  }

  function allResponses(): readonly ServerResponse[] {
    return [...open.values()].flatMap(({ responses }) => [...responses]);
  }

  function closeIdle(socket: Socket): void {
    if (open.get(socket)?.responses.size === 0) socket.destroySoon();
  }
}
