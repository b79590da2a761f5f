import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";

import { plainAddress } from "../../endpoint/http/client-address.ts";
import { AppError, messageOf } from "../../errors.ts";
import type { AskedCall } from "./asked-call.ts";

/** An answer of the running endpoint. */
export interface LiveAnswer {
  readonly response: IncomingMessage;
  /** The address that the request came from, as far as this machine knows. */
  readonly clientAddress: string;
}

const patience = 150_000;

/** Sends a request as a client would. `endpoint-unreachable` when nobody answers. */
export async function sendCall({ origin, host, method, url, headers, body }: AskedCall): Promise<LiveAnswer> {
  const { protocol, hostname, port } = new URL(origin);
  const send = protocol === "https:" ? requestHttps : requestHttp;
  return await new Promise((resolve, reject) => {
    const request = send({
      hostname: hostname.replace(/^\[(.*)\]$/, "$1"),
      port,
      method,
      path: url,
      setHost: false,
      agent: false,
      headers: [
        "host",
        host,
        ...headers.flat(),
        ...(body.length === 0 ? [] : ["content-length", String(body.length)]),
      ],
      timeout: patience,
    });
    request.once("response", (response) => {
      resolve({ response, clientAddress: plainAddress(request.socket?.localAddress ?? "") });
    });
    request.once("timeout", () => request.destroy(new Error(`no answer for ${patience / 1000} seconds`)));
    request.once("error", (error) => reject(unreachable(origin, error)));
    request.end(body);
  });
}

function unreachable(origin: string, error: NodeJS.ErrnoException): AppError {
  const reason = error.code ?? messageOf(error);
  return new AppError(
    "endpoint-unreachable",
    `The endpoint at ${origin} does not answer (${reason}). Does 'gitway run' run, and there? --url names another place.`,
    { cause: error },
  );
}
