import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { type CuttingProxy, startCuttingProxy } from "../support/cutting-proxy.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { createRepository, type TestRepository } from "../support/git-repository.ts";
import { runGitway, startGitway } from "../support/gitway-process.ts";

let repository: TestRepository;
let database: TestDatabase;
let proxy: CuttingProxy;
let env: Record<string, string>;

beforeEach(async () => {
  [repository, database] = await Promise.all([createRepository(), createDatabase()]);
  proxy = await startCuttingProxy(database.url);
  env = {
    DATABASE_URL: proxy.urlOf(database.url),
    GITWAY_ENDPOINT_PORT: "0",
    GITWAY_DASHBOARD_PORT: "0",
    GITWAY_ENDPOINT_SCRIPT_WORKERS: "1",
  };
  await repository.commit({ files: { "apis/hello.yaml": hello("hi") } });
});

afterEach(async () => {
  await proxy.close();
  await Promise.all([repository.remove(), database.drop()]);
});

test.each([
  ["an endpoint", ["--role", "endpoint,dashboard"]],
  ["a process that does everything", []],
])("%s starts again without its store, serves the snapshot, and catches up", async (_what, flags) => {
  await runGitway(["apply"], { cwd: repository.path, env });
  await serveOnce();
  proxy.setAway(true);
  await using gitway = startGitway(["run", ...flags], { cwd: repository.path, env });
  const [, url] = await gitway.waitFor("stdout", /endpoint +(http:\S+)/);
  const [, dashboard] = await gitway.waitFor("stdout", /dashboard +(http:\S+)/);
  await gitway.waitFor("stdout", /The store can't be reached: revision 1 is served from the snapshot/);

  const answer = await fetch(`${url}/hello`);
  const ready = await fetch(`${dashboard}/readyz`);

  expect([answer.status, await answer.text(), answer.headers.get("x-gitway-revision")]).toEqual([
    200,
    "hi",
    "1",
  ]);
  expect([ready.status, await ready.json()]).toEqual([
    200,
    {
      ready: true,
      reason: null,
      servedRevision: 1,
      servedFrom: "snapshot",
      appliedRevision: null,
      state: "unknown",
    },
  ]);
  await repository.commit({ files: { "apis/hello.yaml": hello("ho") } });
  const direct = { ...env, DATABASE_URL: database.url };
  await runGitway(["apply"], { cwd: repository.path, env: direct });
  proxy.setAway(false);
  await vi.waitFor(async () => expect(await (await fetch(`${url}/hello`)).text()).toBe("ho"), {
    timeout: 40_000,
    interval: 250,
  });
  expect(await (await fetch(`${dashboard}/readyz`)).json()).toMatchObject({
    servedFrom: "store",
    servedRevision: 2,
  });
});

test("without a snapshot a store that is away ends the start, as it does where nothing is served", async () => {
  proxy.setAway(true);

  const endpoint = await runGitway(["run", "--role", "endpoint"], { cwd: repository.path, env });
  proxy.setAway(false);
  await runGitway(["apply"], { cwd: repository.path, env });
  await serveOnce();
  proxy.setAway(true);
  const controller = await runGitway(["run", "--role", "controller"], { cwd: repository.path, env });

  expect([endpoint.code, controller.code]).toEqual([4, 4]);
});

async function serveOnce(): Promise<void> {
  await using gitway = startGitway(["run", "--role", "endpoint"], { cwd: repository.path, env });
  await gitway.waitFor("stdout", /endpoint +http/);
  gitway.signal("SIGTERM");
  await gitway.ended;
}

function hello(body: string): string {
  return `apiVersion: gitway/v1
kind: ApiDefinition
metadata: { name: hello }
spec:
  route: hello
  keyless: true
  action: { reply: { body: ${body} } }
`;
}
