import { describe, expect, test } from "vitest";

import { parseRequestTarget } from "../../../../src/endpoint/http/request-target.ts";

describe("a request target", () => {
  test("is taken apart without being decoded", () => {
    const target = parseRequestTarget("/a/b%20c/?x=1&y=%zz", "Api.Example.com.:8080");

    expect(target).toEqual({
      host: "api.example.com",
      segments: ["a", "b%20c"],
      trailingSlash: true,
      query: "x=1&y=%zz",
    });
  });

  test("may be absolute, and then names the host", () => {
    const target = parseRequestTarget("http://one.example.com/a", "two.example.com");

    expect(target).toMatchObject({ host: "one.example.com", segments: ["a"] });
  });

  test("may be absolute without a path", () => {
    expect(parseRequestTarget("http://one.example.com", undefined)).toMatchObject({ segments: [] });
    expect(parseRequestTarget("http://one.example.com?q", undefined)).toMatchObject({ query: "q" });
  });

  test.each(["//a///b//", "/a/b/"])("has no empty segments: %s", (url) => {
    expect(parseRequestTarget(url, "x")?.segments).toEqual(["a", "b"]);
  });

  test.each([
    "/a%2Fb",
    "/a%5cb",
    "/...",
    "/..a",
    "/a..",
    "/%252e%252e/a",
    "/.well-known/x",
    "/a;v=1",
    "/caf%c3%a9",
    "/%f0%9f%98%80",
    "/%ed%9f%bf%ee%80%80",
  ])("keeps an odd but harmless path: %s", (url) => {
    expect(parseRequestTarget(url, "x")?.segments).toEqual(url.slice(1).split("/"));
  });

  test.each([
    ["a parent segment", "/a/../b"],
    ["a final parent segment", "/a/.."],
    ["a dot segment", "/./a"],
    ["an encoded parent segment", "/a/%2e%2E/b"],
    ["a half-encoded parent segment", "/a/.%2e/b"],
    ["a parent segment between encoded slashes", "/a/x%2f..%2fb"],
    ["a parent segment between encoded backslashes", "/a/%5c..%5cb"],
    ["a parent segment with a path parameter", "/a/..;x=1/b"],
    ["a NUL", "/a%00b"],
    ["an encoded line break", "/a%0d%0ab"],
    ["an encoded DEL", "/a%7f"],
    ["a raw control character", "/a\u0001"],
    ["a tab", "/a\tb"],
    ["a raw byte beyond ASCII", "/caf\u00e9"],
    ["a broken escape", "/a%zz"],
    ["a cut-off escape", "/a%2"],
    ["an overlong letter", "/%c1%a1dmin"],
    ["an overlong dot", "/%c0%ae%c0%ae/a"],
    ["an overlong slash in three bytes", "/a%e0%80%afb"],
    ["an overlong slash in four bytes", "/a%f0%80%80%afb"],
    ["half a surrogate pair", "/%ed%a0%80"],
    ["a surrogate pair in six bytes", "/%ed%a0%bd%ed%b8%80"],
    ["a cut-off character", "/a%c3"],
    ["a character cut off by a slash", "/a%c3/%a9"],
    ["a character cut off by a letter", "/a%e2%82b"],
    ["the second byte of a character", "/%a9"],
    ["a byte of another encoding", "/%ff"],
    ["a character beyond Unicode", "/%f4%90%80%80"],
    ["a backslash", "/a\\..\\b"],
    ["a fragment", "/a#b"],
    ["no leading slash", "a/b"],
    ["an asterisk", "*"],
    ["nothing", ""],
    ["another scheme", "ftp://x/a"],
  ])("with %s is refused", (_what, url) => {
    expect(parseRequestTarget(url, "x")).toBeNull();
  });

  test.each(["a b", "user@host", "a/b", "a,b", "host:port", "[::1", "\u00e4"])(
    "for the host '%s' is refused",
    (host) => {
      expect(parseRequestTarget("/", host)).toBeNull();
    },
  );

  test.each([
    ["[::1]:80", "[::1]"],
    ["127.0.0.1:8080", "127.0.0.1"],
    ["", ""],
    [undefined, ""],
  ])("takes the host %s for %s", (host, expected) => {
    expect(parseRequestTarget("/", host)?.host).toBe(expected);
  });
});
