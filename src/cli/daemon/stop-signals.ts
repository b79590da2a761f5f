import { constants } from "node:os";

/** A request to end, by SIGTERM or SIGINT. */
export interface StopRequest {
  /** Aborted once the request is there. */
  readonly signal: AbortSignal;
  /** Resolves once the request is there. */
  readonly requested: Promise<void>;
  /** Gives the signals back. */
  dispose(): void;
}

/** One Ctrl-C arrives twice below npm: from the terminal, and handed on. Milliseconds. */
const sameSignal = 500;

/**
 * Listens for SIGTERM and SIGINT. The first asks to end in good order, the second ends the process at once.
 * While ending takes long, `explain` is told every five seconds; it keeps nothing alive.
 */
export function listenForStop(explain: () => void): StopRequest {
  const abort = new AbortController();
  const requested = new Promise<void>((resolve) => {
    abort.signal.addEventListener("abort", () => resolve());
  });
  let firstAt = 0;
  function stop(name: "SIGTERM" | "SIGINT"): void {
    if (abort.signal.aborted) {
      if (performance.now() - firstAt > sameSignal) process.exit(128 + constants.signals[name]);
      return;
    }
    firstAt = performance.now();
    abort.abort();
    setInterval(explain, 5000).unref();
  }
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  return {
    signal: abort.signal,
    requested,
    dispose() {
      process.off("SIGTERM", stop);
      process.off("SIGINT", stop);
    },
  };
}
