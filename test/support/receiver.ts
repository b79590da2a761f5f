import type { IncomingHttpHeaders, ServerResponse } from "node:http";

import { startUpstream } from "./upstream.ts";

/** A call of a webhook. */
export interface ReceivedCall {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A server that webhooks call. */
export interface Receiver {
  readonly url: string;
  readonly port: number;
  readonly calls: readonly ReceivedCall[];
  readonly close: () => Promise<void>;
}

/** Takes note of every call and then answers it, with 204 unless told otherwise. */
export async function startReceiver(
  answer: (response: ServerResponse, call: ReceivedCall, number: number) => void = (response) =>
    response.writeHead(204).end(),
): Promise<Receiver> {
  const calls: ReceivedCall[] = [];
  const upstream = await startUpstream((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      calls.push({ method, url, headers, body });
      answer(response, calls.at(-1)!, calls.length);
    });
  });
  return { url: upstream.url, port: upstream.port, calls, close: upstream.close };
}
