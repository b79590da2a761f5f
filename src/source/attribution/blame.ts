import { objectKey, type Identity, type Manifest } from "../../manifest/manifest.ts";
import type { Wanted } from "../../plan/outlook.ts";
import type { Person, StoredObject } from "../../plan/plan.ts";
import { readCommitPeople, type CommitPeople } from "../git/commit-people.ts";
import { isObjectId } from "../git/ref-name.ts";
import { createFactsReader } from "../revision/manifest-facts.ts";
import type { HistoryReading } from "./attribute.ts";
import { lineageOf, type Lineage } from "./lineage.ts";
import { isGoodState, type View } from "./object-view.ts";
import { walkObjects, type Walker } from "./object-walk.ts";
import { createPastTrees, type LookAt, type PastTreeReading } from "./past-trees.ts";
import { filesOfWalkers } from "./tracked-changes.ts";
import { findTurningPoints, type Circumstance } from "./turning-points.ts";
import { createViewReader } from "./view-reader.ts";

/** Who is to be asked about an object that does not go live as Git has it. */
export interface Blame {
  /** Of the commit that gave the document its content, took it away, or made its file unreadable. */
  readonly author: Person;
  readonly commit: string;
  /** Whose commit broke it, when it is another: what it needs was taken away, or what it wants was taken. */
  readonly brokenBy: { readonly author: Person; readonly commit: string } | null;
}

/** An object that does not go live as Git has it. */
export interface Stuck extends Identity {
  readonly stored: StoredObject | null;
  /** Where its problem is; null for an object of which no document can be read. */
  readonly file: string | null;
  /** What is there, when it is good by itself. */
  readonly manifest: Manifest | null;
  /** What was said before, when the problem is the same. */
  readonly known: Blame | null;
}

/** When objects were found stuck, and when was looked before. */
export interface BlameRange {
  readonly to: string;
  /** Null when nobody looked before. */
  readonly since: string | null;
  readonly lookAt: LookAt;
}

/**
 * Says of each stuck object who gave it the content that can't go live, and who broke it when the cause lies
 * elsewhere. Null where nobody did: a branch was moved back. What is known stays while the file does, so
 * that only what is new costs anything.
 */
export async function blame(
  reading: HistoryReading,
  stuck: readonly Stuck[],
  { to, since, lookAt }: BlameRange,
): Promise<readonly (Blame | null)[]> {
  if (stuck.every(({ known }) => known !== null) && since === to) return stuck.map(({ known }) => known);
  const graph = await reading.graphs.read(to, since !== null && isObjectId(since) ? [since] : []);
  const lineage = lineageOf(graph, since, to);
  const isTouched = await touchedFiles(reading, lineage.from, to);
  const suspects = stuck
    .filter((each) => each.known === null || filesOf(each).some(isTouched))
    .map((each): Suspect => ({ stuck: each, text: walkerOf(each, true) }));
  const history = { ...reading, lookAt, facts: createFactsReader(reading) };
  await findMakers(
    history,
    suspects.map(({ text }) => text),
    lineage,
    to,
  );
  const unknown = suspects.filter(({ stuck, text }) => text.author !== stuck.known?.commit);
  const breakers = await findBreakers(history, unknown, lineage, to);
  const commits = [...unknown.map(({ text }) => text.author), ...breakers.values()];
  const people = await readCommitPeople(
    reading,
    commits.filter((commit) => commit !== null),
  );
  const found = new Map(unknown.map((each) => [each.stuck, blameOf(each, breakers, people)]));
  return stuck.map((each) => (found.has(each) ? (found.get(each) ?? null) : each.known));
}

/** A stuck object on the way to who gave its document the text that it has. */
interface Suspect {
  readonly stuck: Stuck;
  readonly text: Walker;
}

function filesOf({ file, stored }: Stuck): string[] {
  return [file, stored?.path].filter((path) => typeof path === "string");
}

function walkerOf(stuck: Stuck, isCoarse: boolean): Walker {
  const { id, name, file, stored } = stuck;
  const names = [id, name, stored?.name ?? name].map((word) => word.toLowerCase());
  return {
    subject: {
      key: objectKey(stuck),
      storedName: stored && `${stored.kind} ${stored.name}`,
      storedPath: file ?? stored?.path ?? null,
      homes: [...new Set(filesOf(stuck))],
      isCoarse,
    },
    words: [...new Set(names)],
    seeks: () => true,
    converged: "",
    found: null,
    author: null,
    broughtBy: null,
    contributors: [],
    firstWritten: null,
  };
}

/** Whether a file differs from when it was looked at before; where nobody knows, it does. */
async function touchedFiles(
  { steps }: HistoryReading,
  since: string | null,
  to: string,
): Promise<(file: string) => boolean> {
  if (since === null) return () => true;
  const [step] = since === to ? [] : await steps([{ newer: to, older: since }]);
  return (file) => step?.has(file) ?? false;
}

type BlameHistory = PastTreeReading;

/** Walks as far back as it takes: there is no range, and nobody but the maker is asked about. */
async function findMakers(
  history: BlameHistory,
  walkers: readonly Walker[],
  lineage: Lineage,
  to: string,
): Promise<void> {
  if (walkers.length === 0) return;
  const { facts } = history;
  const views = createViewReader(history, walkers);
  const files = await history.filesAt(to);
  const there = await filesOfWalkers(facts, files, walkers);
  const heads = new Map<Walker, View>();
  for (const walker of walkers)
    heads.set(walker, await views.start(walker, to, there.get(walker) ?? new Map(), files.digests));
  await walkObjects(
    {
      range: [],
      line: new Set(),
      behind: (tips) => lineage.behind(tips),
      isCutOff: (commit) => lineage.isCutOff(commit),
      steps: history.steps,
      views,
    },
    to,
    heads,
  );
}

/** The commits that broke objects whose own text is good. */
async function findBreakers(
  history: BlameHistory,
  suspects: readonly Suspect[],
  lineage: Lineage,
  to: string,
): Promise<ReadonlyMap<Stuck, string>> {
  const lacking = suspects.flatMap(({ stuck, text }) =>
    stuck.manifest === null && isGoodState(text.found?.view.state ?? "")
      ? [{ stuck, whole: walkerOf(stuck, false) }]
      : [],
  );
  await findMakers(
    history,
    lacking.map(({ whole }) => whole),
    lineage,
    to,
  );
  return new Map([
    ...(await findRivals(history, suspects, lineage, to)),
    ...lacking.flatMap(({ stuck, whole }) => (whole.author === null ? [] : [[stuck, whole.author] as const])),
  ]);
}

/** Those whose cause is among the other objects: since which commit the plan would hold them back. */
async function findRivals(
  history: BlameHistory,
  suspects: readonly Suspect[],
  { from, range: commits }: Lineage,
  to: string,
): Promise<readonly (readonly [Stuck, string])[]> {
  const circumstances = suspects.flatMap(
    ({ stuck, text }): (Circumstance & { stuck: Stuck; wanted: Wanted })[] => {
      const { kind, id, manifest, stored } = stuck;
      if (manifest === null || text.author === null) return [];
      const wanted = { kind, id, manifest, stored };
      return [{ stuck, wanted, origin: text.author, isSo: (outlook) => outlook.isQuarantined(wanted) }];
    },
  );
  if (circumstances.length === 0) return [];
  const wanted = circumstances.map((each) => each.wanted);
  const range = { since: from, to, range: commits };
  const found = await findTurningPoints({
    ...range,
    circumstances,
    trees: await createPastTrees(history, range, wanted),
    dependencies: (outlook) => outlook.dependencies(wanted),
    steps: history.steps,
  });
  return [...found].map(([{ stuck }, commit]) => [stuck, commit]);
}

function blameOf(
  { stuck, text }: Suspect,
  breakers: ReadonlyMap<Stuck, string>,
  people: ReadonlyMap<string, CommitPeople>,
): Blame | null {
  const commit = text.author;
  const author = commit === null ? undefined : people.get(commit)?.author;
  if (commit === null || !author) return null;
  const breaker = breakers.get(stuck) ?? commit;
  const brokenBy = breaker === commit ? undefined : people.get(breaker)?.author;
  return { author, commit, brokenBy: brokenBy ? { author: brokenBy, commit: breaker } : null };
}
