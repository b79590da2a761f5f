import { objectKey, type ManifestSet } from "../../src/manifest/manifest.ts";
import type { Change, Person, Plan } from "../../src/plan/plan.ts";
import { commitOrder } from "./commit-order.ts";
import {
  followDocument,
  followState,
  makerOn,
  speakers,
  stateOf,
  type FollowedObject,
} from "./followed-object.ts";
import { readTrees, standingFor, unreadableOf, type HistoryTree } from "./history-trees.ts";
import type { RandomCommit } from "./random-history.ts";
import { turningPoint, withAll } from "./turning-oracle.ts";

/** Who made a change, by numbers of commits; null is Gitway. */
export interface OracleVerdict {
  readonly author: number | null;
  readonly contributors: readonly Person[];
  /** Who first wrote the object, when that is another commit of the range. */
  readonly firstWritten: number | null;
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
  const treeAt = (commit: number) => trees[commit] as HistoryTree;

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
      const { waited, ...verdict } = verdicts[at] ?? gitway;
      const releaser = waited && since !== null ? releaserOf(change, waiting, since, range.to, plan) : null;
      return { ...verdict, releasedBy: releaser ?? verdict.releasedBy };
    });
  }

  function judgeOne(
    { change, stored }: OracleChange,
    range: OracleRange,
  ): OracleVerdict & { waited: boolean } {
    const { from, to, attempted } = range;
    const documents = (commit: number) => standingFor(treeAt(commit), change, change.before);
    const homes = new Set([change.before?.path ?? [], change.after?.place.file ?? []].flat());
    if (from !== null && from !== to) for (const { file } of documents(from)) homes.add(file);
    const storedPath = change.before?.path ?? null;
    const standing = history.map((_, commit) => documents(commit));
    const states = standing.map((there, commit) => {
      const lost = unreadableOf(treeAt(commit), homes);
      return stateOf(speakers(there, storedPath), lost);
    });
    const object: FollowedObject = { history, states, standing, storedPath };
    const wanted = change.after?.hash ?? "absent";
    const converged = change.before?.hash ?? "absent";
    const inRange = (commit: number) => isBehind(commit, to) && (from === null || !isBehind(commit, from));
    const order = inOrder(inRange);

    const older = inOrder((commit) => isBehind(commit, to) && !inRange(commit));
    const start = seek(states, wanted, to, [...order, ...older]);
    const path = start === null ? [] : followDocument(object, start);
    const author = makerOn(object, path);
    if (author === null) return gitway;

    if (stored !== null && !isBehind(stored, to) && isBehind(author, stored)) return gitway;
    if (inRange(author)) {
      const waited = attempted !== undefined && attempted !== null && isBehind(author, attempted);
      const makers = makersBehind(author);
      const contributors = contributorsOf(author, makers);
      return { author, contributors, firstWritten: firstOf(author, makers), releasedBy: null, waited };
    }
    if (from === null) throw new Error("without a start everything is in the range");
    if (from === to || !isBehind(from, to)) return gitway;
    if (states[from] !== wanted) {
      const lastWithStart = path.findLast((commit) => isBehind(from, commit)) ?? null;
      const bringer = lastWithStart === from ? null : lastWithStart;
      return { ...alone, author, releasedBy: bringer, waited: bringer === null };
    }
    if (attempted !== undefined) return gitway;
    const isOlder = stored === null || (stored !== author && isBehind(stored, author));
    return isOlder ? { ...alone, author, releasedBy: null, waited: true } : gitway;

    /** The commits of the range that made earlier states on the way to the maker's. */
    function makersBehind(maker: number): ReadonlySet<number> {
      const makers = new Set<number>();
      const visited = new Set<number>();
      const behindMaker = (commit: number): void => {
        for (const parent of history[commit]?.parents ?? []) {
          if (!inRange(parent) || states[parent] === converged || visited.has(parent)) continue;
          visited.add(parent);
          const earlier = makerOn(object, followState(object, parent));
          if (earlier === null || !inRange(earlier)) continue;
          makers.add(earlier);
          behindMaker(earlier);
        }
      };
      behindMaker(maker);
      return makers;
    }

    /** The newest maker that has the object although none of its parents does. */
    function firstOf(maker: number, makers: ReadonlySet<number>): number | null {
      const isFirst = (commit: number) =>
        states[commit] !== "absent" &&
        (history[commit]?.parents ?? []).every((parent) => states[parent] === "absent");
      const first = order.find((commit) => (commit === maker || makers.has(commit)) && isFirst(commit));
      return first === undefined || first === maker ? null : first;
    }

    function contributorsOf(maker: number, makers: ReadonlySet<number>): readonly Person[] {
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
      const last = followState({ history, states }, commit).at(-1) as number;
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
    const goesLive = (commit: number) =>
      plan(withAll(treeAt(commit).set, waiting)).changes.some(
        (each) => objectKey(each) === objectKey(change) && each.after?.hash === change.after?.hash,
      );
    return turningPoint(history, isBehind, { isSo: goesLive, origin: null, since, to });
  }

  return { history, trees, judge, isBehind };
}

const alone = { contributors: [], firstWritten: null } as const;
const gitway = { ...alone, author: null, releasedBy: null, waited: false } as const;
