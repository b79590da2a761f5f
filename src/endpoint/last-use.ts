import type { Closeable } from "../closeable.ts";
import { messageOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { CredentialUse } from "../store/credentials/credential-store.ts";
import { within } from "./within.ts";

/** Where last uses are kept. A `Store` is one. */
export interface LastUseKeeper {
  noteLastUse(uses: readonly CredentialUse[]): Promise<void>;
}

/** Collects when credentials were last presented. */
export interface LastUse extends Closeable {
  /** Notes a use, at milliseconds since 1970. */
  readonly note: (credentialId: number, at: number) => void;
  /** Hands on what is collected, for as long as that may take at the end of a process. */
  close(): Promise<void>;
}

/** Milliseconds between two writes, and the most that a restart can lose. */
const flushEvery = 10_000;

const longestFarewell = 2000;

/**
 * Collects last uses in memory, one number for each credential, and hands them on every ten seconds: no
 * request waits for it. What can't be handed on is kept for the next time.
 */
export function collectLastUse(keeper: LastUseKeeper, log: Log): LastUse {
  let collected = new Map<number, number>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  function note(credentialId: number, at: number): void {
    if ((collected.get(credentialId) ?? 0) < at) collected.set(credentialId, at);
    if (!closed) timer ??= setTimeout(() => void flush(), flushEvery);
  }

  async function flush(): Promise<void> {
    const uses = collected;
    collected = new Map();
    try {
      if (uses.size > 0) await keeper.noteLastUse([...uses].map(([id, at]) => ({ id, at })));
    } catch (error) {
      log.warn({ reason: messageOf(error) }, "Noting the last use of credentials failed; trying again.");
      for (const [id, at] of uses) if ((collected.get(id) ?? 0) < at) collected.set(id, at);
    }
    // Only now, so that a slow store is not asked twice at once.
    timer = undefined;
    if (collected.size > 0 && !closed) timer = setTimeout(() => void flush(), flushEvery);
  }

  async function close(): Promise<void> {
    if (closed) return;
    closed = true;
    clearTimeout(timer);
    await within(longestFarewell, flush());
  }

  return { note, close };
}
