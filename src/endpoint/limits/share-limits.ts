import type { Closeable } from "../../closeable.ts";
import { messageOf } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { LimitStore } from "../../store/limits/limit-store.ts";
import { within } from "../within.ts";
import type { LimitNotices } from "./limit-notices.ts";
import type { Limiter } from "./limiter.ts";

/** Milliseconds between two exchanges with the store. Others know of a hit after two of them, at the latest. */
const exchangeEvery = 1000;

/** Milliseconds between tries while the store is away, at most. */
const longestDelay = 15_000;

const sweepEvery = 60_000;

/** Milliseconds that the first and the last exchange may take. */
const patience = 2000;

/** What is shared, and where. */
export interface SharingOptions {
  readonly limiter: Limiter;
  readonly notices: LimitNotices;
  readonly store: Pick<LimitStore, "shareHits" | "forgetLimits" | "raiseNotices">;
  /** The shortest time between two notices of one object, in milliseconds. */
  readonly noticeInterval: number;
  /** Whether anything is limited at the moment: without, the store is left in peace. */
  readonly isNeeded: () => boolean;
  readonly log: Log;
}

/** An exchange that goes on until it is closed. */
export interface LimitSharing extends Closeable {
  /** Resolves after the first exchange, so that hits of an earlier process count from the first request on. */
  start(): Promise<void>;
}

/**
 * Exchanges hits and notices with the store every second, beside the requests. While the store is away
 * every endpoint counts for itself, and tells what it counted when the store is back.
 */
export function shareLimits(options: SharingOptions): LimitSharing {
  const { limiter, notices, store, log } = options;
  let mark: string | null = null;
  let failures = 0;
  let sweptAt = Date.now();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | null = null;
  let closed = false;

  function exchange(): Promise<void> {
    running ??= tryExchange().finally(() => (running = null));
    return running;
  }

  async function tryExchange(): Promise<void> {
    try {
      await shareHits();
      await raiseNotices();
      await sweep();
      if (failures > 0) log.info("Limits are shared with the other endpoints again.");
      failures = 0;
    } catch (error) {
      if (failures++ === 0)
        log.warn({ reason: messageOf(error) }, "Limits can't be shared; this endpoint counts for itself.");
    }
  }

  async function shareHits(): Promise<void> {
    const added = limiter.unshared();
    try {
      const since = await store.shareHits(added, mark);
      ({ mark } = since);
      limiter.shared(since.hits);
    } catch (error) {
      limiter.notShared();
      throw error;
    }
  }

  async function raiseNotices(): Promise<void> {
    const raised = notices.take();
    if (raised.length === 0) return;
    try {
      for (const { kind, name, objectId, limit, window } of await store.raiseNotices(
        raised,
        options.noticeInterval,
      ))
        log.warn(
          { kind, name, id: objectId, limit, windowMs: window },
          "A rate limit was hit: requests are refused until the window has passed. The notice stays until it is cleared.",
        );
    } catch (error) {
      notices.putBack(raised);
      throw error;
    }
  }

  async function sweep(): Promise<void> {
    const now = Date.now();
    if (now - sweptAt < sweepEvery) return;
    sweptAt = now;
    limiter.sweep(now);
    await store.forgetLimits();
  }

  function goOn(): void {
    const delay = Math.min(exchangeEvery * 2 ** failures, longestDelay);
    if (!closed) timer = setTimeout(() => void turn(), delay);
  }

  async function turn(): Promise<void> {
    if (options.isNeeded()) await exchange();
    goOn();
  }

  return {
    async start() {
      await within(patience, exchange());
      goOn();
    },
    async close() {
      if (closed) return;
      closed = true;
      clearTimeout(timer);
      // One that runs may have begun before the last hits.
      await within(patience, (running ?? Promise.resolve()).then(exchange));
    },
  };
}
