import { expect, test } from "vitest";

import { objectKey } from "../../src/manifest/manifest.ts";
import { gitwayActor, type Attribution, type Change, type StoredObject } from "../../src/plan/plan.ts";
import { createOracle, type OracleRange, type OracleVerdict } from "../support/attribution-oracle.ts";
import { changeOf, storedFrom } from "../support/changes-between.ts";
import { createRepository } from "../support/git-repository.ts";
import { importHistories } from "../support/import-histories.ts";
import { openTestSource, type TestSource } from "../support/open-test-source.ts";
import { createRandom, randomHistory, type RandomCommit } from "../support/random-history.ts";

/** How many histories, and the seed of the first. */
const runs = Number(process.env["GITWAY_ORACLE_RUNS"] ?? 20);
const firstSeed = Number(process.env["GITWAY_ORACLE_SEED"] ?? 1);
const historiesAtOnce = 20;
const samplesPerHistory = 4;

const batches = Array.from({ length: Math.ceil(runs / historiesAtOnce) }, (_, batch) => {
  const start = firstSeed + batch * historiesAtOnce;
  const count = Math.min(historiesAtOnce, runs - batch * historiesAtOnce);
  return Array.from({ length: count }, (_unused, index) => start + index);
});

test.each(batches.map((seeds) => ({ seeds, first: seeds[0], last: seeds.at(-1) })))(
  "attribution agrees with the oracle on the random histories $first to $last",
  async ({ seeds }) => {
    await using repository = await createRepository();
    const histories = seeds.map(randomHistory);
    const ids = await importHistories(repository, histories);
    await using source = await openTestSource(repository.path);
    await source.fetch();
    let compared = 0;

    for (const [index, history] of histories.entries()) {
      const seed = seeds[index] ?? 0;
      const outcome = await compareHistory(source, history, ids[index] ?? [], seed);
      expect(outcome.actual, `seed ${seed}`).toEqual(outcome.expected);
      compared += outcome.actual.length;
    }

    expect(compared).toBeGreaterThan(0);
  },
  300_000,
);

interface Judged {
  readonly sample: string;
  readonly author: unknown;
  readonly commit: string | undefined;
  readonly contributors: readonly string[];
  readonly releasedBy: string | null | undefined;
}

async function compareHistory(
  source: TestSource,
  history: readonly RandomCommit[],
  ids: readonly string[],
  seed: number,
): Promise<{ actual: Judged[]; expected: Judged[] }> {
  const random = createRandom(seed ^ 0x5eed);
  const oracle = createOracle(history);
  const actual: Judged[] = [];
  const expected: Judged[] = [];
  for (let sample = 0; sample < samplesPerHistory; sample++) {
    const range = randomRange(random, history, oracle.isBehind);
    const changes = randomChanges(random, oracle, history, ids, range);
    const idOf = (commit: number | null) => (commit === null ? null : (ids[commit] ?? null));
    const attributed = await source.attribute(
      changes.map(({ change }) => change),
      idOf(range.from),
      ids[range.to] ?? "",
      range.attempted === undefined ? undefined : idOf(range.attempted),
    );
    for (const [at, { change, stored }] of changes.entries()) {
      const title = `${sample}: ${change.action} ${change.name} ${JSON.stringify(range)} stored ${stored}`;
      actual.push(shownActual(title, attributed[at]?.attribution as Attribution));
      expected.push(shownExpected(title, oracle.judge(change, stored, range), history, ids, range));
    }
  }
  return { actual, expected };
}

/** From some commit to another: mostly forward, sometimes rewound, sideways or from the beginning. */
function randomRange(
  random: ReturnType<typeof createRandom>,
  history: readonly RandomCommit[],
  isBehind: (commit: number, other: number) => boolean,
): OracleRange {
  const all = history.map((_, commit) => commit);
  const to = random.chance(0.6) ? history.length - 1 - random.below(3) : random.below(history.length);
  const behind = all.filter((commit) => isBehind(commit, to));
  const from = random.chance(0.25) ? null : random.chance(0.75) ? random.pick(behind) : random.pick(all);
  const later = behind.filter((commit) => from === null || isBehind(from, commit));
  const attempted = random.pick([undefined, undefined, null, random.pick([...later, to])]);
  return { from, to, attempted };
}

interface Sample {
  readonly change: Change;
  /** The commit of the stored version. */
  readonly stored: number | null;
}

/** What a store would have, mostly from the start of the range, against what the head says. */
function randomChanges(
  random: ReturnType<typeof createRandom>,
  oracle: ReturnType<typeof createOracle>,
  history: readonly RandomCommit[],
  ids: readonly string[],
  { from, to }: OracleRange,
): Sample[] {
  const head = oracle.read(to);
  const keys = new Set(
    history.flatMap((_, commit) => oracle.read(commit).manifests.map((manifest) => objectKey(manifest))),
  );
  const storedNames = new Set<string>();
  return [...keys].toSorted().flatMap((key): Sample[] => {
    const origin = from !== null && random.chance(0.7) ? from : random.below(history.length);
    const at = from === null && random.chance(0.6) ? null : origin;
    const manifests = at === null ? [] : oracle.read(at).manifests;
    // A store has no two objects of one name.
    const found = manifests.find(
      (manifest) => objectKey(manifest) === key && !storedNames.has(manifest.name),
    );
    if (found) storedNames.add(found.name);
    const drift = random.chance(0.05) ? { hash: "0".repeat(64) } : {};
    const before: StoredObject | null =
      found && at !== null ? { ...storedFrom(found, ids[at] ?? ""), ...drift } : null;
    const there = head.manifests.filter((manifest) => objectKey(manifest) === key);
    const old = from === null && random.chance(0.3) ? oracle.read(random.below(to + 1)).manifests : [];
    const after =
      (there.length === 1 ? there[0] : there.find(({ place }) => place.file === before?.path)) ??
      old.find((manifest) => objectKey(manifest) === key) ??
      null;
    if ((before?.hash ?? null) === (after?.hash ?? null)) return [];
    // While something can't be read, nothing is deleted.
    if (after === null && !head.isReadable) return [];
    return [{ change: changeOf(before, after), stored: before === null ? null : at }];
  });
}

function shownActual(sample: string, attribution: Attribution): Judged {
  const { author, commit, contributors, releasedBy } = attribution;
  return {
    sample,
    author,
    commit,
    contributors: contributors.map(({ name }) => name),
    releasedBy: releasedBy?.commit ?? null,
  };
}

function shownExpected(
  sample: string,
  verdict: OracleVerdict,
  history: readonly RandomCommit[],
  ids: readonly string[],
  { to }: OracleRange,
): Judged {
  const { author, contributors, releasedBy } = verdict;
  return {
    sample,
    author: author === null ? gitwayActor : history[author]?.author,
    commit: ids[author ?? to],
    contributors: contributors.map(({ name }) => name),
    releasedBy: releasedBy === null ? null : ids[releasedBy],
  };
}
