import type { Dependencies } from "../../plan/dependencies.ts";
import type { Outlook } from "../../plan/outlook.ts";
import type { Commit, Comparison } from "../git/history.ts";
import type { Step } from "../git/step.ts";
import { chunks } from "../git/tree.ts";
import { lineOf } from "./lineage.ts";
import type { HistoryRange, PastTrees } from "./past-trees.ts";

/** Something about an object that is so at the end of a range, and was not always. */
export interface Circumstance {
  /** The commit that gave the object its content: nothing before it made this so. */
  readonly origin: string;
  isSo(outlook: Outlook): boolean;
}

/** A range of history whose trees can be looked at. */
export interface Turning<C> extends HistoryRange {
  readonly circumstances: readonly C[];
  readonly trees: PastTrees;
  /** What decides about all circumstances in a tree. */
  readonly dependencies: (outlook: Outlook) => Dependencies;
  steps(comparisons: readonly Comparison[]): Promise<readonly Step[]>;
}

/**
 * Finds the commit that made something so. From the end of the range it goes on to the parent where it is
 * so too; where there is none, the commit turned it. Of several such parents one that has the content goes
 * first. What comes from outside of the range was brought by the merge that let it in. What was so at the
 * start of the range already, or is not so at its end, is left out.
 */
export async function findTurningPoints<C extends Circumstance>(
  turning: Turning<C>,
): Promise<ReadonlyMap<C, string>> {
  const { since, to, range, circumstances } = turning;
  const search: Search<C> = {
    ...turning,
    inRange: new Set(range.map(({ id }) => id)),
    line: lineOf(since, range),
    lines: new Map(),
    arrivals: new Map(),
    found: new Map(),
  };
  if (circumstances.length === 0 || !search.inRange.has(to)) return search.found;
  const outlook = await turning.trees.look(to);
  const dependencies = turning.dependencies(outlook);
  for (const each of circumstances)
    if (each.isSo(outlook)) arrive(search, to, each, { dependencies, broughtBy: null });
  for (const some of chunks(range, commitsAtOnce)) {
    if (search.arrivals.size === 0) break;
    const comparisons = some.flatMap(({ id, parents }) => parents.map((older) => ({ newer: id, older })));
    const steps = (await turning.steps(comparisons)).values();
    for (const commit of some)
      await visit(
        search,
        commit,
        commit.parents.map(() => steps.next().value ?? new Map()),
      );
  }
  return search.found;
}

const commitsAtOnce = 200;

interface Arrival {
  /** What decided where it was last looked at; nothing since touched that. */
  readonly dependencies: Dependencies;
  /** The merge that brought it, when it came from outside of the line. */
  readonly broughtBy: string | null;
}

interface Search<C> extends Turning<C> {
  readonly inRange: ReadonlySet<string>;
  /** The start, and the commits of the range that have it. */
  readonly line: ReadonlySet<string>;
  /** By origin, the commits of the range that have it. */
  readonly lines: Map<string, ReadonlySet<string>>;
  readonly arrivals: Map<string, Map<C, Arrival>>;
  readonly found: Map<C, string>;
}

async function visit<C extends Circumstance>(
  search: Search<C>,
  commit: Commit,
  steps: readonly Step[],
): Promise<void> {
  const here = search.arrivals.get(commit.id);
  if (!here) return;
  search.arrivals.delete(commit.id);
  const arrivals = [...here.values()];
  const parents = commit.parents.map((id, at) => ({
    id,
    look: once(() => lookBack(search, commit.id, id, steps[at] ?? new Map(), arrivals)),
  }));
  for (const [each, arrival] of here) {
    const next = each.origin === commit.id ? null : await firstParent(search, each, parents);
    if (next === null) search.found.set(each, commit.id);
    else goOn(search, commit.id, each, arrival, next);
  }
}

interface LookBack<C> {
  readonly isSo: (circumstance: C) => boolean;
  /** Null when nothing was touched. */
  readonly dependencies: Dependencies | null;
}

/** How it is at a parent. Its tree is only looked at when the step to it touches what decides. */
async function lookBack<C extends Circumstance>(
  { trees, dependencies }: Search<C>,
  commit: string,
  parent: string,
  step: Step,
  arrivals: readonly Arrival[],
): Promise<LookBack<C>> {
  for (const decisive of new Set(arrivals.map((arrival) => arrival.dependencies)))
    if (await trees.isTouched(commit, parent, step, decisive)) {
      const outlook = await trees.look(parent);
      return { isSo: (each) => each.isSo(outlook), dependencies: dependencies(outlook) };
    }
  return { isSo: () => true, dependencies: null };
}

interface Next {
  readonly id: string;
  readonly dependencies: Dependencies | null;
}

async function firstParent<C extends Circumstance>(
  search: Search<C>,
  each: C,
  parents: readonly { readonly id: string; readonly look: () => Promise<LookBack<C>> }[],
): Promise<Next | null> {
  const isLine = (id: string) => lineOfContent(search, each.origin).has(id);
  const inOrder =
    parents.length < 2
      ? parents
      : [...parents.filter(({ id }) => isLine(id)), ...parents.filter(({ id }) => !isLine(id))];
  for (const { id, look } of inOrder) {
    const { isSo, dependencies } = await look();
    if (isSo(each)) return { id, dependencies };
  }
  return null;
}

/** The commits that have the content. Content that is older than the range is where its start is. */
function lineOfContent<C>({ range, inRange, line, lines }: Search<C>, origin: string): ReadonlySet<string> {
  if (!inRange.has(origin)) return line;
  const known = lines.get(origin) ?? lineOf(origin, range);
  lines.set(origin, known);
  return known;
}

function goOn<C>(search: Search<C>, commit: string, each: C, arrival: Arrival, next: Next): void {
  const { since, inRange, line, found } = search;
  const broughtBy = line.has(commit) && !line.has(next.id) ? commit : arrival.broughtBy;
  const dependencies = next.dependencies ?? arrival.dependencies;
  if (inRange.has(next.id)) arrive(search, next.id, each, { dependencies, broughtBy });
  else if (next.id !== since && broughtBy !== null) found.set(each, broughtBy);
}

function arrive<C>({ arrivals }: Search<C>, commit: string, each: C, arrival: Arrival): void {
  const there = arrivals.get(commit) ?? new Map<C, Arrival>();
  arrivals.set(commit, there.set(each, arrival));
}

function once<T>(run: () => Promise<T>): () => Promise<T> {
  let known: Promise<T> | undefined;
  return () => (known ??= run());
}
