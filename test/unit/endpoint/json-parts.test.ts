import * as fc from "fast-check";
import { expect, test } from "vitest";

import { hasFewParts } from "../../../src/endpoint/json-parts.ts";

test.each<[string, number]>([
  ["", 0],
  ["1", 0],
  ['"a,b{[\\",{[\\\\"', 0],
  ['{"a":1}', 1],
  ['{"a":1,"b":"x,y","c":"\\"},{"}', 3],
  ["[[],[],[]]", 6],
  ["[[[[", 4],
  [",,,", 3],
  ['{"a', 1],
])("%j has %i parts", (json, parts) => {
  expect(hasFewParts(json, parts)).toBe(true);
  if (parts > 0) expect(hasFewParts(json, parts - 1)).toBe(false);
});

test("no JSON has more members and items than it has parts", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(hasFewParts(JSON.stringify(value), sizeOf(value) - 1)).toBe(sizeOf(value) === 0);
    }),
  );
});

/** Members, items, and the objects and lists that have none. */
function sizeOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const inner = Object.values(value);
  return Math.max(1, inner.length) + inner.reduce<number>((sum, each) => sum + sizeOf(each), 0);
}
