import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { AppError } from "../../../src/errors.ts";
import { silentLog } from "../../../src/log.ts";
import { startLoop, type Loop } from "../../../src/reconcile/loop.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Passes {
  readonly loop: Loop;
  readonly started: () => number;
  /** Ends the pass that runs. */
  readonly finish: (error?: Error) => Promise<void>;
}

function startCounted(interval = 60_000): Passes {
  let started = 0;
  let end = (_error?: Error) => {};
  const pass = () => {
    started++;
    return new Promise<void>((resolve, reject) => (end = (error) => (error ? reject(error) : resolve())));
  };
  const loop = startLoop({ pass, interval, watch: async () => null, onResult: () => {}, log: silentLog() });
  return {
    loop,
    started: () => started,
    async finish(error) {
      end(error);
      await vi.advanceTimersByTimeAsync(0);
    },
  };
}

const failure = new AppError("source-unreachable", "the source is away");

describe("the loop", () => {
  test("passes at once, and again after the interval", async () => {
    const { started, finish } = startCounted();
    await finish();

    await vi.advanceTimersByTimeAsync(59_999);
    expect(started()).toBe(1);
    await vi.advanceTimersByTimeAsync(6001);

    expect(started()).toBe(2);
  });

  test("makes one pass of many wake-ups during a pass", async () => {
    const { loop, started, finish } = startCounted();
    await vi.advanceTimersByTimeAsync(0);
    for (let count = 0; count < 100; count++) loop.wake("test");

    await finish();
    await finish();
    await vi.advanceTimersByTimeAsync(1000);

    expect(started()).toBe(2);
  });

  test("wakes up at once when it waits", async () => {
    const { loop, started, finish } = startCounted();
    await finish();

    loop.wake("test");
    await vi.advanceTimersByTimeAsync(0);

    expect(started()).toBe(2);
  });

  test("waits longer after each failure, and never longer than the interval", async () => {
    const { started, finish } = startCounted(3000);
    const waited: number[] = [];
    for (let failures = 1; failures <= 4; failures++) {
      await finish(failure);
      const from = Date.now();
      await vi.advanceTimersToNextTimerAsync();
      waited.push(Date.now() - from);
    }

    expect(started()).toBe(5);
    expect(waited.map((milliseconds) => Math.floor(milliseconds / 1000))).toEqual([1, 2, 3, 3]);
  });

  test("is over only after the pass that runs, and starts none after it", async () => {
    const { loop, started, finish } = startCounted();
    await vi.advanceTimersByTimeAsync(0);
    let closed = false;

    const closing = loop.close().then(() => (closed = true));
    await vi.advanceTimersByTimeAsync(0);
    expect(closed).toBe(false);
    await finish();
    await closing;

    expect(started()).toBe(1);
  });

  test("goes on when the source can't be watched", async () => {
    const result = vi.fn<() => void>();
    const watch = () => Promise.reject(new Error("no watching here"));

    const loop = startLoop({
      pass: async () => {},
      interval: 1000,
      watch,
      onResult: result,
      log: silentLog(),
    });
    await loop.firstPass;
    await vi.advanceTimersByTimeAsync(1101);

    expect(result).toHaveBeenCalledTimes(2);
    await loop.close();
  });
});
