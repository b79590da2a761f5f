import { createServer, request as sendRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { type Duplex, duplexPair } from "node:stream";

import type { BatchedRequest } from "./read-batch.ts";

/** An answer as it came. */
export interface LocalAnswer {
  readonly status: number;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  /** In parts, as it came. */
  readonly body: readonly Buffer[];
  /** What ended it. Unless it is whole, the body is how it began. */
  readonly end: "whole" | "too-large" | "late" | "broken";
}

/** A request that comes from within. */
export type LocalRequest = Omit<BatchedRequest, "relativeUrl">;

/** Serves one request. Gives what is to be called when the response is closed, if anything. */
export type LocalHandler = (request: IncomingMessage, response: ServerResponse) => (() => void) | undefined;

/** Serves requests that come from within. Rejects when there is no answer, not even a beginning. */
export type LocalExchange = (
  request: LocalRequest,
  host: string,
  signal: AbortSignal,
  /** Takes the size of a part of the answer; false ends it. */
  mayTake: (bytes: number) => boolean,
) => Promise<LocalAnswer>;

/**
 * Serves requests through the handler without the network: both ends speak HTTP as ever, over a pair of
 * streams. To the handler they come from this address.
 */
export function createLocalExchange(handle: LocalHandler, address: string): LocalExchange {
  const server = createServer({ maxHeaderSize: 64 * 1024 });
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const over = handle(request, response);
    if (over) response.on("close", over);
  };
  server.on("request", serve).on("checkExpectation", serve);
  return async (asked, host, signal, mayTake) => {
    const [near, far] = duplexPair();
    // An end is handed on by the pair; that one side breaks off is not.
    far.once("close", () => far.writableFinished || near.destroy(new Error("The answer broke off.")));
    server.emit("connection", Object.assign(far, { remoteAddress: address, setTimeout: () => far }));
    try {
      const answer = await send(asked, host, near, signal);
      const body: Buffer[] = [];
      const end = await collect(answer, body, signal, mayTake);
      const { statusCode = 0, rawHeaders } = answer;
      return { status: statusCode, headers: rawHeaders, body, end };
    } finally {
      near.destroy();
      far.destroy();
    }
  };
}

async function collect(
  answer: IncomingMessage,
  chunks: Buffer[],
  signal: AbortSignal,
  mayTake: (bytes: number) => boolean,
): Promise<LocalAnswer["end"]> {
  if (!mayTake(answer.rawHeaders.join("").length)) return "too-large";
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      if (!mayTake(chunk.length)) return "too-large";
      chunks.push(chunk);
    }
    return "whole";
  } catch {
    return signal.aborted ? "late" : "broken";
  }
}

async function send(
  { method, url, headers, body }: LocalRequest,
  host: string,
  connection: Duplex,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    const request = sendRequest({
      createConnection: () => connection,
      method,
      path: url,
      setHost: false,
      headers: [
        ...headers.flat(),
        "host",
        host,
        ...(body.length === 0 ? [] : ["content-length", String(body.length)]),
      ],
      maxHeaderSize: 64 * 1024,
      signal,
    });
    request.on("response", resolve);
    request.on("error", reject);
    request.end(body);
  });
}
