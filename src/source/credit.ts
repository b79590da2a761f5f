import type { HistoryCommit } from "./history.ts";

/** A commit that gave a path its content, and its place in the history: 0 is the newest. */
export interface Credit {
  readonly commit: string;
  readonly order: number;
}

/**
 * For each path, the commits that made its content, the newest first. A path is followed from the head
 * to the parent that has the same content, so what a merge threw away takes no credit. A merge takes
 * none either, unless `madeByMerge` says that it made the content; otherwise both sides are followed.
 */
export function creditPaths(
  history: readonly HistoryCommit[],
  paths: Iterable<string>,
  madeByMerge: (merge: string, path: string) => boolean,
): ReadonlyMap<string, readonly Credit[]> {
  const credits = new Map<string, Credit[]>();
  const alive = new Map<string, Set<string>>();
  const head = history[0];
  if (head) alive.set(head.id, new Set(paths));

  for (const [order, commit] of history.entries()) {
    const here = alive.get(commit.id);
    alive.delete(commit.id);
    if (!here) continue;
    const own = touchedByAll(commit, here);
    for (const path of own) {
      if (commit.parents.length > 1 && !madeByMerge(commit.id, path)) continue;
      const list = credits.get(path);
      if (list) list.push({ commit: commit.id, order });
      else credits.set(path, [{ commit: commit.id, order }]);
    }
    handOn(commit, here, new Set(own), alive);
  }
  return credits;
}

/** The merges, with the paths that differ from all their parents: who made the content has to be seen. */
export function contestedMerges(history: readonly HistoryCommit[], paths: ReadonlySet<string>): string[] {
  return history
    .filter((commit) => commit.parents.length > 1 && touchedByAll(commit, paths).length > 0)
    .map(({ id }) => id);
}

function touchedByAll({ touched }: HistoryCommit, paths: ReadonlySet<string>): string[] {
  const [first, ...others] = touched;
  return [...(first ?? [])].filter((path) => paths.has(path) && others.every((set) => set.has(path)));
}

/** Follows a path into the first parent with the same content, or into all when none has. */
function handOn(
  { parents, touched }: HistoryCommit,
  here: Set<string>,
  own: ReadonlySet<string>,
  alive: Map<string, Set<string>>,
): void {
  const apart = parents.slice(1).map(() => new Set<string>());
  for (const path of touched[0] ?? []) {
    if (parents.length < 2 || !here.has(path)) continue;
    const same = touched.findIndex((set) => !set.has(path));
    if (!own.has(path)) here.delete(path);
    for (const [index, set] of apart.entries()) if (own.has(path) || index + 1 === same) set.add(path);
  }
  for (const [index, parent] of parents.entries()) {
    const set = index === 0 ? here : (apart[index - 1] ?? new Set());
    if (set.size > 0) alive.set(parent, union(alive.get(parent), set));
  }
}

function union(some: Set<string> | undefined, more: Set<string>): Set<string> {
  if (!some) return more;
  const [small, large] = some.size < more.size ? [some, more] : [more, some];
  for (const path of small) large.add(path);
  return large;
}
