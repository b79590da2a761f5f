import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { startCuttingProxy } from "../support/cutting-proxy.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { createRepository, type TestRepository } from "../support/git-repository.ts";
import { type GitwayProcess, startGitway } from "../support/gitway-process.ts";

let repository: TestRepository;
let database: TestDatabase;

beforeEach(async () => {
  [repository, database] = await Promise.all([createRepository(), createDatabase()]);
  await commit("one");
});

afterEach(async () => {
  await Promise.all([repository.remove(), database.drop()]);
});

test("a commit goes live on every replica, and one that is killed takes no other along", async () => {
  await using _controller = start("controller");
  await using killed = start("endpoint");
  await using staying = start("endpoint");
  const [first, second] = await Promise.all([endpointOf(killed), endpointOf(staying)]);
  await Promise.all([answers(first, "one"), answers(second, "one")]);

  await commit("two");
  await Promise.all([answers(first, "two"), answers(second, "two")]);
  killed.signal("SIGKILL");
  await killed.ended;
  await commit("three");
  await answers(second, "three");

  await using again = start("endpoint");
  await answers(await endpointOf(again), "three");
});

test("a replica goes on serving while the store is away, and catches up when it is back", async () => {
  const proxy = await startCuttingProxy(database.url);
  await using _controller = start("controller");
  await using replica = start("endpoint,dashboard", { DATABASE_URL: proxy.urlOf(database.url) });
  const url = await endpointOf(replica);
  await answers(url, "one");

  proxy.setAway(true);
  await replica.waitFor("stderr", /stopped hearing/);
  await commit("two");
  await vi.waitFor(async () => expect(await appliedRevision()).toBe(2), 20_000);

  expect(await bodyOf(url)).toBe("one");
  expect(await readiness(replica)).toEqual([
    200,
    expect.objectContaining({ ready: true, servedRevision: 1 }),
  ]);

  proxy.setAway(false);
  await answers(url, "two");
  // The threads of the replica have connections of their own, which come back one after the other.
  await vi.waitFor(
    async () =>
      expect(await readiness(replica)).toEqual([
        200,
        expect.objectContaining({ ready: true, servedRevision: 2, appliedRevision: 2 }),
      ]),
    20_000,
  );
  await proxy.close();
});

test("a replica that is asked to end is not ready any more, and serves until it is time", async () => {
  await using _controller = start("controller");
  await using replica = start("endpoint,dashboard", { GITWAY_ENDPOINT_DRAIN_DELAY: "2s" });
  const url = await endpointOf(replica);
  await answers(url, "one");

  replica.signal("SIGTERM");
  await replica.waitFor("stderr", /Ending/);
  const ready = await readiness(replica);
  const answer = await bodyOf(url);

  expect(ready).toEqual([503, expect.objectContaining({ ready: false, reason: "The process is ending." })]);
  expect(answer).toBe("one");
  expect((await replica.ended).code).toBe(0);
  await expect(fetch(`${url}/hello`)).rejects.toThrow("fetch failed");
});

function start(role: string, env: Record<string, string> = {}): GitwayProcess {
  const ports = { GITWAY_ENDPOINT_PORT: "0", GITWAY_DASHBOARD_PORT: "0" };
  return startGitway(["run", "--role", role], {
    cwd: repository.path,
    env: { DATABASE_URL: database.url, ...ports, ...env },
  });
}

async function endpointOf(gitway: GitwayProcess): Promise<string> {
  const [, url] = await gitway.waitFor("stdout", /endpoint +(http:\S+)/);
  return url ?? "";
}

async function readiness(gitway: GitwayProcess): Promise<[number, unknown]> {
  const [, url] = await gitway.waitFor("stdout", /dashboard +(http:\S+)/);
  const answer = await fetch(`${url}/readyz`);
  return [answer.status, await answer.json()];
}

async function bodyOf(url: string): Promise<string> {
  return await (await fetch(`${url}/hello`)).text();
}

async function answers(url: string, body: string): Promise<void> {
  await vi.waitFor(async () => expect(await bodyOf(url)).toBe(body), { timeout: 20_000, interval: 50 });
}

async function appliedRevision(): Promise<number> {
  const [row] = await database.query<{ revision: number }>("select revision::int from gitway.pointer");
  return row?.revision ?? 0;
}

async function commit(body: string): Promise<void> {
  const manifest = `apiVersion: gitway/v1
kind: ApiDefinition
metadata: { name: hello }
spec:
  route: hello
  keyless: true
  action: { reply: { body: ${body} } }
`;
  await repository.commit({ files: { "apis/hello.yaml": manifest } });
}
