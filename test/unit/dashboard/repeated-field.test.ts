import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { repeatedField } from "../../../src/dashboard/api/repeated-field.ts";

describe("a field that is there twice", () => {
  test.each([
    ['{"a":1,"a":2}', "a"],
    ['{"a":{"b":1,"c":2,"b":3}}', "b"],
    ['[0,{"a":[{"a":1}],"a":2}]', "a"],
    ['{"a":1,"\\u0061":2}', "a"],
    ['{"\\"":"{","\\"":1}', '"'],
    ['{"":1,"":2}', ""],
    ['{"__proto__":1,"__proto__":2}', "__proto__"],
    ['{"a":"a","b":[1,2],\n\t"a" :2}', "a"],
  ])("in %s is found", (json, field) => {
    expect(repeatedField(json)).toBe(field);
  });

  test("is none where each object has it once", () => {
    expect(repeatedField('{"a":{"a":["a","a",{"a":"a\\\\"},{"a":":\\"a\\":"}]}}')).toBeNull();
    expect(repeatedField("[".repeat(200_000) + "]".repeat(200_000))).toBeNull();
    expect(repeatedField('"text"')).toBeNull();
  });

  test("is none in what was written by JSON.stringify", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => repeatedField(JSON.stringify(value)) === null));
  });
});
