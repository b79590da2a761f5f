import { expect, test } from "vitest";

import { countHealing, isHealingDue } from "../../../../src/store/drift/heal-delay.ts";

const now = new Date("2026-01-01T12:00:00Z");
const minute = 60_000;

test("what never drifted before is healed at once", () => {
  expect(isHealingDue({ heals: 0, healedAt: null }, now)).toBe(true);
});

test.each([
  [1, 1],
  [2, 2],
  [3, 4],
  [6, 32],
  [7, 60],
  [1000, 60],
])("after %i healings in a row it waits %i minutes", (heals, minutes) => {
  const since = (milliseconds: number) => new Date(now.getTime() - milliseconds);

  expect(isHealingDue({ heals, healedAt: since(minutes * minute - 1) }, now)).toBe(false);
  expect(isHealingDue({ heals, healedAt: since(minutes * minute) }, now)).toBe(true);
});

test("healings are counted, until a day of peace", () => {
  const yesterday = new Date(now.getTime() - 24 * 60 * minute);

  expect(countHealing({ heals: 0, healedAt: null }, now)).toBe(1);
  expect(countHealing({ heals: 3, healedAt: now }, now)).toBe(4);
  expect(countHealing({ heals: 3, healedAt: yesterday }, now)).toBe(1);
});
