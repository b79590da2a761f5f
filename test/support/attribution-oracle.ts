import { objectKey, type ManifestSet } from "../../src/manifest/manifest.ts";
import type { Change, Person, Plan } from "../../src/plan/plan.ts";
import { commitOrder } from "./commit-order.ts";
import { readTrees, standingFor, unreadableOf, type Standing } from "./history-trees.ts";
import type { RandomCommit } from "./random-history.ts";

/** Who made a change, by numbers of commits; null is Gitway. */
export interface OracleVerdict {
  readonly author: number | null;
  readonly contributors: readonly Person[];
  readonly releasedBy: number | null;
}

/** A range of a history, by numbers of commits. */
export interface OracleRange {
  readonly from: number | null;
  readonly to: number;
  readonly attempted: number | null | undefined;
}

/** A change, and the commit of the version that the store has. */
export interface OracleChange {
  readonly change: Change;
  readonly stored: number | null;
}

/** Plans a tree against the store. */
export type OraclePlan = (set: ManifestSet) => Plan;

/**
 * Says who made changes the slow, obvious way, to hold the real one against: it parses every manifest of
 * every commit in full, plans every commit in full, and follows the definition word by word. It shares
 * nothing but the parser and the planner with it.
 */
export function createOracle(history: readonly RandomCommit[]) {
  const { isBehind, inOrder } = commitOrder(history);
  const trees = readTrees(history);

  /** Who made each of the changes that a plan has at the end of a range. */
  function judge(
    changes: readonly OracleChange[],
    range: OracleRange,
    plan: OraclePlan,
  ): readonly OracleVerdict[] {
    const verdicts = changes.map((each) => judgeOne(each, range));
    const waiting = changes.filter((_, at) => verdicts[at]?.waited).map(({ change }) => change);
    const since = range.attempted ?? range.from;
    return changes.map(({ change }, at) => {
      const { author = null, contributors = [], releasedBy = null, waited = false } = verdicts[at] ?? {};
      const releaser = waited && since !== null ? releaserOf(change, waiting, since, range.to, plan) : null;
      return { author, contributors, releasedBy: releaser ?? releasedBy };
    });
  }

  function judgeOne(
    { change, stored }: OracleChange,
    range: OracleRange,
  ): OracleVerdict & { waited: boolean } {
    const { from, to, attempted } = range;
    const documents = (commit: number) =>
      standingFor(trees[commit] as (typeof trees)[number], change, change.before);
    const homes = new Set([change.before?.path ?? [], change.after?.place.file ?? []].flat());
    if (from !== null && from !== to) for (const { file } of documents(from)) homes.add(file);
    const storedPath = change.before?.path ?? null;
    const standing = history.map((_, commit) => documents(commit));
    const states = standing.map((there, commit) => {
      const lost = unreadableOf(trees[commit] as (typeof trees)[number], homes);
      return stateOf(speakers(there, storedPath), lost);
    });
    const object: FollowedObject = { history, states, standing, storedPath };
    const wanted = change.after?.hash ?? "absent";
    const converged = change.before?.hash ?? "absent";
    const inRange = (commit: number) => isBehind(commit, to) && (from === null || !isBehind(commit, from));
    const order = inOrder(inRange);

    const older = inOrder((commit) => isBehind(commit, to) && !inRange(commit));
    const start = seek(states, wanted, to, [...order, ...older]);
    const path = start === null ? [] : pathOfDocument(object, start);
    const author = makerOn(object, path);
    if (author === null) return gitway;

    if (stored !== null && !isBehind(stored, to) && isBehind(author, stored)) return gitway;
    if (inRange(author)) {
      const waited = attempted !== undefined && attempted !== null && isBehind(author, attempted);
      return { author, contributors: contributorsOf(author), releasedBy: null, waited };
    }
    if (from === null) throw new Error("without a start everything is in the range");
    if (from === to || !isBehind(from, to)) return gitway;
    if (states[from] !== wanted) {
      const lastWithStart = path.findLast((commit) => isBehind(from, commit)) ?? null;
      const bringer = lastWithStart === from ? null : lastWithStart;
      return { author, contributors: [], releasedBy: bringer, waited: bringer === null };
    }
    if (attempted !== undefined) return gitway;
    const isOlder = stored === null || (stored !== author && isBehind(stored, author));
    return isOlder ? { author, contributors: [], releasedBy: null, waited: true } : gitway;

    function contributorsOf(maker: number): readonly Person[] {
      const makers = new Set<number>();
      const visited = new Set<number>();
      const behindMaker = (commit: number): void => {
        for (const parent of history[commit]?.parents ?? []) {
          if (!inRange(parent) || states[parent] === converged || visited.has(parent)) continue;
          visited.add(parent);
          const earlier = makerOn(object, pathOfState(history, states, parent));
          if (earlier === null || !inRange(earlier)) continue;
          makers.add(earlier);
          behindMaker(earlier);
        }
      };
      behindMaker(maker);
      const own = history[maker]?.author.email;
      const found = new Map<string, Person>();
      for (const commit of order)
        if (makers.has(commit)) {
          const { author: person } = history[commit] as RandomCommit;
          if (person.email !== own) found.set(person.email, person);
        }
      return [...found.values()];
    }
  }

  /** The newest commit on the lines of the object that has the state. */
  function seek(
    states: readonly string[],
    wanted: string,
    to: number,
    order: readonly number[],
  ): number | null {
    const found: number[] = [];
    const visited = new Set<number>();
    const look = (commit: number): void => {
      if (visited.has(commit)) return;
      visited.add(commit);
      if (states[commit] === wanted) {
        found.push(commit);
        return;
      }
      const last = pathOfState(history, states, commit).at(-1) as number;
      for (const parent of history[last]?.parents ?? []) look(parent);
    };
    look(to);
    return found.length <= 1 ? (found[0] ?? null) : (order.find((commit) => found.includes(commit)) ?? null);
  }

  /**
   * The first commit after `since` from which on the plan of what the branch had would have had the change,
   * had all that waited been in it.
   */
  function releaserOf(
    change: Change,
    waiting: readonly Change[],
    since: number,
    to: number,
    plan: OraclePlan,
  ): number | null {
    const wouldGoLive = (commit: number) => {
      const set = withAll((trees[commit] as (typeof trees)[number]).set, waiting);
      return plan(set).changes.some(
        (each) => objectKey(each) === objectKey(change) && each.after?.hash === change.after?.hash,
      );
    };
    const inRange = (commit: number) => isBehind(commit, to) && !isBehind(commit, since);
    if (!inRange(to) || !wouldGoLive(to)) return null;
    let broughtBy: number | null = null;
    for (let commit = to; ;) {
      const { parents } = history[commit] as RandomCommit;
      const withSince = parents.filter((parent) => isBehind(since, parent));
      const others = parents.filter((parent) => !isBehind(since, parent));
      const next = [...withSince, ...others].find(wouldGoLive);
      if (next === undefined) return commit;
      if (isBehind(since, commit) && !isBehind(since, next)) broughtBy = commit;
      if (next === since) return null;
      if (!inRange(next)) return broughtBy;
      commit = next;
    }
  }

  return { trees, judge, isBehind };
}

const gitway = { author: null, contributors: [], releasedBy: null, waited: false } as const;

interface FollowedObject {
  readonly history: readonly RandomCommit[];
  readonly states: readonly string[];
  readonly standing: readonly (readonly Standing[])[];
  readonly storedPath: string | null;
}

/** Of several documents for one object, the one at the place of the stored version speaks for it. */
function speakers(standing: readonly Standing[], storedPath: string | null): readonly Standing[] {
  const atStored = standing.filter(({ file }) => file === storedPath);
  return standing.length > 1 && atStored.length === 1 ? atStored : standing;
}

function stateOf(
  speaking: readonly Standing[],
  lost: readonly { readonly path: string; readonly text: string }[],
): string {
  if (speaking.length > 0)
    return speaking
      .map(({ state }) => state)
      .toSorted()
      .join(" and ");
  return lost.length === 0 ? "absent" : lost.map(({ path, text }) => `lost ${path} ${text}`).join(" and ");
}

/** The commits from one on, always at the first parent where the object is equal. */
function pathOfState(
  history: readonly RandomCommit[],
  states: readonly string[],
  start: number,
): readonly number[] {
  const path: number[] = [];
  for (let commit: number | undefined = start; commit !== undefined;) {
    path.push(commit);
    commit = history[commit]?.parents.find((parent) => states[parent] === states[path.at(-1) as number]);
  }
  return path;
}

/** The same for the one document that speaks for the object at the start, wherever it stood before. */
function pathOfDocument(object: FollowedObject, start: number): readonly number[] {
  const { history, states, standing, storedPath } = object;
  const [speaker, another] = speakers(standing[start] ?? [], storedPath);
  if (!speaker || another) return pathOfState(history, states, start);
  const path = [start];
  for (let at = { commit: start, file: speaker.file }; ;) {
    const parents = history[at.commit]?.parents ?? [];
    const next = parents.flatMap((parent) => {
      const all = standing[parent] ?? [];
      const here = all.filter(({ file }) => file === at.file);
      const same = (here.length > 0 ? here : all).find(({ state }) => state === speaker.state);
      const speaking = states[parent] === speaker.state ? speakers(all, storedPath)[0] : undefined;
      const found = same ?? speaking;
      return found ? [{ commit: parent, file: found.file }] : [];
    })[0];
    if (!next) return path;
    path.push(next.commit);
    at = next;
  }
}

/** The commit at the end of a path made what is on it, unless there never was anything. */
function makerOn({ history, states }: FollowedObject, path: readonly number[]): number | null {
  const last = path.at(-1);
  if (last === undefined) return null;
  const isFirst = history[last]?.parents.length === 0;
  return isFirst && states[last] === "absent" ? null : last;
}

/** A tree in which each object is as it is wanted, unless a document says so already. */
function withAll(set: ManifestSet, wanted: readonly Change[]): ManifestSet {
  return wanted.reduce((before, { kind, id, before: stored, after }) => {
    const isThere = before.manifests.some(
      (each) => objectKey(each) === objectKey({ kind, id }) && each.hash === after?.hash,
    );
    if (isThere) return before;
    const isOther = (each: { kind: string; id: string }) => each.kind !== kind || each.id !== id;
    return {
      ...before,
      manifests: [...before.manifests.filter(isOther), ...(after ? [after] : [])],
      broken: before.broken.filter(
        (each) => isOther(each) && (each.kind !== stored?.kind || each.name !== stored.name),
      ),
    };
  }, set);
}
