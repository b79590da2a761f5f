import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";

import { WebSocket } from "undici";

import type { SelfSigned } from "./certificate.ts";

/** An upstream that speaks WebSocket. */
export interface WebSocketUpstream {
  readonly url: string;
  /** The handshakes that came. */
  readonly requests: readonly IncomingMessage[];
  /** The connections that were agreed on. */
  readonly sockets: readonly Socket[];
  readonly close: () => Promise<void>;
}

/** What becomes of a handshake. By default it is agreed to, and what comes is sent back. */
export type OnHandshake = (request: IncomingMessage, socket: Socket, head: Buffer) => void;

/** Starts an upstream on a free port. Requests that open no WebSocket go to the other listener. With a certificate it speaks TLS. */
export async function startWebSocketUpstream(
  onHandshake: OnHandshake = echo,
  onRequest: RequestListener = (_request, response) => response.writeHead(426).end(),
  tls?: SelfSigned,
): Promise<WebSocketUpstream> {
  const requests: IncomingMessage[] = [];
  const sockets: Socket[] = [];
  const server = tls ? createSecureServer(tls, onRequest) : createServer(onRequest);
  server.on("upgrade", (request, socket: Socket, head) => {
    requests.push(request);
    sockets.push(socket);
    socket.on("error", () => {});
    onHandshake(request, socket, head);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `${tls ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    sockets,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Agrees to a handshake (RFC 6455 4.2.2). What is given goes out with it. */
export function agree(request: IncomingMessage, socket: Socket, more: string | Buffer = "", head = ""): void {
  const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash("sha1").update(key).digest("base64");
  const [protocol] = (request.headers["sec-websocket-protocol"] ?? "").split(",");
  socket.write(
    Buffer.concat([
      Buffer.from(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n` +
          `${protocol ? `Sec-WebSocket-Protocol: ${protocol}\r\n` : ""}${head}\r\n`,
      ),
      Buffer.from(more),
    ]),
  );
}

/** Agrees, and sends each message and each close back. */
export function echo(request: IncomingMessage, socket: Socket, head: Buffer): void {
  agree(request, socket);
  let left = head;
  const take = (chunk: Buffer) => {
    left = Buffer.concat([left, chunk]);
    for (let frame = readFrame(left); frame; frame = readFrame(left)) {
      left = left.subarray(frame.size);
      const sent = socket.write(frameOf(frame.first, frame.payload));
      if ((frame.first & 0x0f) === closeFrame) socket.end();
      if (!sent) {
        socket.pause();
        socket.once("drain", () => socket.resume());
      }
    }
  };
  take(Buffer.alloc(0));
  socket.on("data", take);
}

/** The first byte of a whole text message. */
export const textFrame = 0x81;
const closeFrame = 0x08;

/** A frame as servers send it. */
export function frameOf(first: number, payload: Buffer | string): Buffer {
  const content = Buffer.from(payload);
  const head = Buffer.alloc(content.length < 126 ? 2 : content.length < 65_536 ? 4 : 10);
  head[0] = first;
  head[1] = content.length < 126 ? content.length : content.length < 65_536 ? 126 : 127;
  if (head.length === 4) head.writeUInt16BE(content.length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(content.length), 2);
  return Buffer.concat([head, content]);
}

/** The first frame that a client sent, unmasked; null until it is whole. */
function readFrame(bytes: Buffer): { first: number; payload: Buffer; size: number } | null {
  if (bytes.length < 2) return null;
  const short = bytes[1]! & 0x7f;
  const start = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < start + 4) return null;
  const length =
    short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  const size = start + 4 + length;
  if (bytes.length < size) return null;
  const mask = bytes.subarray(start, start + 4);
  const payload = Buffer.from(bytes.subarray(start + 4, size)).map((byte, index) => byte ^ mask[index % 4]!);
  return { first: bytes[0]!, payload: Buffer.from(payload), size };
}

/** A client, and what it was sent. */
export interface WebSocketClient {
  readonly socket: WebSocket;
  readonly messages: readonly (string | ArrayBuffer)[];
  /** Resolves when it is open; rejects when it never was. */
  readonly opened: Promise<void>;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

/** Opens a WebSocket at an HTTP address. */
export function openWebSocket(
  url: string,
  options: ConstructorParameters<typeof WebSocket>[1] = [],
): WebSocketClient {
  const socket = new WebSocket(url.replace(/^http/, "ws"), options);
  socket.binaryType = "arraybuffer";
  const messages: (string | ArrayBuffer)[] = [];
  socket.addEventListener("message", ({ data }) => messages.push(data as string | ArrayBuffer));
  const opened = new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", () => reject(new Error("It was not opened.")));
  });
  opened.catch(() => {});
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.addEventListener("close", ({ code, reason }) => resolve({ code, reason })),
  );
  return { socket, messages, opened, closed };
}
