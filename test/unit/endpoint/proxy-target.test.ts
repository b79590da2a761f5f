import { describe, expect, test } from "vitest";

import {
  joinPaths,
  joinQueries,
  nextTarget,
  prepareProxy,
} from "../../../src/endpoint/actions/proxy-target.ts";

describe("the path at a target", () => {
  test.each([
    ["/", "", "/"],
    ["/", "/", "/"],
    ["/", "/a", "/a"],
    ["/v2", "", "/v2"],
    ["/v2", "/", "/v2"],
    ["/v2/", "", "/v2"],
    ["/v2/", "/", "/v2"],
    ["/v2", "/a", "/v2/a"],
    ["/v2/", "/a", "/v2/a"],
    ["/v2//", "//a", "/v2/a"],
    ["/v2", "/a/", "/v2/a/"],
    ["/v2", "/a%2Fb", "/v2/a%2Fb"],
  ])("%s and '%s' make %s", (target, rest, expected) => {
    expect(joinPaths(target, rest, false)).toBe(expected);
  });

  test.each([
    ["/", "", "/"],
    ["/", "/", "/"],
    ["/v2", "", "/v2"],
    ["/v2/", "", "/v2/"],
    ["/v2", "/", "/v2/"],
    ["/v2/", "/", "/v2/"],
    ["/v2/", "/a/", "/v2/a/"],
  ])("%s and '%s' make %s when slashes are kept", (target, rest, expected) => {
    expect(joinPaths(target, rest, true)).toBe(expected);
  });

  test.each([
    ["", "", ""],
    ["a=1", "", "?a=1"],
    ["", "b=2", "?b=2"],
    ["a=1", "b=2&b=%zz", "?a=1&b=2&b=%zz"],
  ])("has the target's query in front: '%s' and '%s' make '%s'", (first, second, expected) => {
    expect(joinQueries(first, second)).toBe(expected);
  });
});

describe("several targets", () => {
  test("take turns, one that is named twice twice as often", () => {
    const proxy = prepareProxy({ targets: ["http://a/", "http://b/", "http://b/"] });

    const hosts = Array.from({ length: 6 }, () => nextTarget(proxy)?.host);

    expect(hosts).toEqual(["a", "b", "b", "a", "b", "b"]);
  });

  test("may be none", () => {
    expect(nextTarget(prepareProxy({ targets: ["not a url"] }))).toBeNull();
    expect(nextTarget(prepareProxy({}))).toBeNull();
  });

  test("may have timeouts that no timer can count to", () => {
    const { timeout, idleTimeout } = prepareProxy({ timeout: "999999d", idleTimeout: "25d" });

    expect([timeout, idleTimeout]).toEqual([24 * 86_400_000, 24 * 86_400_000]);
  });
});
