import { chmod, mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";

import { median } from "./figures.ts";
import { proxyRoute, replyPath, replyRoute, startGitway, token } from "./gitway.ts";
import { ready, runLoad } from "./load.ts";
import { presentPeers } from "./peers.ts";
import { cores, freePort, type Started, startScript } from "./processes.ts";

/** What serving costs, beside others who do the same: replies, a proxy, and many routes beside few. */
const rounds = Number(process.argv[2] ?? 5);
const seconds = Number(process.argv[3] ?? 2);
const connections = 32;
const size = 256;
/** Until compilers have done their work. */
const warmUp = { most: 20_000, seconds: 30 };
const allowed = "/status";
const proxied = `/proxied${allowed}`;

/** One beside another, and the least that their ratio of requests a second should be. */
const goals = [
  ["Gitway proxy", "Caddy", 1],
  ["Gitway proxy", "plain Node proxy", 0.8],
  ["Gitway proxy", "nginx", null],
  ["Gitway reply", "plain Node server", 0.9],
  ["Gitway reply", "Node server, same duties", null],
  ["Gitway reply, 10,000 routes", "Gitway reply", 0.95],
] as const;

interface Contestant {
  readonly name: string;
  readonly server: Started;
  readonly port: number;
  readonly path: string;
  readonly count: number;
  readonly perSecond: number[];
  /** Microseconds of processor time for a request. */
  readonly cost: number[];
  /** How much of the time the load generator was at work. */
  readonly busy: number[];
}

/** From here on the load generator is what is measured. */
const busiest = 0.9;

const folder = await mkdtemp(join(tmpdir(), "gitway-bench-"));
await chmod(folder, 0o755);
const opened: Started[] = [];
try {
  const contestants = await startAll();
  for (const contestant of contestants)
    await ready(contestant, contestant.path === proxied ? "/proxied/none" : undefined);
  for (const { port, path, count } of contestants)
    await runLoad({ port, path, count, connections, ...warmUp });
  for (let round = 0; round < rounds; round++)
    for (const contestant of contestants) await measure(contestant);
  report(contestants);
} finally {
  for (const server of opened.toReversed()) await server.close();
  await rm(folder, { recursive: true, force: true });
}

async function startAll(): Promise<readonly Contestant[]> {
  const upstream = await freePort();
  keep(startScript(cores.others, "upstream-process.mjs", upstream, size));
  const origin = `http://127.0.0.1:${upstream}`;
  const body = "x".repeat(size);
  const routes = Array.from({ length: 10_000 }, (_, index) => replyRoute(index, body));
  const few = keep(
    await startGitway(join(folder, "few"), [proxyRoute(allowed, origin), ...routes.slice(0, 10)]),
  );
  const many = keep(await startGitway(join(folder, "many"), routes));
  const [plainProxy, plainServer, dutiful] = [await freePort(), await freePort(), await freePort()];
  const proxyArgs = [plainProxy, origin, token, proxied];
  const dutifulArgs = [dutiful, token, size, 10, replyPath];
  const contestants = [
    contestant("Gitway proxy", few, few.port, proxied),
    contestant(
      "plain Node proxy",
      keep(startScript(cores.measured, "plain-proxy-process.mjs", ...proxyArgs)),
      plainProxy,
      proxied,
    ),
  ];
  for (const peer of presentPeers()) {
    const server = keep(await peer.start(upstream, proxied, folder));
    contestants.push(contestant(peer.name, server, server.port, proxied));
  }
  return [
    ...contestants,
    contestant("Gitway reply", few, few.port, replyPath, 10),
    contestant(
      "plain Node server",
      keep(startScript(cores.measured, "plain-server-process.mjs", plainServer, token, size)),
      plainServer,
      replyPath,
      10,
    ),
    contestant(
      "Node server, same duties",
      keep(startScript(cores.measured, "dutiful-server-process.mjs", ...dutifulArgs)),
      dutiful,
      replyPath,
      10,
    ),
    contestant("Gitway reply, 10,000 routes", many, many.port, replyPath, 10_000),
  ];
}

function keep<T extends Started>(server: T): T {
  opened.push(server);
  return server;
}

function contestant(name: string, server: Started, port: number, path: string, count = 1): Contestant {
  return { name, server, port, path, count, perSecond: [], cost: [], busy: [] };
}

async function measure(contestant: Contestant): Promise<void> {
  const { server, port, path, count, perSecond, cost, busy } = contestant;
  const before = await server.processorTime();
  const result = await runLoad({ port, path, count, connections, seconds });
  const after = await server.processorTime();
  if (Object.keys(result.failures).length > 0)
    throw new Error(`${contestant.name} failed: ${JSON.stringify(result.failures)}`);
  perSecond.push(result.perSecond);
  busy.push(result.busy);
  if (before !== null && after !== null) cost.push(((after - before) * 1e6) / result.answered);
}

function report(contestants: readonly Contestant[]): void {
  const load = loadavg()
    .map((value) => value.toFixed(1))
    .join(" ");
  console.log(`${connections} connections, ${size} bytes, medians of ${rounds} rounds; machine load ${load}`);
  for (const { name, perSecond, cost, busy } of contestants)
    console.log(
      `${name.padEnd(28)} ${median(perSecond).toFixed(0).padStart(7)} requests/s` +
        (cost.length > 0 ? ` ${median(cost).toFixed(0).padStart(5)} µs of processor each` : "") +
        `, load generator busy ${(100 * median(busy)).toFixed(0).padStart(3)} %` +
        (median(busy) < busiest ? "" : ": it was the limit"),
    );
  for (const [one, other, goal] of goals) printRatio(contestants, one, other, goal);
}

/** Of each round by itself, so that what the machine does meanwhile weighs on both sides. */
function printRatio(contestants: readonly Contestant[], one: string, other: string, goal: number | null) {
  const [a, b] = [one, other].map((name) => contestants.find((contestant) => contestant.name === name));
  if (!a || !b) return;
  const ratio = (of: "perSecond" | "cost") =>
    median(a[of].map((value, round) => value / (b[of][round] ?? Number.NaN)));
  const cost = a.cost.length > 0 ? `; processor time for a request ${ratio("cost").toFixed(2)}` : "";
  const wanted = goal === null ? "" : ` (goal ${goal})`;
  console.log(`${one} / ${other}: ${ratio("perSecond").toFixed(2)}${wanted}${cost}`);
}
