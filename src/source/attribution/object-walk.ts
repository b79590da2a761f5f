import type { Commit, Comparison } from "../git/history.ts";
import type { Step } from "../git/step.ts";
import { chunks } from "../git/tree.ts";
import { absentState, findFollowed, speakerOf, type Followed, type View } from "./object-view.ts";
import type { Tracked, ViewReader } from "./view-reader.ts";

/**
 * How an object comes to a commit: on the way to the state that is asked about, on the way of that state
 * to the commit that made it, or of an earlier state of the range to its own.
 */
export type Role = "seek" | "author" | "contributor";

/** An object on its way through history, and what is found. */
export interface Walker extends Tracked {
  /** Whether a state is the one that is asked about. */
  readonly seeks: (state: string) => boolean;
  /** The state where the object last converged: what is older has no part in the change. */
  readonly converged: string;
  /** The newest commit with that state. */
  found: { readonly commit: string; readonly view: View } | null;
  /** The commit that made the state. */
  author: string | null;
  /** The merge that took the state from a line of history without the start of the range. */
  broughtBy: string | null;
  /** The commits that made earlier states in the range, the newest first. */
  readonly contributors: string[];
  /** The newest commit of the range that has the object although none of its parents does. */
  firstWritten: string | null;
}

interface Arrival {
  readonly view: View;
  readonly role: Role;
  /** The document whose maker is looked for; null where no single one speaks for the object. */
  readonly document: Followed | null;
}

type Arrivals = Map<Walker, Arrival>;

/** History as the walk needs it. */
export interface WalkedHistory {
  /** The commits of the range, children before parents. */
  readonly range: readonly Commit[];
  /** The start of the range, and the commits of the range that have it. */
  readonly line: ReadonlySet<string>;
  /** The commits that the given ones have, themselves too, children before parents. */
  behind(tips: readonly string[]): readonly Commit[];
  /** Whether nobody knows what a commit came from. */
  isCutOff(commit: string): boolean;
  steps(comparisons: readonly Comparison[]): Promise<readonly Step[]>;
  readonly views: ViewReader<Walker>;
}

/**
 * Follows objects from a commit, in the order of the commits, to whoever made their states. At each
 * commit an object goes on to the first parent where its state is equal. Where there is none, the commit
 * made the state, and every parent has an earlier one. What a commit does not touch costs nothing.
 */
export async function walkObjects(
  history: WalkedHistory,
  start: string,
  views: ReadonlyMap<Walker, View>,
): Promise<void> {
  const range = new Set(history.range.map(({ id }) => id));
  const walk: Walk = { history, range, arrivals: new Map(), seeking: new Map() };
  for (const [walker, view] of views) deliver(walk, start, walker, arrivalOf(view, "seek"));
  await walkCommits(walk, history.range);
  for (const arrivals of walk.arrivals.values())
    for (const [walker, { role }] of arrivals) if (role === "contributor") arrivals.delete(walker);
  const tips = [...walk.arrivals].flatMap(([commit, arrivals]) => (arrivals.size > 0 ? [commit] : []));
  if (tips.length > 0) await walkCommits(walk, history.behind(tips));
}

interface Walk {
  readonly history: WalkedHistory;
  readonly range: ReadonlySet<string>;
  readonly arrivals: Map<string, Arrivals>;
  /** Of the arrivals, those whose state has not been held against what is sought. */
  readonly seeking: Map<string, Set<Walker>>;
}

const commitsAtOnce = 200;
const fewWalkers = 8;

async function walkCommits(walk: Walk, commits: readonly Commit[]): Promise<void> {
  const { history, arrivals } = walk;
  for (const some of chunks(commits, commitsAtOnce)) {
    if (arrivals.size === 0) return;
    const comparisons = some.flatMap(({ id, parents }) => parents.map((older) => ({ newer: id, older })));
    const steps = await history.steps(comparisons);
    if (Math.max(...[...arrivals.values()].map(({ size }) => size)) > fewWalkers)
      await history.views.prefetch(steps);
    let next = 0;
    for (const commit of some) {
      await visit(walk, commit, steps.slice(next, next + commit.parents.length));
      next += commit.parents.length;
    }
  }
}

async function visit(walk: Walk, commit: Commit, steps: readonly Step[]): Promise<void> {
  const here = walk.arrivals.get(commit.id);
  if (!here) return;
  walk.arrivals.delete(commit.id);
  look(walk, commit.id, here);
  const [first] = commit.parents;
  const [step] = steps;
  if (first === undefined || !step) {
    end(walk, commit.id, here);
    return;
  }
  const moved = await walk.history.views.move(step, first, here);
  const differing: Arrivals = new Map();
  for (const [walker, view] of moved) {
    const arrival = here.get(walker);
    if (!arrival) continue;
    const same = sameAt(walker, arrival, view);
    if (same) here.set(walker, same);
    else {
      here.delete(walker);
      differing.set(walker, arrival);
    }
  }
  handOver(walk, commit.id, first, here);
  if (differing.size > 0) await visitDiffering(walk, commit, steps, differing, moved);
}

/**
 * A first commit made what it has. One where history is cut off is named as the maker of the state that is asked
 * about, also when that is a deletion; of who had a part in it, or was the first, nothing is known there.
 */
function end({ history }: Walk, commit: string, here: Arrivals): void {
  const isCutOff = history.isCutOff(commit);
  for (const [walker, arrival] of here) {
    if (isCutOff ? arrival.role === "author" : arrival.view.state !== absentState)
      credit(commit, walker, arrival.role);
    if (!isCutOff) noteFirst(commit, walker, arrival, []);
  }
}

/** Where what is sought is reached, the question becomes who made it. */
function look(walk: Walk, commit: string, here: Arrivals): void {
  for (const walker of walk.seeking.get(commit) ?? []) {
    const arrival = here.get(walker);
    if (arrival?.role !== "seek") continue;
    if (walker.found) here.delete(walker);
    else if (walker.seeks(arrival.view.state)) {
      walker.found = { commit, view: arrival.view };
      here.set(walker, { ...arrival, role: "author", document: speakerOf(walker.subject, arrival.view) });
    }
  }
  walk.seeking.delete(commit);
}

/** Objects that are not what they are at the first parent: another parent may have them, or none. */
async function visitDiffering(
  walk: Walk,
  commit: Commit,
  steps: readonly Step[],
  differing: Arrivals,
  atFirst: ReadonlyMap<Walker, View>,
): Promise<void> {
  const atParents = [atFirst];
  for (const [index, parent] of commit.parents.entries()) {
    const step = steps[index];
    if (index === 0 || !step) continue;
    const moved = await walk.history.views.move(step, parent, differing);
    atParents.push(moved);
    for (const [walker, arrival] of differing) {
      const same = sameAt(walker, arrival, moved.get(walker) ?? arrival.view);
      if (!same) continue;
      differing.delete(walker);
      if (arrival.role === "author" && leavesLine(walk, commit.id, parent)) walker.broughtBy = commit.id;
      deliver(walk, parent, walker, same);
    }
  }
  for (const [walker, { role }] of differing) {
    credit(commit.id, walker, role);
    noteFirst(
      commit.id,
      walker,
      differing.get(walker),
      atParents.map((views) => views.get(walker)),
    );
    for (const [index, parent] of commit.parents.entries()) {
      const view = atParents[index]?.get(walker);
      if (view && goesOn(walk, walker, role, view, commit.id, parent))
        deliver(walk, parent, walker, arrivalOf(view, role === "seek" ? "seek" : "contributor"));
    }
  }
}

function arrivalOf(view: View, role: Role): Arrival {
  return { view, role, document: null };
}

/**
 * The same object at a parent, or null. Whoever looks for an author follows the document: what another
 * document of the object says has no part in it, also where that one was live.
 */
function sameAt({ subject }: Walker, arrival: Arrival, view: View): Arrival | null {
  if (arrival.document === null) return view.state === arrival.view.state ? { ...arrival, view } : null;
  const document = findFollowed(subject, view, arrival.document);
  return document && { ...arrival, view, document };
}

function goesOn(
  { range }: Walk,
  walker: Walker,
  role: Role,
  view: View,
  commit: string,
  parent: string,
): boolean {
  if (role === "seek") return true;
  return range.has(commit) && range.has(parent) && view.state !== walker.converged;
}

function credit(commit: string, walker: Walker, role: Role): void {
  if (role === "author") walker.author = commit;
  else if (role === "contributor") walker.contributors.push(commit);
}

/** Notes a commit that wrote an object where there was none; one that was found before is newer. */
function noteFirst(
  commit: string,
  walker: Walker,
  arrival: Arrival | undefined,
  atParents: readonly (View | undefined)[],
): void {
  if (!arrival || arrival.role === "seek" || arrival.view.state === absentState) return;
  if (atParents.every((view) => view?.state === absentState)) walker.firstWritten ??= commit;
}

/** Whether a merge of the range took something from where the start is not. */
function leavesLine({ history: { line }, range }: Walk, commit: string, parent: string): boolean {
  return range.has(commit) && line.has(commit) && !line.has(parent);
}

/** All that a commit did not change is at its first parent as it is here. */
function handOver(walk: Walk, commit: string, parent: string, here: Arrivals): void {
  if (here.size === 0) return;
  if (leavesLine(walk, commit, parent))
    for (const [walker, { role }] of here) if (role === "author") walker.broughtBy = commit;
  const there = walk.arrivals.get(parent);
  walk.arrivals.set(parent, there ? union(there, here) : here);
}

function deliver(walk: Walk, commit: string, walker: Walker, arrival: Arrival): void {
  const there = walk.arrivals.get(commit) ?? new Map<Walker, Arrival>();
  walk.arrivals.set(commit, there);
  join(there, walker, arrival);
  if (arrival.role !== "seek") return;
  const seeking = walk.seeking.get(commit) ?? new Set();
  walk.seeking.set(commit, seeking.add(walker));
}

function union(some: Arrivals, more: Arrivals): Arrivals {
  const [small, large] = some.size < more.size ? [some, more] : [more, some];
  for (const [walker, arrival] of small) join(large, walker, arrival);
  return large;
}

/** An object that comes to a commit twice is the same object: whoever still seeks learns nothing new. */
function join(arrivals: Arrivals, walker: Walker, arrival: Arrival): void {
  const there = arrivals.get(walker);
  if (!there || there.role === "seek") arrivals.set(walker, arrival);
}
