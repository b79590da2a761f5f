import type { Log } from "../log.ts";
import type { Closeable, ServingState } from "../store/store.ts";
import { buildRouteTable, type Notice, type RouteTable } from "./route-table.ts";

/** Where tables come from. A `Store` is one. */
export interface ServingFeed {
  serving(): Promise<ServingState>;
  onChange(listener: () => void): Promise<Closeable>;
}

/** Keeps the newest table. */
export interface TableFollower extends Closeable {
  /** The table that serves now, or null before the first. */
  readonly table: () => RouteTable | null;
}

const firstDelay = 250;
const longestDelay = 15_000;

/**
 * Loads the table and loads it again after every change. Changes only say "look again": those that come
 * while a table is being built lead to one more build. What fails is tried again, ever less often, and
 * the table there is goes on serving. Resolves after the first try.
 */
export async function followTables(options: {
  readonly feed: ServingFeed;
  readonly base: string;
  readonly log: Log;
}): Promise<TableFollower> {
  const { feed, base, log } = options;
  let table: RouteTable | null = null;
  let subscription: Closeable | null = null;
  let running: Promise<void> | null = null;
  let stale = true;
  let closed = false;
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;

  await wake();
  return {
    table: () => table,
    async close() {
      closed = true;
      clearTimeout(timer);
      // What is still being read or built is not waited for: it may hang, and nobody wants it any more.
      await subscription?.close();
    },
  };

  function wake(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    running ??= run().finally(() => {
      running = null;
      if (stale && !closed && !timer) void wake();
    });
    return running;
  }

  async function run(): Promise<void> {
    try {
      // First listen, then read: a change in between must not be lost.
      subscription ??= await feed.onChange(changed);
      if (closed) return await subscription.close();
      while (stale) {
        if (closed) return;
        stale = false;
        await load();
      }
      failures = 0;
    } catch (error) {
      stale = true;
      retryLater(error);
    }
  }

  async function load(): Promise<void> {
    const next = await buildRouteTable(await feed.serving(), base);
    // Each notice once, not again with every change of something else.
    const known = new Set(table?.notices.map(noticeKey));
    for (const notice of next.notices) {
      const { message: problem, ...facts } = notice;
      if (!known.has(noticeKey(notice)))
        log.warn({ ...facts, problem }, "A setting does not work as written.");
    }
    table = next;
    log.info({ revision: next.revision }, "Serving a revision.");
  }

  function changed(): void {
    stale = true;
    if (!closed) void wake();
  }

  function retryLater(error: unknown): void {
    const delay = Math.min(firstDelay * 2 ** failures++, longestDelay);
    log.warn(
      { err: error, delay, serving: table?.revision ?? null },
      "Loading the APIs failed; trying again.",
    );
    if (!closed) timer = setTimeout(() => void wake(), delay);
  }
}

function noticeKey({ kind, name, setting }: Notice): string {
  return `${kind} ${name} ${setting}`;
}
