import { resolve } from "node:path";

import { describe, expect, test } from "vitest";

import { parseLocation } from "../../../../src/source/git/location.ts";

describe("a location", () => {
  test.each([
    ["https://git.example.com/team/apis.git", "https", "https://git.example.com"],
    ["https://git.example.com:8443/x", "https", "https://git.example.com:8443"],
    ["http://localhost:3000/x", "http", "http://localhost:3000"],
    ["http://[::1]/x", "http", "http://[::1]"],
    ["ssh://git@example.com:22/x.git", "ssh", null],
    ["git@example.com:team/x.git", "ssh", null],
    ["example.com:x", "ssh", null],
  ])("%s is %s", (text, protocol, origin) => {
    expect(parseLocation(text)).toMatchObject({ protocol, origin, url: text, description: text });
  });

  test.each([
    ["/srv/apis", "/srv/apis"],
    ["file:///srv/my%20apis", "/srv/my apis"],
    ["./a:b", resolve("a:b")],
    [".", resolve(".")],
  ])("%s is a local path", (text, path) => {
    expect(parseLocation(text)).toMatchObject({ protocol: "file", url: path });
  });

  test("is described without what may be a secret in its query", () => {
    expect(parseLocation("https://example.com/x?token=abc#y").description).toBe("https://example.com/x");
  });

  test.each([
    "",
    "-u/x",
    "--upload-pack=touch x",
    "ext::sh -c id",
    "EXT::sh -c id",
    "fd::17",
    "git://example.com/x",
    "ftp://example.com/x",
    "http://example.com/x",
    "https://user@example.com/x",
    "https://user:password@example.com/x",
    "https://",
    "ssh://git:password@example.com/x",
    "ssh://-oProxyCommand=id/x",
    "ssh://-l@example.com/x",
    "-x@example.com:y",
    "git@-oProxyCommand=id:x",
    "file://host/x",
    "a\nb",
    "a\0b",
    "javascript://x/%0a",
  ])("%j is refused, without being repeated when it may hold a password", (text) => {
    const refusal = refusalOf(text);

    expect(refusal).toMatchObject({ code: "config-invalid" });
    expect(refusal?.message).not.toContain("password@");
  });
});

function refusalOf(text: string): Error | null {
  try {
    parseLocation(text);
    return null;
  } catch (error) {
    return error as Error;
  }
}
