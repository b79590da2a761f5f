/** How many wrong keys an address may send, and in how long a time (milliseconds). */
const limit = { attempts: 20, window: 60_000 };
const mostAddresses = 10_000;

/** Counts wrong keys by address, so that guessing shows and costs little. */
export interface FailedAttempts {
  /** How many milliseconds the next wrong key of an address is too early; 0 when it is not. */
  waitOf(address: string): number;
  /** Counts one, and says whether it was the last for now. */
  failed(address: string): "last" | "more";
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
      if (window && window.end > now()) return ++window.count === limit.attempts ? "last" : "more";
      windows.delete(address);
      windows.set(address, { count: 1, end: now() + limit.window });
      const [oldest] = windows.keys();
      if (windows.size > mostAddresses && oldest !== undefined) windows.delete(oldest);
      return "more";
    },
  };
}
