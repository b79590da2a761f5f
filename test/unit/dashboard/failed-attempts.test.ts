import { expect, test } from "vitest";

import { createFailedAttempts } from "../../../src/dashboard/access/failed-attempts.ts";

test("the address that sent too many waits until its minute is over, and nobody else", () => {
  let now = 1000;
  const attempts = createFailedAttempts(() => now);

  const said = Array.from({ length: 20 }, () => attempts.failed("192.0.2.1"));

  expect(said).toEqual([...Array<string>(19).fill("more"), "last"]);
  expect([attempts.waitOf("192.0.2.1"), attempts.waitOf("192.0.2.2")]).toEqual([60_000, 0]);
  now += 60_000;
  expect(attempts.waitOf("192.0.2.1")).toBe(0);
  expect(attempts.failed("192.0.2.1")).toBe("more");
  expect(attempts.waitOf("192.0.2.1")).toBe(0);
});

test("the oldest address is forgotten beyond 10,000", () => {
  const attempts = createFailedAttempts(() => 1000);
  for (let count = 0; count < 20; count++) attempts.failed("first");

  for (let count = 0; count < 9999; count++) attempts.failed(`other ${count}`);
  expect(attempts.waitOf("first")).toBeGreaterThan(0);

  attempts.failed("one more");
  expect(attempts.waitOf("first")).toBe(0);
});
