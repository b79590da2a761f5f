import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";

import { median } from "./figures.ts";
import { type Gitway, replyRoute, startGitway } from "./gitway.ts";

/**
 * What requests to the Dashboard API cost with many definitions, from request to answer as a client on this
 * machine sees it: reads, and writes to a local source, each of which is a commit that has gone live.
 */
const definitions = Number(process.argv[2] ?? 10_000);
const rounds = Number(process.argv[3] ?? 15);
/** Rounds before the figures: a daemon has been running for a while. */
const warmUp = 5;

/** The most milliseconds that the median of a request should be. */
const goals = {
  "list, the first page": 20,
  "list, the first page after a write": 20,
  "list, the last page": 20,
  "list, a page sorted by name": 20,
  "search, which finds many": 50,
  "search, which finds one": 50,
  "search, which finds none": 50,
  "one definition": 20,
  "one definition after a write": 20,
  POST: 300,
  PUT: 300,
  DELETE: 300,
} as const;

type Request = keyof typeof goals;
type Times = Map<Request, number[]>;

const pages = Math.ceil(definitions / 10);
const reads: Partial<Record<Request, string>> = {
  "list, the first page": "/api/apis",
  "list, the last page": `/api/apis?p=${pages}`,
  "list, a page sorted by name": `/api/apis?sort=-name&p=${Math.ceil(pages / 2)}`,
  "search, which finds many": "/api/apis/search?q=route-1",
  "search, which finds one": `/api/apis/search?q=route-${definitions - 1}`,
  "search, which finds none": "/api/apis/search?q=nothing",
};

const folder = await mkdtemp(join(tmpdir(), "gitway-bench-"));
await chmod(folder, 0o755);
try {
  for (const source of ["a bare repository", "a checkout"] as const) await measureSource(source);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function measureSource(source: "a bare repository" | "a checkout"): Promise<void> {
  const checkout = source === "a checkout";
  const home = join(folder, checkout ? "checkout" : "bare");
  const files = Array.from({ length: definitions }, (_, index) => replyRoute(index, "benchmark"));
  const gitway = await startGitway(home, files, { checkout, core: null });
  try {
    const client = await openClient(gitway, join(home, "data"));
    const before = machineLoad();
    const times: Times = new Map();
    for (let round = 0; round < warmUp + rounds; round++) {
      if (round === warmUp) times.clear();
      await measureReads(client, times);
      await measureWrites(client, times, round);
    }
    console.log(
      `${definitions} definitions from ${source}, ${rounds} rounds; load of the machine ${before}, after it ${machineLoad()}`,
    );
    for (const [request, taken] of times) print(request, taken);
  } finally {
    await gitway.close();
  }
}

async function measureReads(client: Client, times: Times): Promise<void> {
  for (const [request, path] of Object.entries(reads))
    await timed(times, request as Request, () => client.ask("GET", path));
  await timed(times, "one definition", () => client.ask("GET", `/api/apis/route-${definitions / 2}`));
}

/** One definition comes, is changed and goes, as a client does that: it changes what it was given. */
async function measureWrites(client: Client, times: Times, round: number): Promise<void> {
  const added = {
    name: `Benchmark ${round}`,
    use_keyless: true,
    proxy: { listen_path: `/benchmark/${round}`, target_url: "http://127.0.0.1:9" },
    version_data: { not_versioned: true, versions: { Default: { name: "Default" } } },
  };
  const { Meta: id } = await timed(times, "POST", () =>
    client.ask("POST", "/api/apis", { api_definition: added }),
  );
  const path = `/api/apis/${String(id)}`;
  const got = await timed(times, "one definition after a write", () => client.ask("GET", path));
  const changed = { ...(got["api_definition"] as object), active: true };
  await timed(times, "PUT", () => client.ask("PUT", path, { ...got, api_definition: changed }));
  await timed(times, "DELETE", () => client.ask("DELETE", path));
  await timed(times, "list, the first page after a write", () => client.ask("GET", "/api/apis"));
}

async function timed<T>(times: Times, request: Request, ask: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const answer = await ask();
  const taken = performance.now() - started;
  times.set(request, [...(times.get(request) ?? []), taken]);
  return answer;
}

function print(request: Request, taken: readonly number[]): void {
  const [middle, worst, goal] = [median(taken), Math.max(...taken), goals[request]];
  const verdict = middle < goal ? "" : ", which is missed";
  console.log(
    `  ${request.padEnd(36)} ${middle.toFixed(1).padStart(7)} ms, the worst ${worst.toFixed(1).padStart(7)} ms ` +
      `(goal: under ${goal} ms${verdict})`,
  );
}

function machineLoad(): string {
  return loadavg()[0]?.toFixed(1) ?? "unknown";
}

interface Client {
  ask(method: string, path: string, body?: object): Promise<Record<string, unknown>>;
}

/** A client with the administrator's key, once all definitions are there. */
async function openClient({ dashboardPort, child }: Gitway, dataDir: string): Promise<Client> {
  let authorization = "";

  async function ask(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const response = await fetch(`http://127.0.0.1:${dashboardPort}${path}`, {
      method,
      headers: { authorization, "content-type": "application/json" },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as Record<string, unknown>;
  }

  for (;;) {
    if (child.exitCode !== null) throw new Error(`gitway ended with ${child.exitCode}`);
    const key = await readFile(join(dataDir, "administrator-key"), "utf8").catch(() => "");
    authorization = key.trim();
    const found = await ask("GET", "/api/apis/count").catch(() => ({ count: 0 }));
    if (found["count"] === definitions) return { ask };
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
