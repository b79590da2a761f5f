import { array, assert, boolean, constantFrom, integer, oneof, property, record } from "fast-check";
import { describe, expect, test } from "vitest";

import { type Charge, chargeOf } from "../../../../src/endpoint/limits/limit.ts";
import { createLimiter, type Limiter } from "../../../../src/endpoint/limits/limiter.ts";
import type { NewHits, SharedHits } from "../../../../src/store/limits/limit-store.ts";

const start = Date.parse("2030-01-01T00:00:00Z");

describe("a limit", () => {
  test("lets as many through as it says, and the next when the first is a window ago", () => {
    const limiter = createLimiter();
    const charge = chargeOf("rate", "a", { limit: 2, window: "1s" });

    expect(limiter.take([charge], start)).toBeNull();
    expect(limiter.take([charge], start + 400)).toBeNull();
    expect(limiter.take([charge], start + 999)).toEqual({ charge, freeAt: start + 1000 });
    expect(limiter.take([charge], start + 1000)).toBeNull();
    expect(limiter.take([charge], start + 1001)).toMatchObject({ freeAt: start + 1400 });
  });

  test("does not count what it refuses", () => {
    const limiter = createLimiter();
    const charge = chargeOf("rate", "a", { limit: 1, window: "1m" });
    limiter.take([charge], start);

    for (let second = 1; second < 60; second++) limiter.take([charge], start + second * 1000);

    expect(limiter.take([charge], start + 60_000)).toBeNull();
  });

  test("counts on all charges or on none", () => {
    const limiter = createLimiter();
    const rate = chargeOf("rate", "a", { limit: 5, window: "1m" });
    const quota = chargeOf("quota", "a", { limit: 2, window: "1d" });
    for (let count = 0; count < 2; count++) limiter.take([rate, quota], start);

    for (let count = 0; count < 9; count++)
      expect(limiter.take([rate, quota], start + 1)?.charge).toBe(quota);

    for (let count = 0; count < 3; count++) expect(limiter.take([rate], start + 1)).toBeNull();
    expect(limiter.take([rate], start + 1)).not.toBeNull();
  });

  test("counts each key for itself", () => {
    const limiter = createLimiter();
    const limit = { limit: 1, window: "1m" };
    const charges = [
      chargeOf("rate", "a", limit),
      chargeOf("rate", "b", limit),
      chargeOf("quota", "a", limit),
    ];

    for (const charge of charges) expect(limiter.take([charge], start)).toBeNull();
  });

  test("that changes takes effect at once, on the hits that there were", () => {
    const limiter = createLimiter();
    const of = (limit: number, window: string) => [chargeOf("rate", "a", { limit, window })];
    for (let count = 0; count < 10; count++) limiter.take(of(10, "1h"), start + count);

    expect(limiter.take(of(10, "1h"), start + 20)).not.toBeNull();
    expect(limiter.take(of(11, "1h"), start + 20)).toBeNull();
    expect(limiter.take(of(5, "1h"), start + 21)).toMatchObject({ freeAt: start + 3_600_006 });
    expect(limiter.take(of(5, "10ms"), start + 40)).toBeNull();
  });

  test("is not held for longer by a clock that is set back", () => {
    const limiter = createLimiter();
    const charge = chargeOf("rate", "a", { limit: 1, window: "1m" });
    limiter.take([charge], start + 3_600_000);

    expect(limiter.take([charge], start)).toMatchObject({ freeAt: start + 60_000 });
    for (let minute = 1; minute < 5; minute++)
      expect(limiter.take([charge], start + minute * 60_000)).toBeNull();
  });

  test("can be of any size", () => {
    const limiter = createLimiter();
    const charge = chargeOf("quota", "a", { limit: 1_000_000_000, window: "999999999d" });

    expect(limiter.take([charge], start)).toBeNull();
    expect(limiter.unshared()[0]?.end).toBeLessThan(8.64e15);
  });
});

describe("whatever happens when", () => {
  test("a small limit is exact, also when it changes: as many pass as the window holds, and Retry-After is right", () => {
    const window = 500;
    const step = record({
      wait: oneof(integer({ min: 0, max: 30 }), integer({ min: 0, max: 700 })),
      limit: integer({ min: 1, max: 8 }),
    });
    assert(
      property(array(step, { maxLength: 120, size: "max" }), (steps) => {
        const limiter = createLimiter();
        const passed: number[] = [];
        let now = start;
        for (const { wait, limit } of steps) {
          now += wait;
          const within = passed.filter((time) => time > now - window);
          const refused = limiter.take([chargeOf("rate", "a", { limit, window: `${window}ms` })], now);

          if (within.length < limit) expect(refused).toBeNull();
          else expect(refused?.freeAt).toBe(within[within.length - limit]! + window);
          if (!refused) passed.push(now);
        }
      }),
    );
  });

  test("a large limit never lets more through than it says, holds a hit hardly longer, and keeps its word", () => {
    const [limit, window] = [300, 2560];
    const grain = window / 256;
    const burst = record({ wait: integer({ min: 0, max: 200 }), hits: integer({ min: 1, max: 120 }) });
    assert(
      property(array(burst, { maxLength: 20, size: "max" }), (bursts) => {
        const limiter = createLimiter();
        const charge = chargeOf("rate", "a", { limit, window: `${window}ms` });
        const passed: number[] = [];
        let now = start;
        let promised = 0;
        for (const { wait, hits } of bursts) {
          now += wait;
          for (let count = 0; count < hits; count++) {
            const refused = limiter.take([charge], now);
            const since = (age: number) => passed.filter((time) => time > now - age).length;
            if (refused) {
              expect(since(window + grain)).toBeGreaterThanOrEqual(limit);
              expect(refused.freeAt).toBeGreaterThan(now);
              promised = refused.freeAt;
            } else {
              if (promised > 0) expect(now).toBeGreaterThanOrEqual(promised);
              promised = 0;
              passed.push(now);
              expect(since(window)).toBeLessThanOrEqual(limit);
            }
          }
          if (promised > 0 && promised - now < 100) {
            now = promised;
            expect(limiter.take([charge], now)).toBeNull();
            passed.push(now);
            promised = 0;
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test("endpoints that tell each other hold one limit, whatever gets lost on the way", () => {
    const limit = 6;
    const window = 6400;
    const step = record({
      kind: constantFrom("hit", "hit", "hit", "merge", "lose", "settle"),
      wait: integer({ min: 0, max: 900 }),
      first: boolean(),
    });
    assert(
      property(array(step, { maxLength: 150, size: "max" }), (steps) => {
        const store = createStore();
        const limiters = [createLimiter(), createLimiter()] as const;
        const charge = chargeOf("rate", "a", { limit, window: `${window}ms` });
        const passed: number[] = [];
        let now = start;
        for (const { kind, wait, first } of steps) {
          now += wait;
          const limiter = limiters[first ? 0 : 1];
          if (kind === "merge") store.merge(limiter);
          if (kind === "lose") lose(limiter);
          if (kind === "settle") for (const each of [...limiters, ...limiters]) store.merge(each);
          const within = passed.filter((time) => time > now - window).length;
          const held = passed.filter((time) => time > now - window - window / 32 - 1).length;
          const refused = limiter.take([charge], now);
          if (held < limit) expect(refused).toBeNull();
          if (kind === "settle" && within >= limit) expect(refused).not.toBeNull();
          if (!refused) passed.push(now);
          // However little they hear of each other, each holds the limit itself.
          expect(within).toBeLessThanOrEqual(2 * limit);
          if (first) limiter.sweep(now);
        }
      }),
    );
  });
});

test("an endpoint that starts again finds its hits in the store", () => {
  const store = createStore();
  const quota: Charge = chargeOf("quota", "a", { limit: 3, window: "30d" });
  const before = createLimiter();
  for (let count = 0; count < 2; count++) before.take([quota], start + count);
  store.merge(before);

  const after = createLimiter();
  store.merge(after);

  expect(after.take([quota], start + 1000)).toBeNull();
  expect(after.take([quota], start + 1001)).not.toBeNull();
});

test("what is over is forgotten", () => {
  const limiter = createLimiter();
  const store = createStore();
  for (let key = 0; key < 50; key++)
    for (let hit = 0; hit < 10; hit++)
      limiter.take([chargeOf("rate", String(key), { limit: 5, window: "1m" })], start + hit * 4000);
  store.merge(limiter);

  limiter.sweep(start + 200_000);
  limiter.take([chargeOf("rate", "1", { limit: 5, window: "1m" })], start + 200_000);

  expect(limiter.unshared()).toHaveLength(1);
});

test("a short window is not worth telling", () => {
  const limiter = createLimiter();
  limiter.take([chargeOf("rate", "a", { limit: 5, window: "1s" })], start);

  expect(limiter.unshared()).toEqual([]);
});

/** What the store does, in memory. */
function createStore() {
  const totals = new Map<string, SharedHits>();
  return {
    merge(limiter: Limiter) {
      for (const hits of limiter.unshared()) add(hits);
      limiter.shared([...totals.values()]);
    },
  };

  function add({ key, start, length, hits, last }: NewHits) {
    const name = `${key} ${start} ${length}`;
    const known = totals.get(name);
    totals.set(name, {
      key,
      start,
      length,
      hits: (known?.hits ?? 0) + hits,
      last: Math.max(known?.last ?? 0, last),
    });
  }
}

/** A try to reach the store that fails. */
function lose(limiter: Limiter): void {
  limiter.unshared();
  limiter.notShared();
}
