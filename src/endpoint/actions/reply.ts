import { validateHeaderName, validateHeaderValue } from "node:http";

import type { ReplyAction } from "../../manifest/api-definition.generated.ts";
import type { Call } from "../call.ts";
import type { Refusal } from "../endpoint-error.ts";

/** An answer that is the same for every call. */
export interface Reply {
  readonly kind: "reply";
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/** Headers that frame a message: those are the server's to set. */
const framing = new Set([
  "content-length",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "upgrade",
  "trailer",
]);

const bodiless = new Set([204, 205, 304]);

/** Makes a reply ready for serving. Text unless its headers say otherwise. */
export function prepareReply(action: ReplyAction): Reply {
  const headers = Object.entries(action.headers ?? {}).filter(([name]) => !framing.has(name.toLowerCase()));
  const body = Buffer.from(action.body ?? "");
  const typed = headers.some(([name]) => name.toLowerCase() === "content-type");
  if (!typed && body.length > 0) headers.push(["content-type", "text/plain; charset=utf-8"]);
  return { kind: "reply", status: action.status ?? 200, headers, body };
}

/** Answers with the reply. */
export function serveReply({ request, response }: Call, reply: Reply): Refusal | null {
  if (!reply.headers.every(isSendable)) return { code: 1013, reason: "a header of the reply is malformed" };
  for (const [name, value] of reply.headers) response.appendHeader(name, value);
  sendBody(request.method, response, reply.status, reply.body);
  return null;
}

/** Ends an answer with a body, or without one where HTTP knows none. */
export function sendBody(
  method: string | undefined,
  response: Call["response"],
  status: number,
  body: Uint8Array,
): void {
  if (!bodiless.has(status)) response.setHeader("content-length", body.byteLength);
  response.writeHead(status);
  response.end(method === "HEAD" || bodiless.has(status) ? undefined : body);
}

/** Whether a header can be sent as it is (RFC 9110 5). */
export function isSendable([name, value]: readonly [name: string, value: string]): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}
