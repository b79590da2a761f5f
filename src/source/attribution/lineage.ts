import type { CommitGraph } from "../git/commit-graph.ts";
import type { Commit } from "../git/history.ts";

/** How earlier commits lie to the head of a branch. */
export interface Lineage {
  /** The start of the range; null when there is none, or none that the mirror knows. */
  readonly from: string | null;
  /** The commits that the head has and the start has not, newest first, children before parents. */
  readonly range: readonly Commit[];
  /** The start, and the commits of the range that have it. */
  readonly line: ReadonlySet<string>;
  /** The commits that the given ones have, themselves too, in the same order. */
  behind(tips: readonly string[]): readonly Commit[];
  /** What the head has and another commit has not. */
  since(commit: string): readonly Commit[];
  /** Whether a commit is in the mirror, but is not the head or behind it any more. */
  isLost(commit: string): boolean;
  /** Whether a shallow mirror does not have what a commit came from. */
  isCutOff(commit: string): boolean;
  /** Whether `commit` is `other` or behind it. */
  isBehind(commit: string, other: string): boolean;
}

/** How the start of a range lies to its end. */
export function lineageOf(graph: CommitGraph, given: string | null, to: string): Lineage {
  const from = given !== null && graph.has(given) ? given : null;
  const range = graph.list([to], from);
  return {
    from,
    range,
    line: lineOf(from, range),
    behind: (tips) => graph.list(tips, null),
    since: (commit) => graph.list([to], commit),
    isLost: (commit) => graph.has(commit) && !graph.isBehind(commit, to),
    isCutOff: (commit) => graph.isCutOff(commit),
    isBehind: (commit, other) => graph.isBehind(commit, other),
  };
}

/** A commit, and those of a range that have it; nothing for none. */
export function lineOf(from: string | null, range: readonly Commit[]): ReadonlySet<string> {
  const line = new Set<string>(from === null ? [] : [from]);
  for (const { id, parents } of range.toReversed())
    if (parents.some((parent) => line.has(parent))) line.add(id);
  return line;
}
