import { describe, expect, test } from "vitest";

import { defaultSchedule, judge } from "../../../src/delivery/verdict.ts";

const now = Date.parse("2026-01-01T00:00:00Z");
const first = { attempt: 1, age: 0 };

describe("what an answer means", () => {
  test.each([200, 201, 204, 299])("%i: delivered", (status) => {
    expect(outcome(status)).toEqual({ state: "delivered", status });
  });

  test.each([301, 302, 307, 304, 400, 401, 403, 404, 410, 413, 422])("%i: final", (status) => {
    expect(outcome(status)).toMatchObject({
      state: "failed",
      status,
      error: expect.stringContaining(`${status}`),
    });
  });

  test.each([408, 429, 500, 502, 503, 504])("%i: again", (status) => {
    expect(outcome(status)).toMatchObject({ state: "retry", status });
  });

  test("no answer: again, unless it never makes sense", () => {
    expect(judge({ error: "refused", isFinal: false }, first, defaultSchedule, now).outcome).toMatchObject({
      state: "retry",
      status: null,
      error: "refused",
    });
    expect(judge({ error: "denied", isFinal: true }, first, defaultSchedule, now).outcome).toEqual({
      state: "failed",
      status: null,
      error: "denied",
    });
  });
});

describe("the delay before the next attempt", () => {
  test("grows from a second to an hour", () => {
    const delays = Array.from({ length: 9 }, (_, index) => delay({ attempt: index + 1 }));

    const planned = [1, 5, 25, 125, 625, 3125, 3600, 3600, 3600].map((seconds) => seconds * 1000);
    for (const [index, base] of planned.entries()) {
      expect(delays[index]).toBeGreaterThanOrEqual(base);
      expect(delays[index]).toBeLessThanOrEqual(base * 1.1);
    }
  });

  test.each([
    ["seconds", "90", 90_000],
    ["a date", "Thu, 01 Jan 2026 00:02:00 GMT", 120_000],
    ["less than planned", "0", 1000],
    ["a date that is over", "Wed, 31 Dec 2025 00:00:00 GMT", 1000],
    ["more than an hour", "999999999", 3_600_000],
    ["nonsense", "soon", 1000],
    ["a negative number", "-5", 1000],
  ])("heeds what the receiver asks for: %s", (_what, retryAfter, expected) => {
    const value = delay({ retryAfter });
    expect(value).toBeGreaterThanOrEqual(expected);
    expect(value).toBeLessThanOrEqual(expected * 1.1);
  });

  test.each([
    ["after the tenth attempt", { attempt: 10, age: 0 }],
    ["a day after the event", { attempt: 3, age: 86_390_000 }],
  ])("there is none %s", (_what, when) => {
    expect(judge({ status: 503, retryAfter: null }, when, defaultSchedule, now).outcome).toEqual({
      state: "failed",
      status: 503,
      error: `The receiver answered 503. Given up after attempt ${when.attempt}.`,
    });
  });
});

function outcome(status: number) {
  return judge({ status, retryAfter: null }, first, defaultSchedule, now).outcome;
}

function delay({ attempt = 1, retryAfter = null }: { attempt?: number; retryAfter?: string | null }): number {
  const { outcome } = judge({ status: 503, retryAfter }, { attempt, age: 0 }, defaultSchedule, now);
  return outcome.state === "retry" ? outcome.after : NaN;
}
