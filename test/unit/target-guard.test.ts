import { describe, expect, test } from "vitest";

import { createTargetGuard } from "../../src/target-guard.ts";

describe("the guarded look-up", () => {
  test.each([[["169.254.169.254"]], [["10.0.0.1", "fe80::1"]], [["2002:a9fe:a9fe::"]]])(
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
  const { lookup } = createTargetGuard(undefined, (_host, _options, callback) =>
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
