import { type IncomingMessage, request, type RequestOptions } from "node:http";
import { text } from "node:stream/consumers";

/** What came back. */
export interface PlainAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
}

/** A request with headers and a body that `fetch` would not send. */
export interface PlainRequest extends Pick<RequestOptions, "method"> {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** Sends a request just as it is described: with its own `Host`, its own path, and no other header. */
export async function plainRequest(
  url: string,
  path: string,
  { method = "GET", headers = {}, body }: PlainRequest = {},
): Promise<PlainAnswer> {
  const { hostname, port } = new URL(url);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers, agent: false }, resolve);
    sent.on("error", reject);
    sent.end(body);
  });
  const content = await text(answer);
  const isJson = answer.headers["content-type"]?.startsWith("application/json") === true;
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    body: isJson ? JSON.parse(content) : content,
  };
}
