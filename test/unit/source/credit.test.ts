import { describe, expect, test } from "vitest";

import { contestedMerges, creditPaths } from "../../../src/source/credit.ts";
import type { HistoryCommit } from "../../../src/source/history.ts";

const never = () => false;

describe("the credit for a path", () => {
  test("goes to the commits that touched it, the newest first", () => {
    const history = [commit("c3", ["c2"], ["b"]), commit("c2", ["c1"], ["a"]), commit("c1", [], ["a", "b"])];

    expect(credited(history, ["a", "b"])).toEqual({ a: ["c2", "c1"], b: ["c3", "c1"] });
  });

  test("follows the parent with the same content, also when it is not the first", () => {
    const history = [
      commit("m", ["left", "right"], ["a"], []),
      commit("left", ["base"], ["a"]),
      commit("right", ["base"], ["a"]),
      commit("base", [], ["a"]),
    ];

    expect(credited(history, ["a"])).toEqual({ a: ["right", "base"] });
  });

  test("follows all parents when none has the content, each commit once", () => {
    const history = [
      commit("m", ["left", "right", "third"], ["a"], ["a"], ["a"]),
      commit("left", ["base"], ["a"]),
      commit("right", ["base"], ["a"]),
      commit("third", ["base"], []),
      commit("base", [], ["a"]),
    ];

    expect(credited(history, ["a"])).toEqual({ a: ["left", "right", "base"] });
    expect(creditPaths(history, ["a"], () => true).get("a")?.[0]).toEqual({ commit: "m", order: 0 });
    expect(contestedMerges(history, new Set(["a"]))).toEqual(["m"]);
    expect(contestedMerges(history, new Set(["b"]))).toEqual([]);
  });

  test("ends at the end of the range", () => {
    expect(credited([commit("c2", ["c1"], [])], ["a"])).toEqual({});
    expect(credited([], ["a"])).toEqual({});
  });
});

function commit(id: string, parents: string[], ...touched: string[][]): HistoryCommit {
  return { id, parents, touched: touched.map((paths) => new Set(paths)) };
}

function credited(history: readonly HistoryCommit[], paths: readonly string[]): Record<string, string[]> {
  const credits = creditPaths(history, paths, never);
  return Object.fromEntries([...credits].map(([path, list]) => [path, list.map((credit) => credit.commit)]));
}
