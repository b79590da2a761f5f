import { validateHeaderName, validateHeaderValue } from "node:http";

import type { Call } from "../call.ts";
import type { Refusal } from "../endpoint-error.ts";
import { receiveBody } from "../http/request-body.ts";
import { addHeaders } from "./add-headers.ts";
import type { Reply } from "./reply-definition.ts";

const bodiless = new Set([204, 205, 304]);

/**
 * Carries out a reply action. A body whose length was not stated is counted before the answer, where there is
 * a limit.
 */
export function serveReplyAction(call: Call, reply: Reply): Refusal | null | Promise<Refusal | null> {
  const limit = call.definition.limits.requestBody;
  return limit === null ? serveReply(call, reply) : serveWithin(limit, call, reply);
}

async function serveWithin(limit: number, call: Call, reply: Reply): Promise<Refusal | null> {
  const isWithin = await receiveBody(call.request, call.response, limit, () => {});
  return isWithin ? serveReply(call, reply) : { code: 1009 };
}

/** Answers with the reply. */
export function serveReply({ request, response }: Call, reply: Reply): Refusal | null {
  if (!reply.headers.every(isSendable)) return { code: 1013, reason: "a header of the reply is malformed" };
  addHeaders(response, reply.headers);
  sendBody(request.method, response, reply.status, reply.body);
  return null;
}

/** Ends an answer with a body, or without one where HTTP knows none. */
function sendBody(
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
