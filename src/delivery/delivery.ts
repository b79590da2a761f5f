import type { Closeable } from "../closeable.ts";
import { messageOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { DeliveryOutcome, DueDelivery, Outbox } from "../store/outbox/outbox.ts";
import type { TargetGuard } from "../target-guard.ts";
import { coalesced } from "./coalesced.ts";
import { createPauses } from "./pauses.ts";
import { createReceivers, longestTimeout } from "./send.ts";
import { createSender } from "./sender.ts";
import { type Answer, defaultSchedule, type RetrySchedule } from "./verdict.ts";

/** What delivering needs. */
export interface DeliveryOptions {
  readonly store: { readonly outbox: Outbox };
  /** What webhooks may reach. */
  readonly targets: TargetGuard;
  readonly log: Log;
  /** Told how attempts end, and from time to time how many messages wait; for metrics. */
  readonly observe?: {
    ended(outcome: DeliveryOutcome["state"] | "dropped", count: number): void;
    pending(count: number): void;
  };
  readonly schedule?: Partial<RetrySchedule>;
  readonly times?: Partial<DeliveryTimes>;
}

/** Milliseconds. */
interface DeliveryTimes {
  /** Between looks at the outbox, in case a notification was lost. */
  readonly poll: number;
  /** Between trims of the log. */
  readonly trim: number;
  /** After which an attempt without a word from whoever made it is repeated. */
  readonly lease: number;
  /** How long a webhook whose receiver failed is left alone, from the first failure to the most. */
  readonly firstPause: number;
  readonly longestPause: number;
  /** How long closing waits for attempts under way. */
  readonly grace: number;
}

const defaultTimes: DeliveryTimes = {
  poll: 5000,
  trim: 60_000,
  lease: longestTimeout + 30_000,
  firstPause: 1000,
  longestPause: 60_000,
  grace: 5000,
};

/** How many messages are sent at once, each to another webhook. */
const mostAtOnce = 32;

/** A timer may fire a moment before the clock says so. */
const timerSlack = 2;

const endedEarly: Answer = { error: "Gitway ended before the receiver answered.", isFinal: false };

/**
 * Sends what is in the outbox, until it is closed. Each webhook gets one message at a time, in the order of
 * the events but for those that are repeated, so that a slow receiver holds up no other. Several processes
 * may do this at once. A message is sent at least once: twice when a process dies between the answer and
 * its record, with the same `X-Gitway-Delivery`.
 */
export async function startDelivery(options: DeliveryOptions): Promise<Closeable> {
  const { log, observe } = options;
  const { outbox } = options.store;
  const times = { ...defaultTimes, ...options.times };
  const receivers = createReceivers(options.targets);
  const pauses = createPauses({ first: times.firstPause, longest: times.longestPause });
  const schedule = { ...defaultSchedule, ...options.schedule };
  const sender = createSender({ outbox, receivers, pauses, schedule, log, observe });
  /** By webhook. */
  const underWay = new Map<string, { readonly cancel: AbortController; readonly done: Promise<void> }>();
  const timers = new Set<NodeJS.Timeout>();
  let closed = false;

  const claimMore = coalesced(async () => {
    const free = mostAtOnce - underWay.size;
    if (closed || free <= 0) return;
    const except = [...underWay.keys(), ...pauses.current()];
    for (const delivery of await outbox.claim({ except, limit: free, lease: times.lease })) begin(delivery);
  });

  function begin(delivery: DueDelivery): void {
    const cancel = new AbortController();
    underWay.set(delivery.webhook.id, { cancel, done: conduct(delivery, cancel) });
  }

  async function conduct(delivery: DueDelivery, cancel: AbortController): Promise<void> {
    const delays = await sender.send(delivery, cancel);
    underWay.delete(delivery.webhook.id);
    attended(claimMore);
    for (const delay of delays) wakeAfter(delay);
  }

  /** What comes later than the next poll is found by that. */
  function wakeAfter(delay: number): void {
    if (closed || delay >= times.poll) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      attended(claimMore);
    }, delay + timerSlack);
    timers.add(timer);
  }

  async function tend(): Promise<void> {
    const dropped = await outbox.dropOrphans();
    if (dropped > 0) observe?.ended("dropped", dropped);
    observe?.pending(await outbox.pending());
  }

  function attended(work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      if (!closed) log.warn({ error: messageOf(error) }, "Looking after the outbox failed; trying again.");
    });
  }

  function every(milliseconds: number, work: () => Promise<void>): NodeJS.Timeout {
    const inTurn = coalesced(work);
    attended(inTurn);
    return setInterval(() => attended(inTurn), milliseconds);
  }

  async function close(): Promise<void> {
    closed = true;
    for (const timer of [...timers, ...intervals]) clearTimeout(timer);
    await listening.close();
    await claimMore().catch(() => {});
    const limit = setTimeout(() => {
      for (const { cancel } of underWay.values()) cancel.abort(endedEarly);
    }, times.grace);
    await Promise.all([...underWay.values()].map(({ done }) => done));
    clearTimeout(limit);
    await receivers.close();
  }

  const listening = await outbox.onEnqueued(() => attended(claimMore));
  const intervals = [
    every(times.poll, claimMore),
    every(times.poll, tend),
    every(times.trim, () => outbox.trim()),
  ];
  return { close };
}
