import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createSocketServer, connect, type AddressInfo, type Socket } from "node:net";

/** A server that a proxy under test talks to. */
export interface Upstream {
  readonly url: string;
  readonly port: number;
  readonly requests: readonly IncomingMessage[];
  readonly close: () => Promise<void>;
}

/** An HTTP upstream on a free port. */
export async function startUpstream(handler: RequestListener): Promise<Upstream> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    handler(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** An HTTP upstream that answers with what it was asked, as JSON. */
export async function startEcho(): Promise<Upstream> {
  return await startUpstream((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      const { method, url, headers } = request;
      response.end(JSON.stringify({ method, url, headers, body }));
    });
  });
}

/** An upstream that may break every rule of HTTP: it gets the bare connection. */
export async function startRawUpstream(onSocket: (socket: Socket) => void): Promise<Upstream> {
  const sockets = new Set<Socket>();
  const server = createSocketServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    onSocket(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests: [],
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** A connection that a test writes bytes to. */
export interface RawConnection {
  readonly socket: Socket;
  /** All that has come so far, as Latin-1. */
  readonly text: () => string;
  /** Resolves with all that came once the other side has closed. */
  readonly ended: Promise<string>;
}

/** Opens a bare connection to an HTTP address and writes this. */
export function rawConnection(url: string, text: string): RawConnection {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let received = "";
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => (received += chunk));
  socket.on("error", () => {});
  socket.write(text, "latin1");
  const ended = new Promise<string>((resolve) => socket.once("close", () => resolve(received)));
  return { socket, text: () => received, ended };
}
