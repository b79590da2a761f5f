import type { CommitReader } from "./commit-reader.ts";
import { gitOutput } from "./git.ts";
import type { Commit } from "./history.ts";
import { readBoundaries } from "./shallow-boundary.ts";
import type { Repository } from "./tree.ts";

interface Origin {
  readonly parents: readonly string[];
  /** Seconds. */
  readonly date: number;
}

interface Node extends Origin {
  /** One more than that of any parent: nobody behind a commit has as much as it. */
  readonly generation: number;
}

/**
 * Which commit comes from which. Git finds its ranges by the dates of commits, and names too many where
 * clocks were wrong; here only parents count, and dates but order what is not related.
 */
export interface CommitGraph {
  has(commit: string): boolean;
  /** Whether a commit is another one or behind it. False for those that the mirror does not know. */
  isBehind(commit: string, other: string): boolean;
  /** Whether a shallow mirror does not have what a commit came from. */
  isCutOff(commit: string): boolean;
  /** What `tips` have and `without` has not: children before parents, and else the newest first. */
  list(tips: readonly string[], without: string | null): readonly Commit[];
}

/** Reads the graph of a mirror, each commit once. */
export function createGraphReader(repository: Repository, commits: CommitReader) {
  let nodes = new Map<string, Node>();
  let heads: readonly string[] = [];
  let boundaries: ReadonlySet<string> = new Set();
  let turn: Promise<unknown> = Promise.resolve();

  /** The graph with the head and whatever of the others the mirror has. */
  function read(head: string, others: Iterable<string>): Promise<CommitGraph> {
    const wanted = [head, ...others];
    const mine = turn.then(() => extend(wanted));
    turn = mine.catch(() => {});
    return mine;
  }

  async function extend(wanted: readonly string[]): Promise<CommitGraph> {
    const now = new Set(await readBoundaries(repository));
    // A boundary that moved gives parents to commits that had none.
    if (now.size !== boundaries.size || [...now].some((commit) => !boundaries.has(commit)))
      [nodes, heads, boundaries] = [new Map<string, Node>(), [], now];
    const unknown = [...new Set(wanted)].filter((commit) => !nodes.has(commit));
    if (unknown.length > 0) {
      const few = await readFew(commits, unknown, (commit) => nodes.has(commit), boundaries);
      addNodes(nodes, few ?? (await readMany(repository, unknown, heads)));
      heads = [...new Set(wanted.slice(0, 1).concat(heads))]
        .filter((id) => nodes.has(id))
        .slice(0, mostHeads);
    }
    return graphOf(nodes, boundaries);
  }

  return { read };
}

const mostHeads = 4;
const fewCommits = 32;

/** Reads commits one by one, up to those that are known. Null when there are too many for that. */
async function readFew(
  commits: CommitReader,
  tips: readonly string[],
  isKnown: (commit: string) => boolean,
  boundaries: ReadonlySet<string>,
): Promise<ReadonlyMap<string, Origin> | null> {
  const found = new Map<string, Origin>();
  const waiting = [...tips];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (found.has(id) || isKnown(id)) continue;
    const commit = await commits(id);
    if (!commit) continue;
    if (commit.date === null || found.size === fewCommits) return null;
    const parents = boundaries.has(id) ? [] : commit.parents;
    found.set(id, { parents, date: commit.date });
    waiting.push(...parents);
  }
  return found;
}

async function readMany(
  { setting, path }: Repository,
  tips: readonly string[],
  known: readonly string[],
): Promise<ReadonlyMap<string, Origin>> {
  const options = ["rev-list", "--parents", "--timestamp", "--ignore-missing", "--stdin"];
  const input = [...tips, ...known.map((commit) => `^${commit}`)].map((line) => `${line}\n`).join("");
  const output = await gitOutput(setting, ["--git-dir", path, ...options], { cwd: path, input });
  const found = new Map<string, Origin>();
  for (const line of output.toString().split("\n")) {
    const [date = "", id = "", ...parents] = line.split(" ");
    if (id !== "") found.set(id, { date: Number(date), parents });
  }
  return found;
}

/** Parents first, since the generation of a commit is known when theirs are. */
function addNodes(nodes: Map<string, Node>, found: ReadonlyMap<string, Origin>): void {
  const waiting = [...found.keys()];
  for (let id = waiting.at(-1); id !== undefined; id = waiting.at(-1)) {
    const origin = found.get(id);
    const missing = nodes.has(id) || !origin ? [] : origin.parents.filter((parent) => isMissing(parent));
    waiting.push(...missing);
    if (missing.length > 0) continue;
    waiting.pop();
    if (!origin || nodes.has(id)) continue;
    const generations = origin.parents.map((parent) => nodes.get(parent)?.generation ?? 0);
    nodes.set(id, { ...origin, generation: 1 + Math.max(0, ...generations) });
  }

  function isMissing(commit: string): boolean {
    return found.has(commit) && !nodes.has(commit);
  }
}

function graphOf(nodes: ReadonlyMap<string, Node>, boundaries: ReadonlySet<string>): CommitGraph {
  const walks = new Map<string, ReturnType<typeof createWalk>>();

  function isBehind(commit: string, other: string): boolean {
    const [node, from] = [nodes.get(commit), nodes.get(other)];
    if (!node || !from) return false;
    const walk = walks.get(other) ?? createWalk(nodes, other, from);
    walks.set(other, walk);
    return walk.downTo(node.generation).has(commit);
  }

  return {
    isCutOff: (commit) => boundaries.has(commit),
    has: (commit) => nodes.has(commit),
    isBehind,
    list: (tips, without) => inOrder(nodes, between(nodes, tips, without)),
  };
}

/** Goes back from a commit as far as it is asked about. */
function createWalk(nodes: ReadonlyMap<string, Node>, start: string, { generation }: Node) {
  const reached = new Set([start]);
  const waiting = new Map([[generation, [start]]]);
  let next = generation;

  /** All that is behind, down to a generation. */
  function downTo(lowest: number): ReadonlySet<string> {
    for (; next > lowest; next--) {
      for (const id of waiting.get(next) ?? []) nodes.get(id)?.parents.forEach(reach);
      waiting.delete(next);
    }
    return reached;
  }

  function reach(commit: string): void {
    const node = nodes.get(commit);
    if (!node || reached.has(commit)) return;
    reached.add(commit);
    const there = waiting.get(node.generation);
    if (there) there.push(commit);
    else waiting.set(node.generation, [commit]);
  }

  return { downTo };
}

/** What some commits have and another has not: looked for no further back than until nothing of it is left. */
function between(
  nodes: ReadonlyMap<string, Node>,
  tips: readonly string[],
  without: string | null,
): ReadonlySet<string> {
  const found = new Set<string>();
  const excluded = new Set<string>();
  const waiting = new Map<number, Set<string>>();
  let open = 0;

  function reach(commit: string, isExcluded: boolean): void {
    const node = nodes.get(commit);
    if (!node) return;
    const there = waiting.get(node.generation) ?? new Set();
    waiting.set(node.generation, there);
    const isNew = !there.has(commit);
    there.add(commit);
    if (isNew && !isExcluded) open++;
    if (!isExcluded || excluded.has(commit)) return;
    excluded.add(commit);
    if (!isNew) open--;
  }

  for (const tip of tips) reach(tip, false);
  if (without !== null) reach(without, true);
  for (let generation = Math.max(0, ...waiting.keys()); open > 0; generation--) {
    for (const id of waiting.get(generation) ?? []) {
      const isExcluded = excluded.has(id);
      if (!isExcluded) {
        found.add(id);
        open--;
      }
      for (const parent of nodes.get(id)?.parents ?? []) reach(parent, isExcluded);
    }
    waiting.delete(generation);
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
