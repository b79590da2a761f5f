import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { createDatabase, type TestDatabase } from "../support/database.ts";
import { createRepository, type TestRepository } from "../support/git-repository.ts";
import { startGitway } from "../support/gitway-process.ts";
import { replyManifest } from "../support/reconciling.ts";

let repository: TestRepository;
let database: TestDatabase;

beforeEach(async () => {
  [repository, database] = await Promise.all([createRepository(), createDatabase()]);
  await repository.commit({ files: { "apis/hello.yaml": replyManifest("hello", "hello") } });
});

afterEach(() => Promise.all([repository.remove(), database.drop()]));

test("the definition that the README posts answers where the README looks", async () => {
  const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
  const [, body = ""] = /3000\/api\/apis -d '(\{[^']+\})'/.exec(readme) ?? [];
  const [, path = ""] = /curl http:\/\/127\.0\.0\.1:8080(\/health\/)/.exec(readme) ?? [];
  await using gitway = startGitway(["run"], {
    cwd: repository.path,
    env: { DATABASE_URL: database.url, GITWAY_ENDPOINT_PORT: "0", GITWAY_DASHBOARD_PORT: "0" },
  });
  const [, dashboard = ""] = await gitway.waitFor("stdout", /dashboard +(http:\S+)/);
  const [, endpoint = ""] = await gitway.waitFor("stdout", /endpoint +(http:\/\/[^/\s]+)/);
  const key = (await readFile(join(repository.path, ".gitway/administrator-key"), "utf8")).trim();

  const created = await fetch(`${dashboard}/api/apis`, {
    method: "POST",
    headers: { authorization: key, "content-type": "application/json" },
    body: body.replace("http://127.0.0.1:3000", dashboard),
  });
  const answered = await vi.waitFor(async () => {
    const response = await fetch(endpoint + path);
    expect(response.status).toBe(200);
    return await response.json();
  }, 10_000);

  expect(await created.json()).toMatchObject({ Status: "OK", Message: "API created" });
  expect(answered).toEqual({ alive: true });
});
