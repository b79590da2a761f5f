import { chmod, mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";

import { silentLog } from "../../src/log.ts";
import { createPlanMemory } from "../../src/plan/relevant-part.ts";
import { startLoop } from "../../src/reconcile/loop.ts";
import { type PassResult, runPass } from "../../src/reconcile/pass.ts";
import { openSource } from "../../src/source/open-source.ts";
import { openStore } from "../../src/store/open-store.ts";
import { median } from "./figures.ts";
import { createFloor } from "./git-floor.ts";
import { type Usage, watchGit } from "./git-usage.ts";
import { commitText, importCommits, initRepository, type RepositoryFile } from "./repository.ts";
import { createClock } from "./step-clock.ts";

/**
 * What a pass over one commit with one changed file costs in a large repository, in a process that has been
 * running for a while, beside what git alone costs.
 */
const manifests = Number(process.argv[2] ?? 10_000);
const commits = Number(process.argv[3] ?? 5000);
const rounds = Number(process.argv[4] ?? 15);
/** Rounds before the figures: a daemon has been running for a while. */
const warmUp = 5;

const folder = await mkdtemp(join(tmpdir(), "gitway-bench-"));
await chmod(folder, 0o755);
const repository = join(folder, "repository.git");
try {
  initRepository(repository);
  await importHistory();
  await measure();
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function measure(): Promise<void> {
  console.log(`${manifests} manifests, ${commits} commits; load of the machine ${loadavg()[0]?.toFixed(1)}`);
  const log = silentLog();
  const store = await openStore({ dataDir: join(folder, "data") }, { log });
  const source = await openSource({
    location: repository,
    branch: "main",
    paths: ["apis"],
    mirror: join(folder, "data", "mirror.git"),
    credentials: {},
    limits: { fileSize: 1024 * 1024, files: 100_000, parseTime: 20_000, gitTime: 300_000 },
    routeBase: "/api/custom",
    environment: { PATH: process.env["PATH"] },
    log,
  });
  const clock = createClock();
  const parts = {
    source: clock.timed("source", source),
    store: clock.timed("store", store),
    sourceStatus: { url: repository, branch: "main", paths: ["apis"] },
    pruneLimit: { objects: 3, share: 0.25 },
    allowPrune: false,
    resolveSecret: async () => null,
    planMemory: createPlanMemory(),
    log,
  };
  const turns = createTurns();
  const loop = startLoop<PassResult>({
    pass: (signal) => turns.timed(() => runPass(parts, signal)),
    interval: 24 * 3600 * 1000,
    watch: async () => null,
    onResult: () => {},
    onFailure: turns.failed,
    log,
  });
  try {
    const first = await turns.next();
    console.log(
      `first pass ${first.took.toFixed(0)} ms, its processor time ${first.processor.toFixed(0)} ms`,
    );
    for (const [step, took] of clock.read().steps) console.log(`  ${step} ${took.toFixed(0)} ms`);
    await compareRounds(clock, turns, () => loop.wake("a commit"));
  } finally {
    await loop.close();
    await source.close();
    await store.close();
  }
}

async function compareRounds(
  clock: ReturnType<typeof createClock>,
  turns: ReturnType<typeof createTurns>,
  wake: () => void,
): Promise<void> {
  const floor = await createFloor(folder, repository);
  const alone: number[] = [];
  const turnsTaken: Turn[] = [];
  const steps = new Map<string, number[]>();
  const store: number[] = [];
  for (let round = 0; round < warmUp + rounds; round++) {
    await importCommits(repository, oneChange(round));
    const bare = await floor.measure();
    clock.read();
    wake();
    const turn = await turns.next();
    if (round < warmUp) continue;
    if (turn.result.applied?.events[0]?.actor.name !== `Round ${round}`)
      throw new Error("attributed wrongly");
    alone.push(bare);
    turnsTaken.push(turn);
    const { steps: taken, whole } = clock.read();
    for (const [step, took] of taken) steps.set(step, [...(steps.get(step) ?? []), took]);
    store.push(whole.get("store") ?? 0);
  }
  const of = (pick: (turn: Turn) => number) => median(turnsTaken.map(pick));
  const [whole, git, postgres] = [of(({ took }) => took), of((turn) => turn.git), median(store)];
  const own = whole - git - postgres;
  console.log(`one commit, one file: a pass ${whole.toFixed(0)} ms`);
  for (const [step, took] of steps) console.log(`  ${step} ${median(took).toFixed(1)} ms`);
  console.log(
    `git alone, in a mirror of its own: ${median(alone).toFixed(0)} ms (${floor.commands.join(", ")})`,
  );
  console.log(
    `in the pass: git ${git.toFixed(0)} ms, Postgres ${postgres.toFixed(0)} ms, Gitway itself ${own.toFixed(0)} ms; ` +
      `processor time of its process ${of(({ processor }) => processor).toFixed(0)} ms`,
  );
  console.log(
    `Gitway itself takes ${(own / git).toFixed(2)} of what git takes in the pass, ` +
      `all but git ${((whole - git) / git).toFixed(2)}`,
  );
}

/** One pass of the loop. Times in milliseconds. */
interface Turn extends Usage {
  readonly result: PassResult;
}

/** Passes of a loop, one after the other. */
function createTurns() {
  const done: Turn[] = [];
  let failure: unknown;
  let waiting = () => {};

  async function timed(run: () => Promise<PassResult>): Promise<PassResult> {
    const { result, ...usage } = await watchGit(run);
    done.push({ result, ...usage });
    waiting();
    return result;
  }

  async function next(): Promise<Turn> {
    while (done.length === 0) {
      if (failure !== undefined) throw failure;
      await new Promise<void>((resolve) => (waiting = resolve));
    }
    return done.shift() as Turn;
  }

  function failed(error: unknown): void {
    failure = error;
    waiting();
  }

  return { timed, next, failed };
}

async function importHistory(): Promise<void> {
  const first = Array.from({ length: manifests }, (_, index) => manifest(index, 0));
  const later = Array.from({ length: commits - 1 }, (_, index) =>
    commitOf(index + 1, `Author ${index % 20}`, [manifest((index * 7919) % manifests, index + 1)]),
  );
  await importCommits(repository, [commitOf(0, "Author 0", first), ...later].join(""));
}

function oneChange(round: number): string {
  return commitOf(commits + round, `Round ${round}`, [manifest(round, `round-${round}`)], true);
}

function commitOf(
  index: number,
  author: string,
  files: readonly RepositoryFile[],
  continues = false,
): string {
  return commitText({ author, time: 1_600_000_000 + index * 60, continues }, files);
}

function manifest(index: number, version: number | string): RepositoryFile {
  const name = `api-${index}`;
  const text = `apiVersion: gitway/v1
kind: ApiDefinition
metadata: { name: ${name}, labels: { team: t${index % 50} } }
spec:
  route: team${index % 50}/${name}/{item}
  description: The state of ${name}, in version ${version}.
  keyless: true
  action:
    reply: { status: 200, body: "version ${version}" }
`;
  return { path: `apis/team${index % 50}/${name}.yaml`, text };
}
