import { createHash } from "node:crypto";

import type { DeliveryOutcome, DueDelivery, Outbox } from "../store/outbox/outbox.ts";
import { renderBody, withoutTime } from "./body.ts";
import { type Receivers, send } from "./send.ts";
import { judge, type RetrySchedule, type Verdict } from "./verdict.ts";

/** What an attempt needs. */
export interface AttemptParts {
  readonly outbox: Pick<Outbox, "mark">;
  readonly receivers: Receivers;
  readonly schedule: RetrySchedule;
  /** Aborted to end the attempt early, with an `Answer` as its reason. */
  readonly cancel: AbortController;
}

/** Renders a message, leaves it out when the same was said lately, and sends it. Rejects only when the store does. */
export async function attempt(delivery: DueDelivery, parts: AttemptParts): Promise<Verdict> {
  const body = renderBody(delivery.webhook, delivery.message);
  if (body === null) return { outcome: tooLarge, asked: 0 };
  if (await isDuplicate(delivery, parts.outbox)) return { outcome: { state: "duplicate" }, asked: 0 };
  const answer = await send(parts.receivers, delivery, body, parts.cancel);
  return judge(answer, delivery, parts.schedule, Date.now());
}

const tooLarge: DeliveryOutcome = {
  state: "failed",
  status: null,
  error: "The template makes a body of more than 1 MiB of this event.",
};

/** The same is said when method, target and rendered body are equal but for the time (Gateway rules 2.6). */
async function isDuplicate(delivery: DueDelivery, outbox: AttemptParts["outbox"]): Promise<boolean> {
  const { webhook, message, dedupe } = delivery;
  if (dedupe === 0) return false;
  const body = renderBody(webhook, withoutTime(message))?.content;
  const said = JSON.stringify([webhook.method, webhook.url, body]);
  return !(await outbox.mark(delivery, createHash("sha256").update(said).digest("hex")));
}
