import type { Call } from "../call.ts";
import type { Refusal } from "../endpoint-error.ts";
import { beginAnswer } from "../http/begin-answer.ts";
import { boundDelivery } from "../http/bound-delivery.ts";
import { receiveBody } from "../http/request-body.ts";
import type { Reply } from "./reply-definition.ts";

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
export function serveReply(call: Call, { status, headers, body }: Reply): Refusal | null {
  if (!headers) return { code: 1013, reason: "a header of the reply is malformed" };
  const { request, response } = call;
  beginAnswer(call, status, headers);
  response.end(request.method === "HEAD" ? null : body, "latin1");
  boundDelivery(response);
  return null;
}
