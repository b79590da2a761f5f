import type { Log } from "../../log.ts";
import type { ManifestSet } from "../../manifest/manifest.ts";
import {
  gitwayActor,
  type AttributedChange,
  type Attribution,
  type Change,
  type Person,
} from "../../plan/plan.ts";
import type { createGraphReader } from "../git/commit-graph.ts";
import { readCommitPeople, type CommitPeople } from "../git/commit-people.ts";
import type { CommitReader } from "../git/commit-reader.ts";
import type { StepReader } from "../git/history.ts";
import { isObjectId } from "../git/ref-name.ts";
import { warnOfBoundaries } from "../git/shallow-boundary.ts";
import type { Step } from "../git/step.ts";
import type { Repository } from "../git/tree.ts";
import type { FilesOfCommit } from "../revision/document-index.ts";
import { createFactsReader, type FactsReader, type FactsReading } from "../revision/manifest-facts.ts";
import type { ManifestPaths } from "../revision/manifest-paths.ts";
import { lineageOf, type Lineage } from "./lineage.ts";
import type { View } from "./object-view.ts";
import { walkObjects } from "./object-walk.ts";
import type { LookAt } from "./past-trees.ts";
import type { TrailerReader } from "./prune-consents.ts";
import { findReleases, type Waiting } from "./release-finder.ts";
import { filesOfWalkers, trackChange, type TrackedChange } from "./tracked-changes.ts";
import { createViewReader, type ViewReading } from "./view-reader.ts";

/** What attribution works with. */
export interface HistoryReading extends FactsReading {
  readonly trailers: TrailerReader;
  readonly repository: Repository;
  readonly paths: ManifestPaths;
  readonly references: ViewReading["references"];
  readonly log: Log;
  readonly graphs: ReturnType<typeof createGraphReader>;
  readonly commits: CommitReader;
  readonly steps: StepReader;
  /** The manifest files of a commit. */
  filesAt(commit: string): Promise<FilesOfCommit>;
  /** What a commit says, in whatever order commits are looked at. */
  look(commit: string): Promise<ManifestSet>;
}

/** The range in which changes were made. */
export interface AttributionRange {
  /** Null for the whole history. */
  readonly from: string | null;
  readonly to: string;
  /**
   * The commit that was looked at last, when `from` is known to have gone live as a whole: what it had
   * already was held back then. Left out when nothing is known about `from`.
   */
  readonly attempted?: string | null | undefined;
  /** How a tree of the past would be planned; without it nobody is named as releasing what had waited. */
  readonly lookAt?: LookAt;
}

/**
 * Says who made each change (law 5): the author of the commit that gave the object its present content,
 * with the authors of its other states since it last converged as contributors. What nobody made in the
 * range is Gitway's doing: a branch that was rewound, a default that changed, a store that drifted.
 */
export async function attributeChanges(
  reading: HistoryReading,
  changes: readonly Change[],
  range: AttributionRange,
): Promise<readonly AttributedChange[]> {
  if (changes.length === 0) return [];
  const { from, to, attempted, lookAt } = range;
  const stored = changes.map(({ before }) => before?.commit ?? null);
  const others = [from, attempted, ...stored].filter((commit) => typeof commit === "string");
  const graph = await reading.graphs.read(to, others.filter(isObjectId));
  const lineage = lineageOf(graph, from, to);
  const tracked = changes.map(trackChange);
  const facts = createFactsReader(reading);
  const atStart = await follow({ ...reading, facts }, tracked, lineage, to);

  const verdicts = new Map(
    tracked.map((each) => [each, judge(each, atStart.get(each) ?? null, lineage, range)]),
  );
  const since = attempted ?? lineage.from;
  const releases =
    since === null || !lookAt
      ? new Map<TrackedChange, string>()
      : await findReleases({ ...reading, facts, lookAt }, waitingOf(verdicts), { lineage, since, to });
  for (const [each, commit] of releases)
    verdicts.set(each, { ...(verdicts.get(each) ?? gitway), releasedBy: commit });
  await warnOfBoundaries(
    reading,
    [...verdicts.values()].flatMap(({ by }) => by ?? []),
  );
  const people = await readCommitPeople(reading, commitsOf(verdicts));
  return tracked.map((each) => {
    const verdict = verdicts.get(each) ?? gitway;
    return { change: each.change, attribution: attributionOf(each, verdict, people, to) };
  });
}

/** Walks from `to`. Gives the state of each object at the start of the range, when there is one. */
async function follow(
  reading: HistoryReading & { readonly facts: FactsReader },
  tracked: readonly TrackedChange[],
  lineage: Lineage,
  to: string,
): Promise<ReadonlyMap<TrackedChange, string>> {
  const { facts, steps } = reading;
  const { from, range, line } = lineage;
  const views = createViewReader(reading, tracked);
  const files = await reading.filesAt(to);
  const there = await filesOfWalkers(facts, files, tracked);
  const start = async (each: TrackedChange) =>
    views.start(each, to, there.get(each) ?? new Map(), files.digests);
  const heads = new Map<TrackedChange, View>();
  for (const each of tracked) heads.set(each, await start(each));

  const atStart = new Map([...heads].map(([each, { state }]) => [each, state]));
  if (from !== null && from !== to) {
    const [step = noChange] = await steps([{ newer: to, older: from }]);
    const moved = await views.move(step, from, new Map([...heads].map(([each, view]) => [each, { view }])));
    for (const [each, { state, standing }] of moved) {
      atStart.set(each, state);
      each.subject.homes.push(...standing.map(({ file }) => file));
    }
    const moving = await filesOfWalkers(facts, files, [...moved.keys()]);
    for (const [each, found] of moving) heads.set(each, await views.start(each, to, found, files.digests));
  }
  await walkObjects(
    {
      range,
      line,
      behind: (tips) => lineage.behind(tips),
      isCutOff: (commit) => lineage.isCutOff(commit),
      steps,
      views,
    },
    to,
    heads,
  );
  return atStart;
}

const noChange: Step = new Map();

/** Who made a change, by commits. */
interface Verdict {
  /** Null for Gitway. */
  readonly by: string | null;
  /** The commit that let it go live, when that is another. */
  readonly releasedBy: string | null;
  /** Whether it had been held back before. */
  readonly waited: boolean;
}

const gitway: Verdict = { by: null, releasedBy: null, waited: false };

function judge(
  { author, found, change, broughtBy }: TrackedChange,
  stateAtStart: string | null,
  lineage: Lineage,
  { from: start, to, attempted }: AttributionRange,
): Verdict {
  const { from } = lineage;
  const stored = change.before?.commit;
  if (author === null || found === null) return gitway;
  // What was live from elsewhere may never have been in this history.
  if (start === null && change.after === null && lineage.isCutOff(author)) return gitway;
  // The branch was moved back to what was there before the stored version.
  if (stored !== undefined && lineage.isLost(stored) && lineage.isBehind(author, stored)) return gitway;
  if (from === null || !lineage.isBehind(author, from)) {
    const waited = typeof attempted === "string" && lineage.isBehind(author, attempted);
    return { by: author, releasedBy: null, waited };
  }
  if (from === to || lineage.isLost(from)) return gitway;
  // Content that did not come through a merge was there at the start, as one document of several.
  if (stateAtStart !== found.view.state)
    return { by: author, releasedBy: broughtBy, waited: broughtBy === null };
  // At a start that went live as a whole, content of its own was live: Git did not change it.
  if (attempted !== undefined) return gitway;
  const waited = stored === undefined || (stored !== author && lineage.isBehind(stored, author));
  return waited ? { by: author, releasedBy: null, waited } : gitway;
}

function waitingOf(verdicts: ReadonlyMap<TrackedChange, Verdict>): Waiting[] {
  return [...verdicts].flatMap(([tracked, { by, waited }]) =>
    by !== null && waited ? [{ tracked, author: by }] : [],
  );
}

function attributionOf(
  { contributors, firstWritten }: TrackedChange,
  { by, releasedBy }: Verdict,
  people: ReadonlyMap<string, CommitPeople>,
  to: string,
): Attribution {
  const made = by === null ? undefined : people.get(by);
  if (by === null || !made)
    return { author: gitwayActor, committer: gitwayActor, commit: to, contributors: [], releasedBy: null };
  const others = othersThan(
    made.author,
    contributors.map((commit) => people.get(commit)?.author),
  );
  const first = firstWritten === null || firstWritten === by ? undefined : people.get(firstWritten);
  const releaser = releasedBy === null ? undefined : people.get(releasedBy);
  return {
    ...made,
    commit: by,
    firstWritten:
      first && firstWritten !== null
        ? { author: first.author, commit: firstWritten, authoredAt: first.authoredAt }
        : null,
    contributors: others,
    releasedBy: releaser && releasedBy !== null ? { author: releaser.author, commit: releasedBy } : null,
  };
}

function commitsOf(verdicts: ReadonlyMap<TrackedChange, Verdict>): string[] {
  return [...verdicts].flatMap(([{ contributors, firstWritten }, { by, releasedBy }]) =>
    by === null ? [] : [by, ...contributors, ...[firstWritten, releasedBy].filter((id) => id !== null)],
  );
}

/** The people without doubles and without one of them. */
function othersThan(author: Person, people: readonly (Person | undefined)[]): readonly Person[] {
  const others = new Map<string, Person>();
  for (const person of people)
    if (person && keyOf(person) !== keyOf(author)) others.set(keyOf(person), person);
  return [...others.values()];
}

function keyOf({ name, email }: Person): string {
  return `${name}\0${email}`;
}
