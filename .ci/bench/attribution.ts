import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { silentLog } from "../../src/log.ts";
import { objectKey, type Manifest } from "../../src/manifest/manifest.ts";
import type { Change, StoredObject } from "../../src/plan/plan.ts";
import { openSource, type Source } from "../../src/source/open-source.ts";

/** What a pass over one changed file costs in a large repository, beside what git alone costs. */
const manifests = Number(process.argv[2] ?? 10_000);
const commits = Number(process.argv[3] ?? 5000);
const rounds = 7;

const folder = await mkdtemp(join(tmpdir(), "gitway-bench-"));
try {
  const repository = join(folder, "repository.git");
  git(folder, "init", "--quiet", "--bare", "--initial-branch=main", repository);
  await importHistory(repository);
  const source = await open(repository);
  try {
    await measure(repository, source);
  } finally {
    await source.close();
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function measure(repository: string, source: Source): Promise<void> {
  console.log(`${manifests} manifests, ${commits} commits`);
  const fetched = await timed("first sync: fetch", () => source.fetch());
  const first = await timed("first sync: read", () => source.read(fetched.commit));
  const creations = changes([], first.set.manifests);
  await timed("first sync: attribute", () => source.attribute(creations, { from: null, to: fetched.commit }));

  let [stored, from] = [first.set.manifests, fetched.commit];
  const git: number[] = [];
  const whole: number[] = [];
  const idle: number[] = [];
  const parts = { fetch: [] as number[], read: [] as number[], attribute: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    await importText(repository, oneChange(round));
    git.push(await gitAlone(repository, from));
    const load = performance.eventLoopUtilization();
    const started = performance.now();
    const { commit } = await source.fetch();
    const afterFetch = performance.now();
    const { set } = await source.read(commit);
    const afterRead = performance.now();
    const changed = changes(stored, set.manifests, from);
    const beforeAttribute = performance.now();
    const [attributed] = await source.attribute(changed, { from, to: commit });
    const ended = performance.now();
    idle.push(performance.eventLoopUtilization(load).idle);
    parts.fetch.push(afterFetch - started);
    parts.read.push(afterRead - afterFetch);
    parts.attribute.push(ended - beforeAttribute);
    whole.push(ended - beforeAttribute + afterRead - started);
    if (attributed?.attribution.author.name !== `Round ${round}`) throw new Error("attributed wrongly");
    [stored, from] = [set.manifests, commit];
  }
  const [alone, all] = [median(git), median(whole)];
  console.log(`one commit, one file: git alone ${alone.toFixed(0)} ms (fetch, compare, list, read, name)`);
  console.log(`one commit, one file: fetch + read + attribute ${all.toFixed(0)} ms`);
  for (const [part, times] of Object.entries(parts)) console.log(`  ${part} ${median(times).toFixed(0)} ms`);
  console.log(`  of all, waiting for git ${median(idle).toFixed(0)} ms`);
  console.log(`ratio ${(all / alone).toFixed(2)}`);
}

/** The commands that nobody who answers the same question can do without, in a mirror of their own. */
async function gitAlone(repository: string, from: string): Promise<number> {
  const mirror = join(folder, "floor.git");
  git(folder, "init", "--quiet", "--bare", mirror);
  git(mirror, "fetch", "--quiet", repository, `${from}:refs/heads/old`);
  const started = performance.now();
  await run(mirror, ["ls-remote", repository, "HEAD", "refs/heads/*"]);
  await run(mirror, ["fetch", "--quiet", "--no-tags", repository, "+refs/heads/main:refs/heads/new"]);
  await run(mirror, ["rev-list", "--parents", "refs/heads/new", `^${from}`]);
  const changed = await run(mirror, ["diff-tree", "-r", "--raw", "--no-abbrev", from, "refs/heads/new"]);
  const [, , , blob = ""] = changed.split(" ");
  await run(mirror, ["cat-file", "blob", blob]);
  await run(mirror, ["log", "--no-walk", "--format=%an", "refs/heads/new"]);
  const took = performance.now() - started;
  await rm(mirror, { recursive: true });
  return took;
}

function changes(stored: readonly Manifest[], desired: readonly Manifest[], commit = ""): Change[] {
  const before = new Map(stored.map((manifest) => [objectKey(manifest), manifest]));
  return desired.flatMap((after): Change[] => {
    const old = before.get(objectKey(after));
    if (old?.hash === after.hash) return [];
    const { kind, id, name } = after;
    const was = old && { ...old, version: 1, commit, path: old.place.file, line: old.place.line };
    const action = was ? "update" : "create";
    return [
      {
        action,
        kind,
        id,
        name,
        route: null,
        fields: [],
        before: (was as StoredObject) ?? null,
        after,
      } as Change,
    ];
  });
}

async function importHistory(repository: string): Promise<void> {
  const first = Array.from({ length: manifests }, (_, index) => modify(index, 0));
  const later = Array.from({ length: commits - 1 }, (_, index) =>
    commitText(index + 1, `Author ${index % 20}`, [modify((index * 7919) % manifests, index + 1)]),
  );
  await importText(repository, [commitText(0, "Author 0", first), ...later].join(""));
}

function oneChange(round: number): string {
  return commitText(commits + round, `Round ${round}`, [modify(round, `round-${round}`)], true);
}

function commitText(index: number, author: string, lines: string[], continues = false): string {
  const who = `${author} <${author.toLowerCase().replace(" ", ".")}@example.com> ${1_600_000_000 + index * 60} +0000`;
  const from = continues ? "from refs/heads/main^0\n" : "";
  return `commit refs/heads/main\nauthor ${who}\ncommitter ${who}\ndata 6\nchange\n${from}${lines.join("")}\n`;
}

function modify(index: number, version: number | string): string {
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
  return `M 100644 inline apis/team${index % 50}/${name}.yaml\ndata ${text.length}\n${text}\n`;
}

async function importText(repository: string, text: string): Promise<void> {
  const child = spawn("git", ["--git-dir", repository, "fast-import", "--quiet"], {
    stdio: ["pipe", "inherit", "inherit"],
  });
  child.stdin.end(text);
  const [code] = (await once(child, "close")) as [number];
  if (code !== 0) throw new Error("git fast-import failed");
}

async function run(cwd: string, args: readonly string[]): Promise<string> {
  const child = spawn("git", args, { cwd, stdio: ["ignore", "pipe", "inherit"] });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  const [code] = (await once(child, "close")) as [number];
  if (code !== 0) throw new Error(`git ${args.join(" ")} failed`);
  return Buffer.concat(chunks).toString();
}

function git(cwd: string, ...args: string[]): void {
  if (spawnSync("git", args, { cwd, stdio: "inherit" }).status !== 0)
    throw new Error(`git ${args.join(" ")} failed`);
}

function open(repository: string): Promise<Source> {
  return openSource({
    location: repository,
    branch: "main",
    paths: ["apis"],
    mirror: join(folder, "mirror.git"),
    credentials: {},
    limits: { fileSize: 1024 * 1024, files: 100_000, parseTime: 20_000, gitTime: 300_000 },
    routeBase: "/api/custom",
    environment: { PATH: process.env["PATH"] },
    log: silentLog(),
  });
}

async function timed<T>(title: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work();
  console.log(`${title} ${(performance.now() - started).toFixed(0)} ms`);
  return result;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
