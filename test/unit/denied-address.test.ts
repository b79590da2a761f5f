import { describe, expect, test } from "vitest";

import { createGuardedLookup, isDeniedAddress } from "../../src/denied-address.ts";

describe("an address for a proxy or webhook", () => {
  test.each([
    "169.254.169.254",
    "169.254.0.1",
    "0.0.0.0",
    "0.1.2.3",
    "100.100.100.200",
    "fe80::1",
    "FE80:0::1",
    "febf::1",
    "::",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "64:ff9b::a9fe:a9fe",
    "::169.254.169.254",
    "fd00:ec2::254",
  ])("is denied: %s", (address) => {
    expect(isDeniedAddress(address)).toBe(true);
  });

  test.each([
    "127.0.0.1",
    "10.0.0.1",
    "192.168.1.1",
    "::1",
    "2001:db8::1",
    "example.com",
    "169.254.example.com",
  ])("is fine: %s", (address) => {
    expect(isDeniedAddress(address)).toBe(false);
  });
});

describe("the guarded look-up", () => {
  test.each([[["169.254.169.254"]], [["10.0.0.1", "fe80::1"]]])(
    "refuses a name that leads to %j",
    async (found) => {
      const { error } = await look(found, { all: true });

      expect(error).toMatchObject({ code: "GITWAY_TARGET_DENIED" });
    },
  );

  test("hands on all addresses when asked for all", async () => {
    const { error, result } = await look(["10.0.0.1", "10.0.0.2"], { all: true });

    expect(error).toBeNull();
    expect(result).toMatchObject([{ address: "10.0.0.1" }, { address: "10.0.0.2" }]);
  });

  test("hands on the first address otherwise", async () => {
    expect(await look(["10.0.0.1", "10.0.0.2"], {})).toMatchObject({ error: null, result: "10.0.0.1" });
  });

  test("hands on a failure", async () => {
    expect((await look(new Error("ENOTFOUND"), { all: true })).error).toMatchObject({ message: "ENOTFOUND" });
  });
});

async function look(found: readonly string[] | Error, options: { all?: boolean }) {
  const lookup = createGuardedLookup((_host, _options, callback) =>
    found instanceof Error
      ? callback(found, [])
      : callback(
          null,
          found.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
        ),
  );
  return await new Promise<{ error: unknown; result: unknown }>((resolve) =>
    lookup("name.example.com", options, (error, result) => resolve({ error, result })),
  );
}
