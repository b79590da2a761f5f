import type { Server, ServerResponse } from "node:http";
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

import { RequestError } from "@hono/node-server";

import { envelope } from "./answers.ts";

const headers = { "cache-control": "no-store", connection: "close", "x-content-type-options": "nosniff" };

/** What the parser says of a request, and what its sender is told. */
const faults: Readonly<Record<string, readonly [status: number, message: string]>> = {
  HPE_HEADER_OVERFLOW: [431, "Path and headers are larger than 16 KiB."],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "The request did not arrive in time."],
};
const noHttp = [400, "This is no proper HTTP request."] as const;

/** The answer to a request that has no readable address: its path or its `Host` header can't be. */
export function answerUnreadable(error: unknown): Response {
  return error instanceof RequestError
    ? Response.json(envelope("The path or the Host header can't be read."), { status: 400, headers })
    : Response.json(envelope("Internal error; the log has more."), { status: 500, headers });
}

/** Answers what is no HTTP on the bare connection, in the envelope of the API, and closes it. */
export function answerFaults(server: Server): void {
  const answers = new WeakMap<Duplex, ServerResponse>();
  server.on("request", ({ socket }, response) => void answers.set(socket, response));
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const answer = answers.get(socket);
    const isUnderWay = answer?.headersSent === true && !answer.writableFinished;
    if (error.code === "ECONNRESET" || !socket.writable || isUnderWay) {
      socket.destroy();
      return;
    }
    const [status, message] = faults[error.code ?? ""] ?? noHttp;
    const body = JSON.stringify(envelope(message));
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      "content-type: application/json",
      `content-length: ${Buffer.byteLength(body)}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ];
    socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
  });
}
