import { inspect } from "node:util";

import { expect, test } from "vitest";

import { Secret } from "../../src/secret.ts";

test("a secret prints as [secret], however it is printed", () => {
  const secret = new Secret("correct horse battery staple 0123456789");

  const printed = [
    String(secret),
    JSON.stringify({ secret }),
    inspect(secret),
    inspect({ deep: { secret } }),
  ];

  expect(printed.every((text) => text.includes("[secret]") && !text.includes("horse"))).toBe(true);
});

test("secrets are equal when their values are", () => {
  expect(new Secret("a").equals(new Secret("a"))).toBe(true);
  expect(new Secret("a").equals(new Secret("b"))).toBe(false);
});
