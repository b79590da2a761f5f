import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { jsonFlaw } from "../../../src/dashboard/api/json-flaw.ts";

describe("a field that is there twice", () => {
  test.each([
    ['{"a":1,"a":2}', "a"],
    ['{"a":{"b":1,"c":2,"b":3}}', "b"],
    ['[0,{"a":[{"a":1}],"a":2}]', "a"],
    ['{"a":1,"\\u0061":2}', "a"],
    ['{"\\"":"{","\\"":1}', '\\"'],
    ['{"":1,"":2}', ""],
    ['{"__proto__":1,"__proto__":2}', "__proto__"],
    ['{"a":"a","b":[1,2],\n\t"a" :2}', "a"],
  ])("in %s is named", (json, field) => {
    expect(jsonFlaw(json)).toBe(`the field "${field}" is there twice in one object`);
  });

  test("is none where each object has it once", () => {
    expect(jsonFlaw('{"a":{"a":["a","a",{"a":"a\\\\"},{"a":":\\"a\\":"}]}}')).toBeNull();
    expect(jsonFlaw('"text"')).toBeNull();
    expect(jsonFlaw("")).toBeNull();
  });
});

test("what is nested more than 64 levels deep is told without being parsed", () => {
  const lists = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

  expect(jsonFlaw(lists(64))).toBeNull();
  expect(jsonFlaw(`[${lists(63)},${lists(63)}]`)).toBeNull();
  for (const text of [lists(65), lists(500_000), '{"a":['.repeat(100_000)])
    expect(jsonFlaw(text)).toBe("it is nested more than 64 levels deep");
});

test.each([
  ["quotes that are escaped", '"\\'.repeat(500_000)],
  ["backslashes", `"${"\\".repeat(1_000_001)}`],
  ["backslashes at line ends", '"\\\n'.repeat(350_000)],
  ["marks", "{[,:".repeat(15) + ",:".repeat(500_000)],
])("a text that does not end is passed over once, whatever is in it: %s", (_, text) => {
  expect(jsonFlaw(text)).toBeNull();
});

test("nothing is wrong with what JSON.stringify writes", () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => jsonFlaw(JSON.stringify(value)) === null));
});
