import type { RandomCommit } from "./random-history.ts";

/** How the commits of a history lie to each other, by numbers. */
export function commitOrder(history: readonly RandomCommit[]) {
  const ancestors = history.map((_, commit) => ancestorsOf(history, commit));

  /** Whether a commit is another one or behind it. */
  function isBehind(commit: number, other: number): boolean {
    return ancestors[other]?.has(commit) ?? false;
  }

  /** Children before parents, and the newest first of those that may come next. */
  function inOrder(belongs: (commit: number) => boolean): number[] {
    const left = new Set(history.map((_, commit) => commit).filter(belongs));
    const order: number[] = [];
    while (left.size > 0) {
      const free = [...left].filter((commit) =>
        [...left].every((other) => !history[other]?.parents.includes(commit)),
      );
      const next = free.toSorted((a, b) => (history[b]?.date ?? 0) - (history[a]?.date ?? 0))[0] as number;
      order.push(next);
      left.delete(next);
    }
    return order;
  }

  return { isBehind, inOrder };
}

function ancestorsOf(history: readonly RandomCommit[], commit: number): ReadonlySet<number> {
  const found = new Set<number>();
  const visit = (each: number): void => {
    if (found.has(each)) return;
    found.add(each);
    history[each]?.parents.forEach(visit);
  };
  visit(commit);
  return found;
}
