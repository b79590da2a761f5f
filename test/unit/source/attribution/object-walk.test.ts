import { describe, expect, test } from "vitest";

import type { View } from "../../../../src/source/attribution/object-view.ts";
import { walkObjects, type Walker } from "../../../../src/source/attribution/object-walk.ts";
import type { Step } from "../../../../src/source/git/step.ts";

/** Commits, newest first: what they come from, and the state of the object there. */
type Told = Readonly<Record<string, readonly [parents: string, state: string]>>;

describe("the walk of an object", () => {
  test("ends at the commit whose parent has another state, and goes on to the makers of earlier ones", async () => {
    const walker = await walk({ d: ["c", "2"], c: ["b", "2"], b: ["a", "1"], a: ["", "0"] }, "0");

    expect(walker).toMatchObject({ author: "c", contributors: ["b"] });
  });

  test("follows the first parent with an equal state", async () => {
    const second = await walk({ m: ["a b", "2"], b: ["r", "2"], a: ["r", "1"], r: ["", "0"] }, "0");
    const both = await walk({ m: ["a b", "2"], b: ["r", "2"], a: ["r", "2"], r: ["", "0"] }, "0");

    expect(second).toMatchObject({ author: "b", contributors: [] });
    expect(both).toMatchObject({ author: "a", contributors: [] });
  });

  test("ends at a merge that is like none of its parents, and credits all of them, each once", async () => {
    const walker = await walk(
      { m: ["a b", "3"], b: ["s", "2"], a: ["s", "4"], s: ["r", "1"], r: ["", "0"] },
      "0",
    );

    expect(walker).toMatchObject({ author: "m", contributors: ["b", "a", "s"] });
  });

  test("ends at a first commit that has the object, and finds nobody for one that never was", async () => {
    expect(await walk({ b: ["a", "1"], a: ["", "1"] }, "absent")).toMatchObject({ author: "a" });
    expect(await walk({ b: ["a", "absent"], a: ["", "absent"] }, "1")).toMatchObject({ author: null });
  });

  test("credits nobody before the state that is stored, nor before the range", async () => {
    const told: Told = { d: ["c", "4"], c: ["b", "3"], b: ["a", "2"], a: ["", "1"] };

    expect(await walk(told, "3")).toMatchObject({ author: "d", contributors: [] });
    expect(await walk(told, "0", ["d", "c"])).toMatchObject({ author: "d", contributors: ["c"] });
  });

  test("goes on behind the range for the author alone", async () => {
    const told: Told = { d: ["c", "2"], c: ["b", "2"], b: ["a", "2"], a: ["", "1"] };

    expect(await walk(told, "0", ["d"])).toMatchObject({ author: "b", contributors: [] });
  });

  test("starts at the newest commit with the state that is asked about", async () => {
    const told: Told = { e: ["d", "5"], d: ["c", "4"], c: ["b", "2"], b: ["a", "2"], a: ["", "1"] };

    const walker = await walk(told, "0", Object.keys(told), "2");

    expect(walker).toMatchObject({ found: { commit: "c" }, author: "b", contributors: ["a"] });
  });
});

async function walk(
  told: Told,
  converged: string,
  range = Object.keys(told),
  sought?: string,
): Promise<Walker> {
  const commits = Object.entries(told).map(([id, [parents]]) => ({
    id,
    parents: parents.split(" ").filter((parent) => parent !== ""),
  }));
  const head = commits[0]?.id ?? "";
  const wanted = sought ?? viewAt(told, head).state;
  const walker: Walker = {
    subject: { key: "ApiDefinition/1", storedName: null, storedPath: null, homes: [] },
    words: [],
    seeks: (state) => state === wanted,
    converged,
    found: null,
    author: null,
    broughtBy: null,
    contributors: [],
    firstWritten: null,
  };
  await walkObjects(
    {
      range: commits.filter(({ id }) => range.includes(id)),
      line: new Set(),
      behind: () => commits.filter(({ id }) => !range.includes(id)),
      isCutOff: () => false,
      steps: async (comparisons) => comparisons.map((): Step => new Map()),
      views: {
        start: async () => viewAt(told, head),
        prefetch: async () => {},
        move: async (_step, older, views) =>
          new Map([...views.keys()].map((each) => [each, viewAt(told, older)])),
      },
    },
    head,
    new Map([[walker, viewAt(told, head)]]),
  );
  return walker;
}

function viewAt(told: Told, commit: string): View {
  return { standing: [], unreadable: new Map(), digests: new Map(), state: told[commit]?.[1] ?? "" };
}
