import { expect, test } from "vitest";

import { objectKey } from "../../src/manifest/manifest.ts";
import { outlookOf } from "../../src/plan/outlook.ts";
import { gitwayActor, type AttributedChange, type Attribution, type Person } from "../../src/plan/plan.ts";
import type { Blame, LookAt, Stuck } from "../../src/source/open-source.ts";
import { createOracle, type OracleVerdict } from "../support/attribution-oracle.ts";
import { blameByOracle } from "../support/blame-oracle.ts";
import { createRepository } from "../support/git-repository.ts";
import { importHistories } from "../support/import-histories.ts";
import { openTestSource, type TestSource } from "../support/open-test-source.ts";
import { createRandom, randomHistory, type RandomCommit } from "../support/random-history.ts";
import { createPasses } from "../support/random-passes.ts";
import { randomSample, type Sample } from "../support/random-samples.ts";

/** How many histories, and the seed of the first. */
const runs = Number(process.env["GITWAY_ORACLE_RUNS"] ?? 1000);
const firstSeed = Number(process.env["GITWAY_ORACLE_SEED"] ?? 1);
/** Of a repository: to import and to fetch them is one go of git. */
const historiesAtOnce = 50;
const passesPerHistory = 4;
const samplesPerHistory = 2;

const batches = Array.from({ length: Math.ceil(runs / historiesAtOnce) }, (_, batch) => {
  const start = firstSeed + batch * historiesAtOnce;
  const count = Math.min(historiesAtOnce, runs - batch * historiesAtOnce);
  return Array.from({ length: count }, (_unused, index) => start + index);
});

const compared = { histories: 0, changes: 0, first: 0, released: 0, blamed: 0 };

test.concurrent.each(batches.map((seeds) => ({ seeds, first: seeds[0], last: seeds.at(-1) })))(
  "attribution agrees with the oracle on the random histories $first to $last",
  async ({ seeds }) => {
    await using repository = await createRepository();
    const histories = seeds.map(randomHistory);
    const ids = await importHistories(repository, histories);
    await using source = await openTestSource(repository.path);
    await source.fetch();

    for (const [index, history] of histories.entries()) {
      const seed = seeds[index] ?? 0;
      const outcome = await compareHistory(source, history, ids[index] ?? [], seed);
      expect(outcome.actual, `seed ${seed}`).toEqual(outcome.expected);
      count(outcome.actual);
    }
  },
  600_000,
);

function count(judged: readonly (Judged | Blamed)[]): void {
  const changes = judged.filter((each) => "contributors" in each);
  compared.histories++;
  compared.changes += changes.length;
  compared.first += changes.filter(({ firstWritten }) => firstWritten !== null).length;
  compared.released += changes.filter(({ releasedBy }) => releasedBy !== null).length;
  compared.blamed += judged.length - changes.length;
}

test("the histories had changes, releases and waits to agree on", () => {
  const { histories, changes, first, released, blamed } = compared;
  console.log(
    `The oracle agreed on ${histories} random histories, seeds ${firstSeed} to ${firstSeed + runs - 1}: on ` +
      `${changes} changes, ${first} of them of what others wrote first, ${released} released by a later commit, and on ${blamed} that wait.`,
  );
  expect(Math.min(changes, first, released, blamed)).toBeGreaterThan(0);
});

interface Judged {
  readonly sample: string;
  readonly author: Person | undefined;
  readonly committer: Person | undefined;
  readonly commit: string | undefined;
  readonly contributors: readonly string[];
  readonly firstWritten: string | null | undefined;
  readonly releasedBy: string | null | undefined;
}

interface Blamed {
  readonly sample: string;
  readonly blame: Blame | null;
}

interface Comparison {
  readonly actual: readonly (Judged | Blamed)[];
  readonly expected: readonly (Judged | Blamed)[];
}

async function compareHistory(
  source: TestSource,
  history: readonly RandomCommit[],
  ids: readonly string[],
  seed: number,
): Promise<Comparison> {
  const random = createRandom(seed ^ 0x5eed);
  const oracle = createOracle(history);
  const actual: (Judged | Blamed)[] = [];
  const expected: (Judged | Blamed)[] = [];
  const compare = async (sample: Sample, title: string): Promise<readonly OracleVerdict[]> => {
    const verdicts = oracle.judge(sample.changes, sample.range, sample.plan);
    const attributed = await attribute(source, sample, ids);
    for (const [at, verdict] of verdicts.entries()) {
      const full = `${title}: ${titleOf(sample, at)}`;
      actual.push(shownActual(full, attributed[at]?.attribution as Attribution));
      expected.push(shownExpected(full, verdict, history, ids, sample.range.to));
    }
    return verdicts;
  };
  const compareBlame = async (sample: Sample, title: string): Promise<void> => {
    const { range, plan } = sample;
    const stuck = stuckAt(oracle, sample);
    const since = range.attempted ?? null;
    const verdicts = blameByOracle(oracle, stuck, { to: range.to, since }, plan);
    const blames = await source.blame(stuck, {
      to: ids[range.to] ?? "",
      since: since === null ? null : (ids[since] ?? null),
      lookAt: lookAtOf(sample),
    });
    for (const [at, { commit, brokenBy }] of verdicts.entries()) {
      const { kind, name } = stuck[at] as Stuck;
      const full = `${title}: ${kind} ${name} waits ${JSON.stringify(range)}`;
      const by = (number: number | null) => (number === null ? null : madeBy(history, ids, number));
      const made = by(commit);
      actual.push({ sample: full, blame: blames[at] ?? null });
      expected.push({ sample: full, blame: made && { ...made, brokenBy: by(brokenBy) } });
    }
  };
  const store = createPasses(random, oracle, ids);
  for (let pass = 0; pass < passesPerHistory; pass++) {
    const sample = store.next();
    await compareBlame(sample, `pass ${pass}`);
    store.apply(sample, await compare(sample, `pass ${pass}`));
  }
  for (let number = 0; number < samplesPerHistory; number++)
    await compare(randomSample(random, oracle, ids), `sample ${number}`);
  return { actual, expected };
}

function attribute(
  source: TestSource,
  sample: Sample,
  ids: readonly string[],
): Promise<readonly AttributedChange[]> {
  const { changes, range } = sample;
  const idOf = (commit: number | null) => (commit === null ? null : (ids[commit] ?? null));
  return source.attribute(
    changes.map(({ change }) => change),
    {
      from: idOf(range.from),
      to: ids[range.to] ?? "",
      attempted: range.attempted === undefined ? undefined : idOf(range.attempted),
      lookAt: lookAtOf(sample),
    },
  );
}

function lookAtOf({ input }: Sample): LookAt {
  return (set, wanted) => outlookOf({ ...input, set }, wanted);
}

/** What a plan leaves behind, as a pass asks about it. */
function stuckAt({ trees }: ReturnType<typeof createOracle>, { range, input, plan }: Sample): Stuck[] {
  const { set } = trees[range.to] as (typeof trees)[number];
  const { quarantined, held } = plan(set);
  const stored = new Map(input.current.objects.map((object) => [objectKey(object), object]));
  const waiting = [...quarantined, ...held.map((entry) => ({ ...entry, problems: [] }))];
  return waiting.map(({ kind, id, name, problems }) => {
    const file = problems[0]?.file ?? null;
    const key = objectKey({ kind, id });
    const manifest =
      set.manifests.find((each) => objectKey(each) === key && each.place.file === file) ?? null;
    return { kind, id, name, file, manifest, stored: stored.get(key) ?? null, known: null };
  });
}

function titleOf({ range, changes }: Sample, at: number): string {
  const { change, stored } = changes[at] as Sample["changes"][number];
  return `${change.action} ${change.kind} ${change.name} ${JSON.stringify(range)} stored ${stored}`;
}

function shownActual(sample: string, attribution: Attribution): Judged {
  const { author, committer, commit, contributors, firstWritten, releasedBy } = attribution;
  return {
    sample,
    author,
    committer,
    commit,
    contributors: contributors.map(({ name }) => name),
    firstWritten: firstWritten?.commit ?? null,
    releasedBy: releasedBy?.commit ?? null,
  };
}

function shownExpected(
  sample: string,
  { author, contributors, firstWritten, releasedBy }: OracleVerdict,
  history: readonly RandomCommit[],
  ids: readonly string[],
  to: number,
): Judged {
  return {
    sample,
    author: author === null ? gitwayActor : history[author]?.author,
    committer: author === null ? gitwayActor : history[author]?.committer,
    commit: ids[author ?? to],
    contributors: contributors.map(({ name }) => name),
    firstWritten: firstWritten === null ? null : ids[firstWritten],
    releasedBy: releasedBy === null ? null : ids[releasedBy],
  };
}

function madeBy(
  history: readonly RandomCommit[],
  ids: readonly string[],
  commit: number,
): { readonly author: Person; readonly commit: string } {
  return { author: (history[commit] as RandomCommit).author, commit: ids[commit] ?? "" };
}
