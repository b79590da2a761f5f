import { describe, expect, test } from "vitest";

import { buildCredentialTable, identifyCaller } from "../../../src/endpoint/table/credential-table.ts";
import { hasEnded, parseEnd } from "../../../src/endpoint/timestamp.ts";
import {
  presentedSecret,
  standardLocation,
  tokenLocation,
  withoutCookie,
  withoutQueryParameter,
} from "../../../src/endpoint/token-location.ts";
import { Secret } from "../../../src/secret.ts";
import { credential, token } from "../../support/serving.ts";

const now = Date.parse("2030-01-01T00:00:00Z");
const [a, b] = ["a".repeat(32), "b".repeat(32)];

describe("a secret", () => {
  test("belongs to its token", async () => {
    expect(await who(a, [token("t")], [credential("t", a)])).toBe("t");
  });

  test.each([
    ["is unknown", [token("t")], [credential("t", b)]],
    ["is past its end", [token("t")], [credential("t", a, "2029-12-31T23:59:59Z")]],
    ["has an end that can't be read", [token("t")], [credential("t", a, "soon")]],
    ["belongs to a disabled token", [token("t", { disabled: true })], [credential("t", a)]],
    ["belongs to an expired token", [token("t", { expires: "2030-01-01 00:00" })], [credential("t", a)]],
    ["belongs to a token that is gone", [], [credential("t", a)]],
    ["belongs to two tokens", [token("t"), token("u")], [credential("t", a), credential("u", a)]],
  ])("that %s admits nobody", async (_what, tokens, credentials) => {
    expect(await who(a, tokens, credentials)).toBeNull();
  });

  test("stored twice for one token lasts until the later end", async () => {
    const credentials = [
      credential("t", a, "2031-01-01T00:00:00Z"),
      credential("t", a, "2029-01-01T00:00:00Z"),
    ];

    expect(await who(a, [token("t")], credentials)).toBe("t");
  });

  test("may change while the old one still works", async () => {
    const credentials = [credential("t", a, "2030-06-01T00:00:00Z"), credential("t", b)];

    expect(await Promise.all([a, b].map((secret) => who(secret, [token("t")], credentials)))).toEqual([
      "t",
      "t",
    ]);
  });
});

describe("an end", () => {
  test.each([
    ["2030-01-01T00:00:00Z", true],
    ["2030-01-01T00:00:01Z", false],
    ["2030-01-01 00:00", true],
    ["2030-01-01 00:01", false],
    ["2030-01-01T01:30:00+02:00", true],
    ["2029-12-31", true],
    ["2030-13-01 00:00", true],
    ["never", true],
    ["", true],
    [undefined, false],
    [null, false],
  ])("%s has come: %s", (text, expected) => {
    expect(hasEnded(parseEnd(text), now)).toBe(expected);
  });
});

describe("a presented token", () => {
  const location = tokenLocation({ header: "X-Key", queryParameter: "key", cookie: "key" });

  test.each([
    [{ "x-key": "one" }, "", "one"],
    [{ "x-key": "bearer one" }, "", "one"],
    [{}, "a=1&key=t%77o", "two"],
    [{ cookie: "a=1; key=three=3" }, "", "three=3"],
    [{ "x-key": "one" }, "key=two", "two"],
    [{ "x-key": "one", cookie: "key=three" }, "key=two", "three"],
    [{ "x-key": "one", cookie: "akey=three" }, "akey=two", "one"],
    [{ "x-key": "", cookie: "key" }, "key=", "key"],
    [{}, "", undefined],
  ])("is read from %j and '%s': %s", (headers, query, expected) => {
    expect(presentedSecret(location, headers, query, false)?.reveal()).toBe(expected);
  });

  test.each([
    ["Bearer x", "x"],
    ["bearer   x", "x"],
    ["BEARER x", "x"],
    ["Basic x", undefined],
    ["Bearer", undefined],
    ["Bearer x y", undefined],
    ["x", undefined],
  ])("must have the Bearer scheme below the base: %s", (authorization, expected) => {
    expect(presentedSecret(standardLocation, { authorization }, "", true)?.reveal()).toBe(expected);
  });

  test("may lack the scheme elsewhere", () => {
    expect(presentedSecret(standardLocation, { authorization: "x" }, "", false)?.reveal()).toBe("x");
  });

  test("can be taken out of a query or cookies without touching the rest", () => {
    expect(withoutQueryParameter("a=%zz&k%65y=s&b&key=t&=", "key")).toBe("a=%zz&b&=");
    expect(withoutCookie("a=1;  key=s; b=2", "key")).toBe("a=1; b=2");
    expect(withoutCookie("key=s", "key")).toBe("");
  });
});

async function who(
  secret: string,
  tokens: ReturnType<typeof token>[],
  credentials: ReturnType<typeof credential>[],
): Promise<string | null> {
  return (
    identifyCaller(await buildCredentialTable({ tokens, credentials }), new Secret(secret), now).caller
      ?.tokenName ?? null
  );
}
