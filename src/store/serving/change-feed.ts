import type { Closeable } from "../../closeable.ts";
import { messageOf } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { Database } from "../database.ts";
import { keepListening } from "../listener.ts";
import { changeChannel, readPointer, type Pointer } from "../pointer.ts";

/** Milliseconds between looks at the pointer, in case a notification was lost. */
const pollEvery = 3000;

/**
 * Calls back after every change of the pointer: by notification, with polling behind it, and once after
 * a lost connection is back. Calls coalesce. Failures are logged, never thrown.
 */
export async function startChangeFeed(
  database: Database,
  listener: () => void,
  log: Log,
): Promise<Closeable> {
  const watch = watchPointer(database, listener, log);
  await watch.look();
  const listening = await keepListening(database, changeChannel, (missedSome) => watch.look(missedSome), log);
  const timer = setInterval(() => void watch.look(), pollEvery);
  return {
    async close() {
      clearInterval(timer);
      await listening.close();
      await watch.close();
    },
  };
}

interface PointerWatch extends Closeable {
  /** Looks at the pointer, and calls back when it moved, or in any case when asked to. */
  look(inAnyCase?: boolean): Promise<void>;
}

function watchPointer(database: Database, listener: () => void, log: Log): PointerWatch {
  let seen: Pointer | undefined;
  let running: Promise<void> | undefined;
  let again = false;
  let unasked = false;
  let closed = false;

  /** Looks once more when it is asked to while it looks, so that the last change is never missed. */
  function look(inAnyCase = false): Promise<void> {
    if (closed) return Promise.resolve();
    again = true;
    unasked ||= inAnyCase;
    running ??= lookUntilDone().finally(() => (running = undefined));
    return running;
  }

  async function lookUntilDone(): Promise<void> {
    while (again) {
      again = false;
      try {
        compare(await readPointer(database));
      } catch (error) {
        log.warn({ error: messageOf(error) }, "looking for changes in the database failed");
      }
    }
  }

  function compare(now: Pointer): void {
    const changed = unasked || (seen !== undefined && !isSame(seen, now));
    seen = now;
    unasked = false;
    if (changed && !closed) listener();
  }

  async function close(): Promise<void> {
    closed = true;
    await running;
  }

  return { look, close };
}

function isSame(one: Pointer, other: Pointer): boolean {
  return one.revision === other.revision && one.credentialChanges === other.credentialChanges;
}
