import { expect, test } from "vitest";

import { lineageOf } from "../../../../src/source/attribution/lineage.ts";
import type { CommitGraph } from "../../../../src/source/git/commit-graph.ts";

/** A straight line from `a` to `d`, and `x` beside it. */
const behind: Record<string, string[]> = {
  a: ["a"],
  b: ["b", "a"],
  c: ["c", "b", "a"],
  d: ["d", "c", "b", "a"],
  x: ["x", "b", "a"],
};
const parents: Record<string, string[]> = { a: [], b: ["a"], c: ["b"], d: ["c"], x: ["b"] };
const graph: CommitGraph = {
  has: (commit) => commit in behind,
  isBehind: (commit, other) => behind[other]?.includes(commit) ?? false,
  isCutOff: () => false,
  list: (tips, without) =>
    (behind[tips[0] ?? ""] ?? [])
      .filter((id) => without === null || !behind[without]?.includes(id))
      .map((id) => ({ id, parents: parents[id] ?? [] })),
};

test("a lineage knows what is in the range, what has its start, and what is lost", () => {
  const lineage = lineageOf(graph, "b", "d");

  expect(lineage.range.map(({ id }) => id)).toEqual(["d", "c"]);
  expect(lineage.line).toEqual(new Set(["b", "c", "d"]));
  expect([lineage.isLost("x"), lineage.isLost("a"), lineage.isLost("unknown")]).toEqual([true, false, false]);
  expect([lineage.isBehind("b", "x"), lineage.isBehind("c", "x")]).toEqual([true, false]);
});

test("a start that the mirror does not know is none", () => {
  const lineage = lineageOf(graph, "unknown", "b");

  expect(lineage.from).toBeNull();
  expect(lineage.range.map(({ id }) => id)).toEqual(["b", "a"]);
});
