import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { readPattern, writePattern } from "../../../src/exchange/path-pattern.ts";

describe("patterns of path lists", () => {
  test.each([
    ["/users", "/users", "prefix"],
    ["users", "users", "prefix"],
    ["^/users", "/users", "prefix"],
    ["/users$", "/users", "exact"],
    ["^/users/{id}$", "/users/{id}", "exact"],
    ["/users/{id:[0-9]+}/x", "/users/{id}/x", "prefix"],
    ["/users/*", "/users", "prefix"],
    ["/users/.*$", "/users", "prefix"],
    ["/users/*/x", "/users/{any}/x", "prefix"],
    ["/*", "/", "prefix"],
    ["/", "/", "prefix"],
    ["/$", "/", "exact"],
    ["/a.json", "/a.json", "prefix"],
    ["/a\\.json$", "/a.json", "exact"],
    ["/a\\*", "/a*", "prefix"],
    ["\\/a\\/b", "/a/b", "prefix"],
  ])("%s means %s, %s", (text, path, match) => {
    expect(readPattern(text, false)).toEqual({ path, match });
  });

  test.each([
    ["/users/*", "/users/{any}"],
    ["/users/.*$", "/users/{any}"],
    ["/*", "/{any}"],
  ])("%s means %s in a list that opens paths", (text, path) => {
    expect(readPattern(text, true)).toEqual({ path, match: "prefix" });
  });

  test.each([
    "/users*.",
    "/a(b|c)",
    "/user/\\d+",
    "/[user",
    "/{id}.json",
    "/a+",
    "/a?",
    "/{id",
    "/{id\\}",
    "/{i\\d}",
    "/a$b",
    "a\\",
  ])("%s is a regular expression, which is refused", (text) => {
    expect(readPattern(text, true).flaw).toMatch(/regular expressions are not taken/);
  });

  test("a backslash in braces is a character like any other", () => {
    const rule = { path: "/{\\}", match: "exact" } as const;

    expect(readPattern(writePattern(rule), true)).toEqual(rule);
  });

  test("any path is read back as it was written", () => {
    const path = fc.string({
      unit: fc.constantFrom("/", "a", "{", "}", "$", "^", "*", ".", "\\", ":", "+"),
      minLength: 1,
    });
    fc.assert(
      fc.property(path, fc.constantFrom("exact", "prefix"), fc.boolean(), (path, match, opens) => {
        fc.pre(!/\{[^{}]*:[^{}]*\}/.test(path));
        expect(readPattern(writePattern({ path, match }), opens)).toEqual({ path, match });
      }),
    );
  });
});
