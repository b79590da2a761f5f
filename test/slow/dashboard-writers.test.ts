import { createHash } from "node:crypto";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { createDatabase, type TestDatabase } from "../support/database.ts";
import { createRepository, type TestRepository } from "../support/git-repository.ts";
import { type GitwayProcess, startGitway } from "../support/gitway-process.ts";
import { replyManifest, tokenManifest } from "../support/reconciling.ts";

const writesOfEach = 100;
const keyOf = (user: string) => `${user}-`.padEnd(40, "k");

/** A write, and how it was answered. */
interface Write {
  readonly what: string;
  readonly status: number;
  readonly body: unknown;
}

let clone: TestRepository;
let bare: string;
let database: TestDatabase;
let gitway: GitwayProcess;
let url: string;

beforeEach(async () => {
  [clone, database] = await Promise.all([createRepository(), createDatabase()]);
  await clone.commit({
    files: {
      "apis/people.yaml": [person("amara"), person("bo")].join("---\n"),
      "apis/counter.yaml": replyManifest("counter", "counter", "0", []),
      "apis/third.yaml": tokenManifest("third"),
    },
  });
  bare = join(clone.path, "../shared.git");
  await clone.git("clone", "--quiet", "--bare", ".", bare);
  await clone.git("remote", "add", "origin", bare);
  gitway = startGitway(["run", "--source", bare, "--data-dir", join(clone.path, "../data")], {
    cwd: clone.path,
    env: {
      DATABASE_URL: database.url,
      GITWAY_ENDPOINT_PORT: "0",
      GITWAY_DASHBOARD_PORT: "0",
      GITWAY_ENDPOINT_SCRIPT_WORKERS: "1",
    },
  });
  [, url = ""] = await gitway.waitFor("stdout", /dashboard +(http:\S+)/);
  await vi.waitUntil(async () => (await send("amara", "GET", "/users/me")).status === 200);
});

afterEach(async () => {
  await gitway[Symbol.asyncDispose]();
  await Promise.all([clone.remove(), database.drop()]);
});

test(
  "of 200 writes by two clients, while a third pushes to the same branch, none is lost",
  { timeout: 600_000 },
  async () => {
    const writing = Promise.all([write("amara"), write("bo")]);
    const [[amara, bo], pushed] = await Promise.all([writing, pushUntilOver(writing)]);

    const writes = [...amara, ...bo];
    expect(writes.filter(({ status }) => status !== 200 && status !== 409)).toEqual([]);
    // Whoever changes what nobody else does is never in anybody's way.
    expect(writes.filter(({ what, status }) => status === 409 && what !== "counter")).toEqual([]);

    const landed = writes.filter(({ status }) => status === 200);
    const subjects = (await git("log", "--format=%an%x09%cn%x09%s", "main")).split("\n");
    const through = subjects.filter((line) => line.split("\t")[1] === "Gitway");
    expect(through).toHaveLength(landed.length);
    expect(subjects).toHaveLength(1 + landed.length + pushed);
    expect(await git("rev-list", "--count", "--merges", "main")).toBe("0");

    const increments = landed.filter(({ what }) => what === "counter").length;
    expect(await git("show", "main:apis/counter.yaml")).toContain(`body: "${increments}"`);
    expect(await git("show", "main:apis/third.yaml")).toContain(`description: ${pushed}`);
    const files = (await git("ls-tree", "--name-only", "main", "apis/tokens/")).split("\n");
    expect(files.toSorted()).toEqual(
      [...kept("amara"), ...kept("bo")].map((name) => `apis/tokens/${name}.yaml`).toSorted(),
    );

    const events = await allEvents();
    const told = events.filter(
      ({ committer, action }) => committer?.name === "Gitway" && action !== "issued",
    );
    expect(told).toHaveLength(landed.length);
    expect(new Set(told.map(({ commit }) => commit)).size).toBe(landed.length);
    for (const user of ["amara", "bo"])
      expect(told.filter(({ actor }) => actor.user === user)).toHaveLength(
        (user === "amara" ? amara : bo).filter(({ status }) => status === 200).length,
      );
  },
);

/** Makes, changes and deletes tokens of a user's own, and counts on what both change. */
async function write(user: string): Promise<Write[]> {
  const writes: Write[] = [];
  const note = async (what: string, answer: Promise<Omit<Write, "what">>) =>
    void writes.push({ what, ...(await answer) });
  for (let round = 0; writes.length < writesOfEach; round++) {
    const name = `${user}-${round}`;
    await note(name, send(user, "POST", "/tokens", { name }));
    await note(name, send(user, "PUT", `/tokens/${name}`, { description: `Of round ${round}.` }));
    await note("counter", increment(user));
    if (isKept(round)) await note("counter", increment(user));
    else await note(name, send(user, "DELETE", `/tokens/${name}`));
  }
  return writes;
}

function isKept(round: number): boolean {
  return round % 2 === 0;
}

function kept(user: string): string[] {
  const rounds = Array.from({ length: writesOfEach / 4 }, (_, round) => round);
  return rounds.flatMap((round) => (isKept(round) ? `${user}-${round}` : []));
}

async function increment(user: string): Promise<Omit<Write, "what">> {
  const seen = await fetch(`${url}/api/apis/counter`, { headers: { authorization: keyOf(user) } });
  const wrapper = (await seen.json()) as { gitway: { action: { reply: { body: string } } } };
  const reply = {
    ...wrapper.gitway.action.reply,
    body: String(Number(wrapper.gitway.action.reply.body) + 1),
  };
  const changed = { ...wrapper, gitway: { ...wrapper.gitway, action: { reply } } };
  return send(user, "PUT", "/apis/counter", changed, { "if-match": seen.headers.get("etag") ?? "" });
}

/** Called whenever a write was answered. */
let answered = () => {};

/** Pushes a commit whenever a write was answered, while the next ones are made; says how many. */
async function pushUntilOver(writing: Promise<unknown>): Promise<number> {
  const over = new AbortController();
  void writing.finally(() => {
    over.abort();
    answered();
  });
  let pushed = 0;
  for (; !over.signal.aborted; pushed++) {
    const text = tokenManifest("third").replace("spec: {", `spec: { description: ${pushed + 1},`);
    await clone.commit({ files: { "apis/third.yaml": text } });
    for (let isPushed = false; !isPushed;) {
      await clone.git("pull", "--quiet", "--rebase", "origin", "main");
      isPushed = await clone.git("push", "--quiet", "origin", "main").then(
        () => true,
        () => false,
      );
    }
    if (!over.signal.aborted) await new Promise<void>((resolve) => (answered = resolve));
  }
  return pushed;
}

interface Told {
  readonly id: number;
  readonly action: string;
  readonly actor: { readonly user: string | null };
  readonly committer: { readonly name: string } | null;
  readonly commit: string | null;
}

async function allEvents(): Promise<Told[]> {
  const events: Told[] = [];
  for (let after = 0; ; after = events.at(-1)?.id ?? after) {
    const { body } = await send("amara", "GET", `/events?limit=1000&after=${after}`);
    const page = (body as { events: Told[] }).events;
    if (page.length === 0) return events;
    events.push(...page);
  }
}

async function send(
  user: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
) {
  const answer = await fetch(`${url}/api${path}`, {
    method,
    headers: { ...headers, authorization: keyOf(user), "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const said: unknown = await answer.json();
  if (method !== "GET") answered();
  return { status: answer.status, body: said };
}

function git(...args: string[]): Promise<string> {
  return clone.git("--git-dir", bare, ...args);
}

function person(name: string): string {
  return `apiVersion: gitway/v1
kind: User
metadata: { name: ${name} }
spec:
  displayName: ${name}
  emails: [${name}@example.com]
  permissions:
    [definitions.read, definitions.edit, automation.execute, tokens.read, tokens.edit, tokens.delete]
  key: { sha256: ${createHash("sha256").update(keyOf(name)).digest("hex")} }
`;
}
