import { gitOutput } from "./git.ts";
import type { Commit } from "./history.ts";
import { readBoundaries } from "./shallow-boundary.ts";
import type { Repository } from "./tree.ts";

interface Node {
  readonly parents: readonly string[];
  /** Seconds. */
  readonly date: number;
}

/**
 * Which commit comes from which. Git finds its ranges by the dates of commits, and names too many where
 * clocks were wrong; here only parents count, and dates but order what is not related.
 */
export interface CommitGraph {
  has(commit: string): boolean;
  /** The commit and all behind it; nothing for a commit that the mirror does not know. */
  behind(commit: string): ReadonlySet<string>;
  /** What `tips` have and `without` has not: children before parents, and else the newest first. */
  list(tips: readonly string[], without: string | null): readonly Commit[];
}

/** Reads the graph of a mirror, each commit once. */
export function createGraphReader(repository: Repository) {
  let nodes = new Map<string, Node>();
  let heads: readonly string[] = [];
  let boundaries = "";
  let turn: Promise<unknown> = Promise.resolve();

  /** The graph with the head and whatever of the others the mirror has. */
  function read(head: string, others: Iterable<string>): Promise<CommitGraph> {
    const wanted = [head, ...others];
    const mine = turn.then(() => extend(wanted));
    turn = mine.catch(() => {});
    return mine;
  }

  async function extend(wanted: readonly string[]): Promise<CommitGraph> {
    const now = (await readBoundaries(repository)).toSorted().join(" ");
    // A boundary that moved gives parents to commits that had none.
    if (now !== boundaries) [nodes, heads, boundaries] = [new Map<string, Node>(), [], now];
    const unknown = [...new Set(wanted)].filter((commit) => !nodes.has(commit));
    if (unknown.length > 0) {
      await readNodes(repository, unknown, heads, nodes);
      heads = [...new Set(wanted.slice(0, 1).concat(heads))]
        .filter((id) => nodes.has(id))
        .slice(0, mostHeads);
    }
    return graphOf(nodes);
  }

  return { read };
}

const mostHeads = 4;

async function readNodes(
  { setting, path }: Repository,
  tips: readonly string[],
  known: readonly string[],
  nodes: Map<string, Node>,
): Promise<void> {
  const options = ["rev-list", "--parents", "--timestamp", "--ignore-missing", "--stdin"];
  const input = [...tips, ...known.map((commit) => `^${commit}`)].map((line) => `${line}\n`).join("");
  const output = await gitOutput(setting, ["--git-dir", path, ...options], { cwd: path, input });
  for (const line of output.toString().split("\n")) {
    const [date = "", id = "", ...parents] = line.split(" ");
    if (id !== "") nodes.set(id, { date: Number(date), parents });
  }
}

function graphOf(nodes: ReadonlyMap<string, Node>): CommitGraph {
  const sets = new Map<string, ReadonlySet<string>>();

  function behind(commit: string): ReadonlySet<string> {
    const known = sets.get(commit) ?? reachable(nodes, [commit]);
    sets.set(commit, known);
    return known;
  }

  function list(tips: readonly string[], without: string | null): readonly Commit[] {
    const left = without === null ? new Set<string>() : behind(without);
    const [only] = tips;
    const all = tips.length === 1 && only !== undefined ? behind(only) : reachable(nodes, tips);
    return inOrder(nodes, new Set([...all].filter((commit) => !left.has(commit))));
  }

  return { has: (commit) => nodes.has(commit), behind, list };
}

function reachable(nodes: ReadonlyMap<string, Node>, tips: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting = [...tips];
  for (let commit = waiting.pop(); commit !== undefined; commit = waiting.pop()) {
    const node = nodes.get(commit);
    if (!node || found.has(commit)) continue;
    found.add(commit);
    waiting.push(...node.parents);
  }
  return found;
}

function inOrder(nodes: ReadonlyMap<string, Node>, commits: ReadonlySet<string>): Commit[] {
  const children = new Map<string, number>();
  const parentsOf = (commit: string) => nodes.get(commit)?.parents ?? [];
  for (const commit of commits)
    for (const parent of parentsOf(commit)) children.set(parent, (children.get(parent) ?? 0) + 1);

  const free: string[] = [];
  for (const commit of commits) if (!children.has(commit)) insertByDate(nodes, free, commit);
  const order: Commit[] = [];
  for (let id = free.pop(); id !== undefined; id = free.pop()) {
    const parents = parentsOf(id);
    order.push({ id, parents });
    for (const parent of parents) {
      const rest = (children.get(parent) ?? 0) - 1;
      children.set(parent, rest);
      if (rest === 0 && commits.has(parent)) insertByDate(nodes, free, parent);
    }
  }
  return order;
}

/** The newest is last; of equal dates, who came first goes first. */
function insertByDate(nodes: ReadonlyMap<string, Node>, list: string[], commit: string): void {
  const dateOf = (id: string) => nodes.get(id)?.date ?? 0;
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (dateOf(list[middle] ?? "") < dateOf(commit)) low = middle + 1;
    else high = middle;
  }
  list.splice(low, 0, commit);
}
