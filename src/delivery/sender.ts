import { messageOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { DeliveryOutcome, DueDelivery, Outbox } from "../store/outbox/outbox.ts";
import { attempt } from "./attempt.ts";
import type { Pauses } from "./pauses.ts";
import type { Receivers } from "./send.ts";
import type { RetrySchedule, Verdict } from "./verdict.ts";

/** What sending needs. */
export interface SenderParts {
  readonly outbox: Pick<Outbox, "mark" | "finish">;
  readonly receivers: Receivers;
  readonly pauses: Pauses;
  readonly schedule: RetrySchedule;
  readonly log: Log;
  readonly observe: { ended(outcome: DeliveryOutcome["state"], count: number): void } | undefined;
}

/** Makes attempts and records them. */
export interface Sender {
  /** Never rejects. Gives the milliseconds after which there may be something to do. */
  send(delivery: DueDelivery, cancel: AbortController): Promise<readonly number[]>;
}

/** Creates what makes attempts and records them, in the store, the log and the metrics. */
export function createSender(parts: SenderParts): Sender {
  const { outbox, log, pauses, observe } = parts;
  return {
    async send(delivery, cancel) {
      try {
        const verdict = await attempt(delivery, { ...parts, cancel });
        report(log, delivery, verdict.outcome);
        const delays = pauseAfter(pauses, delivery.webhook.id, verdict);
        await outbox.finish(delivery, verdict.outcome);
        observe?.ended(verdict.outcome.state, 1);
        return delays;
      } catch (error) {
        const facts = { delivery: delivery.id, error: messageOf(error) };
        log.warn(facts, "A delivery could not be recorded, and is repeated.");
        return [];
      }
    },
  };
}

/** What the log says of an attempt holds no URL, header or body: those may hold secrets. */
function report(log: Log, { id, attempt, webhook, message }: DueDelivery, outcome: DeliveryOutcome): void {
  const facts = { delivery: id, webhook: webhook.name, event: message.event, attempt, ...outcome };
  if (outcome.state === "failed") log.warn(facts, "An event was not delivered.");
  else log.debug(facts, "An attempt to deliver an event ended.");
}

/** A receiver that answers is fine, whatever it thinks of a message. */
function pauseAfter(pauses: Pauses, webhookId: string, { outcome, asked }: Verdict): readonly number[] {
  if (outcome.state === "retry") return [outcome.after, pauses.failed(webhookId, asked)];
  if ("status" in outcome && outcome.status !== null) pauses.succeeded(webhookId);
  return [];
}
