/** How many wrong keys an address may send, and in how long a time (milliseconds). */
const limit = { attempts: 20, window: 60_000 };
const mostAddresses = 10_000;

/** Counts wrong keys by address, so that keys can't be guessed at speed. */
export interface FailedAttempts {
  /** How many milliseconds an address has to wait; 0 when it may go on. */
  waitOf(address: string): number;
  failed(address: string): void;
}

/** Counts in fixed windows; the oldest addresses are forgotten beyond 10,000. */
export function createFailedAttempts(now: () => number = Date.now): FailedAttempts {
  const windows = new Map<string, { count: number; readonly end: number }>();
  return {
    waitOf(address) {
      const window = windows.get(address);
      return window && window.count >= limit.attempts ? Math.max(0, window.end - now()) : 0;
    },
    failed(address) {
      const window = windows.get(address);
      if (window && window.end > now()) {
        window.count++;
        return;
      }
      windows.delete(address);
      windows.set(address, { count: 1, end: now() + limit.window });
      const [oldest] = windows.keys();
      if (windows.size > mostAddresses && oldest !== undefined) windows.delete(oldest);
    },
  };
}
