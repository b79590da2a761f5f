import type { Closeable } from "../closeable.ts";
import { messageOf, outcomeOf } from "../errors.ts";
import type { Log } from "../log.ts";

/** What the loop repeats, and what wakes it. */
export interface LoopOptions<Result> {
  readonly pass: (signal: AbortSignal) => Promise<Result>;
  /** Milliseconds between passes that nothing wakes; up to a tenth is added by chance. */
  readonly interval: number;
  /** Starts watching the source; null when it can't be watched. */
  readonly watch: (wake: () => void) => Promise<Closeable | null>;
  readonly onResult: (result: Result) => void;
  readonly onFailure?: (error: unknown) => void;
  readonly log: Log;
}

/** The loop that repeats the pass. */
export interface Loop extends Closeable {
  /** Says "look again". Wake-ups coalesce: one during a pass means one pass after it (law 9). */
  wake(reason: string): void;
  /** Resolves when the first pass is over, however it went. */
  readonly firstPass: Promise<void>;
}

const firstRetry = 1000;
const longestRetry = 5 * 60_000;

/** Starts with a pass at once and goes on until closed; a failed pass is repeated with exponential back-off. */
export function startLoop<Result>(options: LoopOptions<Result>): Loop {
  const abort = new AbortController();
  const alarm = createAlarm();
  let firstPassDone = () => {};
  const firstPass = new Promise<void>((resolve) => (firstPassDone = resolve));
  const wake = (reason: string) => {
    options.log.debug({ reason }, "woken");
    alarm.ring();
  };
  const watching = watchSource(options, () => wake("the source changed"));
  const running = repeat(options, alarm, abort.signal, firstPassDone);

  return {
    wake,
    firstPass,
    async close() {
      abort.abort();
      alarm.ring();
      await running;
      await (await watching)?.close();
    },
  };
}

async function repeat<Result>(
  options: LoopOptions<Result>,
  alarm: Alarm,
  signal: AbortSignal,
  firstPassDone: () => void,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    alarm.reset();
    failures = (await passed(options, signal)) ? 0 : failures + 1;
    firstPassDone();
    const delay = failures === 0 ? jittered(options.interval) : retryDelay(failures, options.interval);
    if (!signal.aborted) await alarm.wait(delay);
  }
}

async function passed<Result>(options: LoopOptions<Result>, signal: AbortSignal): Promise<boolean> {
  try {
    options.onResult(await options.pass(signal));
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    options.log[outcomeOf(error).level]({ reason: messageOf(error) }, "the pass failed");
    options.onFailure?.(error);
    return false;
  }
}

async function watchSource<Result>(
  options: LoopOptions<Result>,
  wake: () => void,
): Promise<Closeable | null> {
  try {
    return await options.watch(wake);
  } catch (error) {
    options.log.warn(
      { reason: messageOf(error) },
      "the source can't be watched; it is looked at by interval only",
    );
    return null;
  }
}

function retryDelay(failures: number, interval: number): number {
  return jittered(Math.min(firstRetry * 2 ** (failures - 1), Math.max(interval, firstRetry), longestRetry));
}

/** A tenth by chance, so that many daemons do not ask the same server in step. */
function jittered(milliseconds: number): number {
  return milliseconds * (1 + Math.random() / 10);
}

interface Alarm {
  ring(): void;
  reset(): void;
  /** Resolves when the alarm rings, or rang since the last reset, or after the time. */
  wait(milliseconds: number): Promise<void>;
}

function createAlarm(): Alarm {
  let rung = false;
  let wakeUp = () => {};
  return {
    ring() {
      rung = true;
      wakeUp();
    },
    reset() {
      rung = false;
    },
    async wait(milliseconds) {
      if (rung) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(milliseconds, 2 ** 31 - 1));
        wakeUp = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      wakeUp = () => {};
    },
  };
}
