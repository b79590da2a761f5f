import { describe, expect, test } from "vitest";

import { judgePath, preparePathLists } from "../../../../src/endpoint/table/path-lists.ts";
import type { PathLists } from "../../../../src/manifest/api-definition.generated.ts";

describe("path lists", () => {
  test.each<[string, PathLists, string, string]>([
    ["no list lets all in", {}, "a/b", "open"],
    ["an allowed path lets in", { allowed: [{ path: "/a" }] }, "a", "allowed"],
    ["and all below it", { allowed: [{ path: "/a/" }] }, "a/b/c", "allowed"],
    ["by whole segments", { allowed: [{ path: "/a" }] }, "ab", "unlisted"],
    ["or alone, when it is exact", { allowed: [{ path: "/a", match: "exact" }] }, "a/b", "unlisted"],
    ["and then itself", { allowed: [{ path: "/a/{b}", match: "exact" }] }, "a/b", "allowed"],
    ["and nothing else", { allowed: [{ path: "/a" }] }, "b/a", "unlisted"],
    ["a slash is every path", { allowed: [{ path: "/" }] }, "", "allowed"],
    [
      "a placeholder takes a segment",
      { blocked: [{ path: "/users/{id}/keys" }] },
      "users/7/keys/1",
      "blocked",
    ],
    ["and needs one", { blocked: [{ path: "/users/{id}" }] }, "users", "open"],
    ["literals are case-sensitive", { blocked: [{ path: "/admin" }] }, "Admin", "open"],
    ["unless said otherwise", { blocked: [{ path: "/aDmin", ignoreCase: true }] }, "Admin", "blocked"],
    ["escapes don't hide a path", { blocked: [{ path: "/admin" }] }, "%61dmin", "blocked"],
    ["disabled entries are left out", { blocked: [{ path: "/a", disabled: true }] }, "a", "open"],
    ["also for what is allowed", { allowed: [{ path: "/a", disabled: true }] }, "b", "open"],
    [
      "ignored comes before blocked",
      { blocked: [{ path: "/a" }], ignored: [{ path: "/a/b" }] },
      "a/b",
      "ignored",
    ],
    [
      "blocked comes before allowed",
      { allowed: [{ path: "/a" }], blocked: [{ path: "/a/b" }] },
      "a/b",
      "blocked",
    ],
    ["another method skips an entry", { blocked: [{ path: "/a", methods: { POST: {} } }] }, "a", "open"],
    ["no methods never fit", { allowed: [{ path: "/a", methods: {} }] }, "a", "unlisted"],
    ["what reads two ways is refused", { blocked: [{ path: "/a/b" }] }, "a%2Fb", "ambiguous"],
    ["also with a backslash", { blocked: [{ path: "/a/b" }] }, "a%5cb", "ambiguous"],
    ["also with path parameters", { ignored: [{ path: "/a" }] }, "a;x=1", "ambiguous"],
    ["and passes when both ways are the same", { blocked: [{ path: "/x" }] }, "a%2Fb", "open"],
  ])("%s", (_what, lists, path, kind) => {
    const below = path.split("/").filter((segment) => segment !== "");

    expect(judgePath(preparePathLists(lists), below, "GET").kind).toBe(kind);
  });

  test("an entry may answer at once, with a status, headers and a body", () => {
    const lists = preparePathLists({
      ignored: [
        { path: "/health", methods: { GET: { action: "reply", status: 203, body: "well" }, PUT: {} } },
      ],
    });

    const { kind, entry, reply } = judgePath(lists, ["health"], "GET");

    expect({ kind, entry, status: reply?.status, body: String(reply?.body) }).toEqual({
      kind: "reply",
      entry: "/health",
      status: 203,
      body: "well",
    });
    expect(judgePath(lists, ["health"], "PUT").kind).toBe("ignored");
  });
});
