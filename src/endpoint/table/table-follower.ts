import type { Closeable } from "../../closeable.ts";
import { AppError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import { within } from "../within.ts";
import { nextState, type ServingFeed } from "./next-state.ts";
import { buildRouteTable, type Notice, type RouteTable } from "./route-table.ts";

/** Where the table that serves came from. */
export type TableOrigin = "store" | "snapshot";

/** Keeps the newest table. */
export interface TableFollower extends Closeable {
  /** The table that serves now, or null before the first. */
  readonly table: () => RouteTable | null;
  /** Where it came from; null before the first. */
  readonly origin: () => TableOrigin | null;
}

const firstDelay = 250;
const longestDelay = 15_000;

/** Milliseconds to wait for the store at the start, before the snapshot has to do. */
const patience = 2000;

/**
 * Loads the table, and after every change what has changed. Changes only say "look again": those that
 * come while a table is being built lead to one more build. What fails is tried again, ever less often, and
 * the table there is goes on serving; at the start that is the one of the snapshot. Resolves after the first try.
 */
export async function followTables(options: {
  readonly feed: ServingFeed;
  readonly base: string;
  readonly snapshot: Snapshot | null;
  /** Told when another table serves, or the store confirms that of the snapshot. */
  readonly swapped: () => void;
  readonly log: Log;
}): Promise<TableFollower> {
  const { feed, base, snapshot, log } = options;
  let table: RouteTable | null = null;
  let origin: TableOrigin | null = null;
  let subscription: Closeable | null = null;
  let running: Promise<void> | null = null;
  let stale = true;
  let closed = false;
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;

  if (snapshot) {
    await within(patience, wake());
    await useSnapshot(snapshot);
  } else await wake();
  return {
    table: () => table,
    origin: () => origin,
    async close() {
      closed = true;
      clearTimeout(timer);
      // What is still being read or built is not waited for: it may hang, and nobody wants it any more.
      await Promise.all([subscription?.close(), snapshot?.close()]);
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
    const before = table;
    const state = await nextState(feed, before);
    if (before && state === before.state) {
      const isNews = origin !== "store";
      origin = "store";
      if (isNews) options.swapped();
      return;
    }
    const next = await buildRouteTable(state, base, before);
    tellNotices(next, before, log);
    table = next;
    origin = "store";
    options.swapped();
    snapshot?.save(state);
    log.info({ revision: next.revision }, "Serving a revision.");
  }

  async function useSnapshot(snapshot: Snapshot): Promise<void> {
    const saved = table ? null : await snapshot.read();
    if (!saved) return;
    try {
      const next = await buildRouteTable(saved.state, base);
      // The store may have answered meanwhile.
      if (table) return;
      table = next;
      origin = "snapshot";
      const facts = { revision: next.revision, savedAt: saved.savedAt };
      log.warn(facts, "The store can't be reached: serving the last revision from the snapshot.");
    } catch (error) {
      log.warn({ err: error }, "The snapshot of the routes can't be used.");
    }
  }

  function changed(): void {
    stale = true;
    if (!closed) void wake();
  }

  function retryLater(error: unknown): void {
    const delay = Math.min(firstDelay * 2 ** failures++, longestDelay);
    // Of a bug also where it is.
    const cause = error instanceof AppError ? { reason: error.message } : { err: error };
    log.warn({ ...cause, delay, serving: table?.revision ?? null }, "Loading the APIs failed; trying again.");
    if (!closed) timer = setTimeout(() => void wake(), delay);
  }
}

/** Each notice once, not again with every change of something else. */
function tellNotices(next: RouteTable, before: RouteTable | null, log: Log): void {
  const known = new Set(before?.notices.map(noticeKey));
  for (const notice of next.notices) {
    const { message: problem, ...facts } = notice;
    if (!known.has(noticeKey(notice))) log.warn({ ...facts, problem }, "A setting does not work as written.");
  }
}

function noticeKey({ kind, name, setting }: Notice): string {
  return `${kind} ${name} ${setting}`;
}
