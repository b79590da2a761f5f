import { Agent, type Dispatcher } from "undici";

import { caps } from "../caps.ts";
import { messageOf } from "../errors.ts";
import type { DueDelivery } from "../store/outbox/outbox.ts";
import { deniedCode, type TargetGuard } from "../target-guard.ts";
import { parseDuration } from "../units.ts";
import type { DeliveryBody } from "./body.ts";
import type { Answer } from "./verdict.ts";

/** Milliseconds that an attempt may take, whatever a webhook says. */
export const longestTimeout = parseDuration(caps.webhookTimeout);

/** Bytes of an answer that are read; nobody needs them, but a connection whose answer is read can be used again. */
const readAtMost = 64 * 1024;

/** Characters of an error that are kept. */
const longestError = 300;

/** Headers that belong to the connection, or that follow from the body. */
const notForWebhooks = new Set([
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** The connections to all receivers. */
export interface Receivers {
  readonly agent: Dispatcher;
  readonly isDenied: TargetGuard["isDenied"];
  readonly close: () => Promise<void>;
}

/** Connections that reach nothing but what the guard lets them, and follow no redirect. */
export function createReceivers({ isDenied, lookup }: TargetGuard): Receivers {
  const agent = new Agent({ connections: 4, maxHeaderSize: 16 * 1024, connect: { lookup, timeout: 10_000 } });
  return { agent, isDenied, close: () => agent.destroy() };
}

/** Makes one attempt. Never rejects. Aborting `cancel` with an answer as its reason ends it with that. */
export async function send(
  { agent, isDenied }: Receivers,
  delivery: DueDelivery,
  body: DeliveryBody,
  cancel: AbortController,
): Promise<Answer> {
  const { webhook } = delivery;
  if (!URL.canParse(webhook.url)) return { error: "The webhook's URL can't be read.", isFinal: true };
  const url = new URL(webhook.url);
  if (isDenied(url.hostname.replace(/^\[|\]$/g, ""))) return denied;
  const timeout = Math.min(webhook.timeout, longestTimeout);
  const timer = setTimeout(() => cancel.abort(timedOut(timeout)), timeout);
  try {
    const answer = await agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: webhook.method,
      headers: headersOf(delivery, body),
      body: body.content,
      signal: cancel.signal,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    await answer.body.dump({ limit: readAtMost, signal: cancel.signal }).catch(() => {});
    return { status: answer.statusCode, retryAfter: [answer.headers["retry-after"]].flat()[0] ?? null };
  } catch (error) {
    return cancel.signal.aborted ? (cancel.signal.reason as Answer) : failureOf(error);
  } finally {
    clearTimeout(timer);
  }
}

function headersOf({ id, webhook, message }: DueDelivery, body: DeliveryBody): Record<string, string> {
  const headers: Record<string, string> = { "user-agent": "Gitway" };
  if (body.content !== null) headers["content-type"] = body.contentType;
  for (const [name, value] of Object.entries(webhook.headers))
    if (!notForWebhooks.has(name.toLowerCase())) headers[name.toLowerCase()] = value;
  return { ...headers, "x-gitway-delivery": id, "x-gitway-event": message.event };
}

const denied: Answer = { error: "The webhook leads to an address that may not be reached.", isFinal: true };

function timedOut(timeout: number): Answer {
  return { error: `The receiver gave no answer within ${timeout} ms.`, isFinal: false };
}

function failureOf(error: unknown): Answer {
  if ((error as NodeJS.ErrnoException).code === deniedCode) return denied;
  const text = messageOf(error).slice(0, longestError);
  return { error: `The receiver could not be reached: ${text}`, isFinal: false };
}
