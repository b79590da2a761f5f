import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

import { commit, type Gitway, replyPath, replyRoute, startDaemon, startGitway, token } from "./gitway.ts";
import { get, type Load, type LoadResult, ready, runLoad } from "./load.ts";
import { cores } from "./processes.ts";

/**
 * What callers notice of a commit that replaces all routes at once: with every role in one process, and with
 * the endpoint in a process of its own.
 */
const count = Number(process.argv[2] ?? 10_000);
const commits = Number(process.argv[3] ?? 2);
const connections = 8;
/** The longest pause of serving that is no failed run, in milliseconds of work; it was 20 where this was written. */
const longestPause = 100;

const monitored = { nodeOptions: ["--import", new URL("pause-monitor.mjs", import.meta.url).href] };

const folder = await mkdtemp(join(tmpdir(), "gitway-bench-"));
await chmod(folder, 0o755);
try {
  console.log("every role in one process");
  await measure(join(folder, "one"), (home) => startGitway(home, generation(1), monitored));
  console.log("the endpoint in a process of its own");
  await measure(join(folder, "two"), async (home, opened) => {
    const elsewhere = { roles: "controller,dashboard", core: cores.others };
    opened.push(await startGitway(home, generation(1), elsewhere));
    return await startDaemon(home, { roles: "endpoint", ...monitored });
  });
} finally {
  await rm(folder, { recursive: true, force: true });
}

type StartServing = (home: string, opened: Gitway[]) => Promise<Gitway>;

async function measure(home: string, startServing: StartServing): Promise<void> {
  const opened: Gitway[] = [];
  try {
    const gitway = await startServing(home, opened);
    opened.push(gitway);
    const load = { port: gitway.port, path: replyPath, count, connections, watch: true };
    await ready(load);
    await runLoad({ ...load, seconds: 3 });
    const calm = await observe(home, () => runLoad({ ...load, seconds: 3 }));
    console.log(`without a commit: ${described(calm)}`);
    for (let number = 2; number < 2 + commits; number++) {
      const swapped = await observe(home, () => replaceAll(gitway, load, number));
      console.log(`a commit that replaces ${count} routes: ${described(swapped)}`);
      check(swapped);
    }
  } finally {
    for (const gitway of opened.toReversed()) await gitway.close();
  }
}

function generation(number: number) {
  return Array.from({ length: count }, (_, index) => replyRoute(index, `generation ${number}`));
}

/** Loads until the new routes have been served for a while. */
async function replaceAll(gitway: Gitway, load: Omit<Load, "seconds">, number: number): Promise<LoadResult> {
  const over = new AbortController();
  const loading = runLoad({ ...load, seconds: 120 }, over.signal);
  await commit(gitway.repository, generation(number));
  const committed = performance.now();
  const url = `http://127.0.0.1:${gitway.port}${replyPath.replace("{i}", "0")}`;
  while ((await get(url, token)).text !== `generation ${number}`) await wait(100);
  console.log(`live ${((performance.now() - committed) / 1000).toFixed(1)} s after the commit`);
  await wait(1000);
  over.abort();
  return await loading;
}

/** The longest pause of an event loop, in milliseconds: by the clock, and of processor time where that is known. */
interface Pause {
  readonly pause: number;
  readonly work: number | null;
}

interface Observed extends Pause {
  readonly result: LoadResult;
}

async function observe(home: string, work: () => Promise<LoadResult>): Promise<Observed> {
  await readPause(home);
  const result = await work();
  return { result, ...(await readPause(home)) };
}

/** The longest pause since the last time. */
async function readPause(home: string): Promise<Pause> {
  const file = join(home, "pause");
  await rm(file, { force: true });
  await writeFile(join(home, "pause-asked"), "");
  for (;;) {
    const text = await readFile(file, "utf8").catch(() => "");
    if (text !== "") return JSON.parse(text) as Pause;
    await wait(20);
  }
}

function described({ result, pause, work }: Observed): string {
  const { answered, failures, bodies, longest } = result;
  const failed = Object.values(failures).reduce((sum, times) => sum + times, 0);
  return (
    `${answered} requests, ${failed} failed, ${mixed(bodies)} of ${bodies.length} revisions mixed; longest ` +
    `pause ${pause.toFixed(0)} ms` +
    (work === null ? "" : `, ${work.toFixed(0)} ms of it at work`) +
    `, longest answer ${longest.toFixed(0)} ms; machine load ${loadavg()[0]?.toFixed(1)}`
  );
}

/** How many revisions were answered with the bodies of more than one. */
function mixed(bodies: LoadResult["bodies"]): number {
  return bodies.filter((entry) => Object.keys(entry.bodies).length !== 1).length;
}

function check({ result: { failures, bodies }, pause, work }: Observed): void {
  if (Object.keys(failures).length > 0 || mixed(bodies) > 0 || bodies.length < 2)
    throw new Error(JSON.stringify({ failures, bodies }));
  if ((work ?? pause) > longestPause)
    throw new Error(
      `A pause of ${(work ?? pause).toFixed(0)} ms, and ${longestPause} ms is what a swap may take.`,
    );
}
