import type { Closeable } from "../../closeable.ts";
import { messageOf } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { ServingState } from "../../store/serving/serving-store.ts";
import { within } from "../within.ts";
import { readSnapshot, writeSnapshot } from "./snapshot-file.ts";
import type { SavedState } from "./snapshot-format.ts";

/** Milliseconds after a change before it is saved, for others that follow. */
const shortestDelay = 1000;

/** So many times as long as writing took is waited before the next: with large tables that is a twentieth of the time. */
const restFactor = 20;

const longestFarewell = 5000;

/** The last table that was loaded, in a file, for a start while the store is away. */
export interface Snapshot extends Closeable {
  /** What was saved; null when there is nothing that can be used. */
  read(): Promise<SavedState | null>;
  /** Saves a state, soon. */
  save(state: ServingState): void;
  /** Saves what is yet to be saved. */
  close(): Promise<void>;
}

/** Keeps the snapshot of the store `origin` in a file. What goes wrong is logged, and never thrown. */
export function keepSnapshot(options: {
  readonly file: string;
  readonly origin: string;
  readonly log: Log;
}): Snapshot {
  const { file, origin, log } = options;
  let unsaved: ServingState | null = null;
  let saving: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;
  let rest = 0;
  let closed = false;

  function save(state: ServingState): void {
    unsaved = state;
    if (!saving && !closed) timer ??= setTimeout(() => void write(), Math.max(shortestDelay, rest));
  }

  function write(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    saving ??= writeUnsaved().finally(() => {
      saving = null;
      if (unsaved) save(unsaved);
    });
    return saving;
  }

  async function writeUnsaved(): Promise<void> {
    const state = unsaved;
    if (!state) return;
    unsaved = null;
    const start = performance.now();
    try {
      await writeSnapshot(file, origin, state);
    } catch (error) {
      log.warn({ file, reason: messageOf(error) }, "The snapshot of the routes can't be saved.");
    }
    rest = (performance.now() - start) * restFactor;
  }

  async function close(): Promise<void> {
    if (closed) return;
    closed = true;
    await within(longestFarewell, (saving ?? Promise.resolve()).then(write));
  }

  return { read: () => readUsable(file, origin, log), save, close };
}

async function readUsable(file: string, origin: string, log: Log): Promise<SavedState | null> {
  try {
    return await readSnapshot(file, origin);
  } catch (error) {
    log.warn({ file, reason: messageOf(error) }, "The snapshot of the routes can't be used.");
    return null;
  }
}
