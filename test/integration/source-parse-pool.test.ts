import { afterEach, describe, expect, test, vi } from "vitest";

import { createParsePool, type ParsePool } from "../../src/source/parse/parse-pool.ts";
import { apiText } from "../support/open-test-source.ts";

let pool: ParsePool;
afterEach(() => pool.close());

describe("a file that the parser can't be let go on with", () => {
  test("is stopped after its time", async () => {
    pool = createParsePool({ routeBase: "/api/custom" }, { parseTime: 1 });
    const large = Array.from({ length: 20_000 }, (_, index) => `# ${index}\n- {a: [b, {c: d}]}`).join("\n");

    const outcomes = await pool.parse([{ path: "slow.yaml", text: large }]);

    expect(outcomes).toMatchObject([{ problem: { file: "slow.yaml", line: 1, code: "parse-timeout" } }]);
  });

  test("is stopped at the limit of memory, and the files around it are parsed", async () => {
    pool = createParsePool({ routeBase: "/api/custom" }, { parseTime: 60_000, memory: 48 });
    const large = Array.from({ length: 300_000 }, () => "- {a: [b, {c: d}]}").join("\n");

    const outcomes = await pool.parse([
      { path: "a.yaml", text: apiText("a") },
      { path: "large.yaml", text: large },
      { path: "b.yaml", text: apiText("b") },
    ]);

    expect(outcomes).toMatchObject([
      { parsed: { path: "a.yaml", documents: [{ status: "good", name: "a" }] } },
      { problem: { file: "large.yaml", code: "parse-memory" } },
      { parsed: { path: "b.yaml", documents: [{ status: "good", name: "b" }] } },
    ]);
  });
});

test("several threads give the outcomes in the order of the files", async () => {
  pool = createParsePool({ routeBase: "/api/custom" }, { parseTime: 20_000, threads: 3 });
  const files = Array.from({ length: 50 }, (_, index) => ({
    path: `${index}.yaml`,
    text: apiText(`a${index}`),
  }));

  const outcomes = await pool.parse(files);

  expect(outcomes.map(({ parsed }) => parsed?.path)).toEqual(files.map(({ path }) => path));
});

test("orders given at once are carried out one after the other", async () => {
  pool = createParsePool({ routeBase: "/api/custom" }, { parseTime: 20_000 });

  const all = await Promise.all(
    ["a", "b", "c"].map((name) => pool.parse([{ path: `${name}.yaml`, text: apiText(name) }])),
  );

  expect(all.flat().map(({ parsed }) => parsed?.path)).toEqual(["a.yaml", "b.yaml", "c.yaml"]);
});

describe("an edit", () => {
  const add = {
    op: "add",
    wanted: { kind: "Webhook", name: "hook", spec: { url: "http://a.example" } },
  } as const;
  const task = (text: string) => ({
    path: "a.yaml",
    file: { path: "a.yaml", text },
    edit: add,
    fileSize: 1024 * 1024,
  });

  test("of a file as large as may be has memory enough", async () => {
    pool = createParsePool({ routeBase: "/api/custom" }, { parseTime: 60_000 });
    const text = Array.from({ length: 2500 }, (_, index) => apiText(`a${index}`)).join("---\n");
    const comment = `# ${"x".repeat(998)}\n`.repeat(Math.floor((1_000_000 - text.length) / 1001));

    expect(await pool.edit(task(comment + text))).toMatchObject({
      edited: { status: "edited" },
    });
  });

  test("is stopped after its time, and the next one is done", async () => {
    pool = createParsePool({ routeBase: "/api/custom" }, { parseTime: 300 });
    const slow = Array.from({ length: 20_000 }, (_, index) => `# ${index}\n- {a: [b, {c: d}]}`).join("\n");

    expect(await pool.edit(task(slow))).toMatchObject({ problem: { code: "parse-timeout" } });
    // On a busy machine even a small file may take longer than so little time.
    await vi.waitFor(
      async () => expect(await pool.edit(task(apiText("a")))).toMatchObject({ edited: { status: "edited" } }),
      20_000,
    );
  });
});
