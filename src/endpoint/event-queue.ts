import type { Closeable } from "../closeable.ts";
import { messageOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Outbox } from "../store/outbox/outbox.ts";
import type { RequestEvent } from "../store/outbox/request-event.ts";

/** Events on their way to the store. */
export interface EventQueue extends Closeable {
  /** Takes note of an event. Costs no more than a push; beyond the bound events are dropped, and counted. */
  emit(event: RequestEvent): void;
  /** Hands over what is left, for a few seconds at most. */
  close(): Promise<void>;
}

/** Events that may wait, and that are handed over at once. */
const mostWaiting = 2000;
const batchSize = 100;

/** Milliseconds. */
const defaultTimes = {
  /** How long an event may wait for others. */
  gather: 250,
  /** Until the next try when the store is away. */
  retry: 1000,
  /** Between two lines of the log about drops. */
  quiet: 10_000,
  /** How long closing may take. */
  close: 3000,
};

/**
 * Collects events and hands them to the store in batches, off the way of requests. While the store is away
 * the newest of too many are dropped; the log says how many.
 */
export function createEventQueue(options: {
  readonly outbox: Pick<Outbox, "enqueue">;
  readonly log: Log;
  readonly times?: Partial<typeof defaultTimes>;
}): EventQueue {
  const { outbox, log } = options;
  const times = { ...defaultTimes, ...options.times };
  const waiting: RequestEvent[] = [];
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<boolean> | undefined;
  let failing = false;
  let closed = false;
  let dropped = 0;
  let toldAt = -Infinity;

  function emit(event: RequestEvent): void {
    if (closed || waiting.length >= mostWaiting) return drop(1);
    waiting.push(event);
    if (waiting.length >= batchSize && !failing) void flush();
    else timer ??= setTimeout(() => void flush(), times.gather);
  }

  /** One at a time; what comes meanwhile goes with the next batch. Says whether the store took it. */
  function flush(): Promise<boolean> {
    clearTimeout(timer);
    timer = undefined;
    running ??= handOver().finally(() => {
      running = undefined;
      if (waiting.length > 0) timer ??= setTimeout(() => void flush(), failing ? times.retry : times.gather);
    });
    return running;
  }

  async function handOver(): Promise<boolean> {
    do {
      const batch = waiting.slice(0, batchSize);
      try {
        const { dropped: refused } = await outbox.enqueue(batch);
        waiting.splice(0, batch.length);
        failing = false;
        if (refused > 0) drop(refused);
      } catch (error) {
        if (!failing)
          log.warn({ error: messageOf(error) }, "Events for webhooks can't be stored; trying again.");
        failing = true;
        return false;
      }
    } while (waiting.length >= batchSize);
    return true;
  }

  function drop(count: number): void {
    dropped += count;
    if (performance.now() - toldAt >= times.quiet) tellDropped();
  }

  function tellDropped(): void {
    if (dropped > 0) log.warn({ dropped }, "Events for webhooks were dropped.");
    toldAt = performance.now();
    dropped = 0;
  }

  async function close(): Promise<void> {
    closed = true;
    let limit: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => (limit = setTimeout(resolve, times.close)));
    await Promise.race([drain(), deadline]);
    clearTimeout(limit);
    clearTimeout(timer);
    dropped += waiting.splice(0).length;
    tellDropped();
  }

  async function drain(): Promise<void> {
    await running;
    while (waiting.length > 0 && (await flush()));
  }

  return { emit, close };
}
