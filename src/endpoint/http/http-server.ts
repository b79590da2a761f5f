import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { Socket } from "node:net";

import { AppError } from "../../errors.ts";
import { boundArrival } from "../arrival.ts";
import { decisionOf } from "../decision.ts";
import { endpointErrors, errorBody, type EndpointErrorCode } from "../endpoint-error.ts";
import type { RequestHandler } from "../request-handler.ts";
import type { ServedRequest } from "../served-request.ts";
import { bareResponse } from "./bare-response.ts";
import { plainAddress } from "./client-address.ts";
import { commonMethods } from "./common-methods.ts";
import { ArrivingMessage, type Upgrade } from "./handshake.ts";
import { watchConnections, type OpenConnections } from "./open-connections.ts";
import { noteExpectation } from "./request-body.ts";
import { newRequestId } from "./request-id.ts";

/** How long clients may take, in milliseconds. */
export interface ServerTimes {
  /** For the request line and headers. */
  readonly headers: number;
  /** For the body; one that is streamed may take longer while it keeps coming. */
  readonly request: number;
  /** Between requests on one connection; longer than a load balancer keeps one. */
  readonly keepAlive: number;
}

/** What clients get. */
export const defaultTimes: ServerTimes = { headers: 15_000, request: 300_000, keepAlive: 75_000 };

const drainTime = 10_000;

/** What a server needs. */
export interface HttpServerOptions {
  readonly host: string;
  readonly port: number;
  readonly nodeId: number;
  readonly times: ServerTimes;
  readonly handle: RequestHandler;
  /** Told of what never got to be a request. */
  readonly observe?: (request: ServedRequest) => void;
}

/** A listening server. */
export interface HttpServer {
  readonly port: number;
  /** How many requests are under way. */
  readonly openRequests: () => number;
  /** Takes no more connections, lets what is under way end, and after ten seconds cuts off what is left. */
  readonly close: () => Promise<void>;
  readonly closeNow: () => Promise<void>;
}

/** The errors of Node's HTTP parser that are not told by where it was: in a head, or in a body. */
const parserErrors: Record<string, EndpointErrorCode> = {
  HPE_INVALID_TRANSFER_ENCODING: 2001,
  HPE_HEADER_OVERFLOW: 2003,
  ERR_HTTP_REQUEST_TIMEOUT: 2002,
};

/** Listens for requests, and answers itself those that are no HTTP. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { times, handle } = options;
  const server = createServer({
    IncomingMessage: ArrivingMessage,
    maxHeaderSize: 16 * 1024,
    headersTimeout: times.headers,
    // Bodies have a limit of their own, which depends on what becomes of them.
    requestTimeout: 0,
    keepAliveTimeout: times.keepAlive,
    connectionsCheckingInterval: Math.min(1000, times.headers),
    insecureHTTPParser: false,
    // Node.js would answer itself, with no word of why.
    requireHostHeader: false,
  });
  // The size is what bounds them; a limit by number would leave the rest out without a word.
  server.maxHeadersCount = 0;
  const connections = watchConnections(server);
  const onRequest = (request: IncomingMessage, response: ServerResponse, upgrade?: Upgrade): void => {
    connections.add(response);
    boundArrival(request, response, times.request, () => cutOff(request.socket, 2002));
    const over = handle(request, response, upgrade);
    response.on("close", () => {
      connections.remove(response);
      over();
    });
  };
  server.on("request", onRequest);
  server.on("checkContinue", (request, response) => {
    noteExpectation(response);
    onRequest(request, response);
  });
  server.on("checkExpectation", onRequest);
  server.on("connect", (_request, socket: Socket) => {
    // Node.js has let go of the connection: without a listener a reset would end the process.
    socket.on("error", () => {});
    answerRaw(socket, 3, options, { allow: commonMethods.join(", ") });
  });
  server.on("upgrade", (request, socket: Socket, head) => onUpgrade(request, { socket, head }));
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === "ECONNRESET") socket.destroy();
    else cutOff(socket, parserErrors[error.code ?? ""] ?? (connections.isReading(socket) ? 1007 : 2001));
  });
  await listen(server, options.host, options.port);
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : options.port,
    openRequests: connections.openRequests,
    close: () => drain(server, connections),
    closeNow: () => stop(server, connections),
  };

  function onUpgrade(request: IncomingMessage, upgrade: Upgrade): void {
    const { socket } = upgrade;
    // As with CONNECT.
    socket.on("error", () => {});
    // Answers to requests before this one on the same connection come first.
    connections.whenFree(socket, () => {
      if (!socket.destroyed) onRequest(request, bareResponse(request, upgrade), upgrade);
    });
  }

  function cutOff(socket: Socket, code: EndpointErrorCode): void {
    if (connections.isAnswering(socket)) socket.destroy();
    else answerRaw(socket, code, options);
  }
}

/** Answers on the bare connection, where there is no request to answer, and closes it. */
function answerRaw(
  socket: Socket,
  code: EndpointErrorCode,
  { nodeId, observe }: Pick<HttpServerOptions, "nodeId" | "observe">,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { status } = endpointErrors[code];
  const id = newRequestId();
  const body = errorBody({ code }, nodeId);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "content-type: application/json; charset=utf-8",
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${id}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
  observe?.({
    id,
    receivedAt: Date.now(),
    method: "",
    path: "",
    client: plainAddress(socket.remoteAddress ?? ""),
    status,
    isBrokenOff: false,
    milliseconds: 0,
    decision: decisionOf(null, null, { code }),
  });
  setTimeout(() => socket.destroy(), 1000).unref();
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  }).catch((error: NodeJS.ErrnoException) => {
    throw listenFailure(error, host, port);
  });
}

function listenFailure(error: NodeJS.ErrnoException, host: string, port: number): AppError {
  const place = `The endpoint can't listen on ${host}, port ${port}`;
  if (error.code === "EADDRINUSE")
    return new AppError(
      "port-in-use",
      `${place}: something else does already. Stop that, or choose another port with --endpoint-port, endpoint.port or GITWAY_ENDPOINT_PORT.`,
      { cause: error },
    );
  return new AppError(
    "config-invalid",
    `${place} (${error.code ?? error.message}). Choose an address of this machine and a port that this user may open.`,
    { cause: error },
  );
}

async function drain(server: Server, connections: OpenConnections): Promise<void> {
  const cutOff = setTimeout(connections.cutOff, drainTime);
  const done = closed(server);
  connections.drain();
  await done;
  clearTimeout(cutOff);
}

async function stop(server: Server, connections: OpenConnections): Promise<void> {
  const done = closed(server);
  connections.cutOff();
  await done;
}

async function closed(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
}
