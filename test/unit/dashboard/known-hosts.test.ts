import { describe, expect, test } from "vitest";

import { knownHosts } from "../../../src/dashboard/access/known-hosts.ts";

const own = knownHosts({ host: "127.0.0.1", hosts: ["Gitway.example.com", "[2001:db8::1]", "gitway"] });

describe("a host header", () => {
  test.each([
    "localhost",
    "localhost:3000",
    "LOCALHOST.",
    "gitway.localhost",
    "127.0.0.1:3000",
    "127.9.9.9",
    "[::1]:3000",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "gitway.example.com",
    "GITWAY.EXAMPLE.COM.:8443",
    "gitway:3000",
    "[2001:DB8:0::1]:3000",
  ])("%s is known", (header) => {
    expect(own(header)).toBe(true);
  });

  test.each([
    "",
    "evil.example.com",
    "evil.gitway.example.com",
    "gitway.example.com.evil.example",
    "gitway.example.com@evil.example",
    "evil.example/gitway.example.com",
    "evil.example#gitway.example.com",
    "evil.example\\gitway",
    "localhost.evil.example",
    "notlocalhost",
    "10.0.0.5",
    "[2001:db8::2]",
    "0.0.0.0",
    "[::]",
    "gitway:port",
    "[::1",
    "a b",
  ])("%s is not", (header) => {
    expect(own(header)).toBe(false);
  });

  test("may hold any address where the dashboard listens on all of them, and no name for that", () => {
    for (const host of ["0.0.0.0", "::"]) {
      const everywhere = knownHosts({ host, hosts: [] });
      expect(["10.0.0.5:3000", "[2001:db8::2]", "localhost"].map(everywhere)).toEqual([true, true, true]);
      expect(everywhere("evil.example.com")).toBe(false);
    }
  });

  test("may hold the address or name that the dashboard listens on", () => {
    expect(knownHosts({ host: "::1", hosts: [] })("[::1]:3000")).toBe(true);
    expect(knownHosts({ host: "fd00::7", hosts: [] })("[fd00:0::7]:3000")).toBe(true);
    expect(knownHosts({ host: "10.0.0.5", hosts: [] })("10.0.0.5:3000")).toBe(true);
    expect(knownHosts({ host: "gitway.internal", hosts: [] })("gitway.internal:3000")).toBe(true);
    expect(knownHosts({ host: "10.0.0.5", hosts: [] })("10.0.0.6")).toBe(false);
  });
});
