import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { createDatabase, type TestDatabase } from "../support/database.ts";
import { createRepository, type TestRepository } from "../support/git-repository.ts";
import { type GitwayProcess, runGitway, startGitway } from "../support/gitway-process.ts";

const example = fileURLToPath(new URL("../../.deploy/example/gitway.yaml", import.meta.url));

const webhookSecret = "what the forge signs its webhooks with";

let repository: TestRepository;
let database: TestDatabase;
let env: Record<string, string>;

beforeEach(async () => {
  [repository, database] = await Promise.all([createRepository(), createDatabase()]);
  env = {
    DATABASE_URL: database.url,
    GITWAY_ENDPOINT_PORT: "0",
    GITWAY_DASHBOARD_PORT: "0",
    GITWAY_WEBHOOK_SECRET_ENV: "FORGE_SECRET",
    FORGE_SECRET: webhookSecret,
    GITWAY_ENDPOINT_SCRIPT_WORKERS: "1",
  };
  await repository.commit({
    author: { name: "Jane Roe", email: "jane@example.com" },
    files: { "apis/hello.yaml": hello },
  });
});

afterEach(async () => {
  await Promise.all([repository.remove(), database.drop()]);
});

test("what it prints to try next works, and later commits are told in a line", async () => {
  await using gitway = start();
  await gitway.waitFor("stdout", /Try next:\n.*\n.*\n/);

  const printed = gitway.stdout();
  const secret = await issue();
  const url = /(http:\S+\/api\/custom\/\S+)/.exec(printed.slice(printed.indexOf("curl")))?.[1] ?? "";
  const answer = await vi.waitFor(async () => {
    const response = await fetch(url, { headers: { authorization: `Bearer ${secret}` } });
    expect(response.status).toBe(200);
    return response.text();
  }, 10_000);
  await repository.commit({
    author: { name: "John Doe", email: "j@example.com" },
    files: { "apis/hello.yaml": hello.replace("body: hi", "body: ho") },
  });
  await gitway.waitFor(
    "stdout",
    /^~ ApiDefinition hello {2}route hello {2}by John Doe {2}apis\/hello\.yaml:1/m,
  );

  expect(answer).toBe("hi");
  expect(printed).toContain("+ ApiDefinition hello  route hello  by Jane Roe  apis/hello.yaml:1");
  expect(printed).toContain("TOKEN=$(npx gitway token issue internal)");
  expect(printed + gitway.stderr()).not.toContain(new URL(database.url).password || "no password");
});

test("health, readiness and metrics tell where it stands", async () => {
  await using gitway = start();
  const dashboard = await dashboardOf(gitway);
  await gitway.waitFor("stdout", /Try next:/);

  const health = await fetch(`${dashboard}/healthz`);
  const ready = await fetch(`${dashboard}/readyz`);
  const metrics = await (await fetch(`${dashboard}/metrics`)).text();

  expect([health.status, ready.status]).toEqual([200, 200]);
  expect(await ready.json()).toEqual({
    ready: true,
    reason: null,
    servedRevision: 1,
    servedFrom: "store",
    appliedRevision: 1,
    state: "synced",
  });
  expect(metrics).toContain('gitway_passes_total{outcome="applied"} 1');
  expect(metrics).toContain('gitway_revision{state="served"} 1');
});

test("a signed webhook makes it look again", async () => {
  await using gitway = start();
  const dashboard = await dashboardOf(gitway);
  await gitway.waitFor("stdout", /Try next:/);
  const passes = async () => {
    const text = await (await fetch(`${dashboard}/metrics`)).text();
    return Number(/^gitway_pass_duration_seconds_count (\d+)/m.exec(text)?.[1]);
  };
  const before = await passes();
  const signature = createHmac("sha256", webhookSecret).update("{}").digest("hex");

  const answer = await fetch(`${dashboard}/webhook/github`, {
    method: "POST",
    body: "{}",
    headers: { "x-hub-signature-256": `sha256=${signature}` },
  });

  expect(answer.status).toBe(202);
  await vi.waitFor(async () => expect(await passes()).toBeGreaterThan(before), 10_000);
});

test("a source that fails is told and tried again, and what is live goes on", async () => {
  await runGitway(["apply"], { cwd: repository.path, env });
  await using gitway = start("--branch", "not-yet");
  const dashboard = await dashboardOf(gitway);

  await gitway.waitFor("stdout", /could not be reconciled, and is tried again: .*not-yet/);
  const ready = await fetch(`${dashboard}/readyz`);
  const state = (await ready.json()) as { ready: boolean; state: string };
  await repository.git("branch", "not-yet");

  expect([ready.status, state]).toEqual([
    200,
    expect.objectContaining({ ready: true, state: "failed", servedRevision: 1 }),
  ]);
  await vi.waitFor(async () => {
    const now = (await (await fetch(`${dashboard}/readyz`)).json()) as { state: string };
    expect(now.state).not.toBe("failed");
  }, 20_000);
});

test("a line for every request is in the log file by the end", async () => {
  await using gitway = start("--log-file", "logs/gitway.log", "--log-level", "error");
  const [, url] = await gitway.waitFor("stdout", /endpoint +(http:\S+)/);
  const answer = await fetch(`${url}/hello?password=hunter2`);

  gitway.signal("SIGTERM");
  await gitway.ended;

  const log = await readFile(`${repository.path}/logs/gitway.log`, "utf8");
  expect(log).toContain(`"id":"${answer.headers.get("x-request-id")}"`);
  expect(log).toContain('"path":"/api/custom/hello","status":401');
  expect(log).not.toContain("hunter2");
});

test("a secret that is rotated goes on for a while, and one that is revoked is shut out at once", async () => {
  await using gitway = start();
  const [, url] = await gitway.waitFor("stdout", /endpoint +(http:\S+)/);
  const status = async (secret: string) =>
    (await fetch(`${url}/hello`, { headers: { authorization: `Bearer ${secret}` } })).status;
  const old = await issue();
  const token = (...args: string[]) =>
    runGitway(["token", ...args, "internal"], { cwd: repository.path, env });
  const fresh = (await token("rotate")).stdout.trim();
  await vi.waitFor(async () => expect([await status(old), await status(fresh)]).toEqual([200, 200]), 5000);

  await token("revoke");

  await vi.waitFor(async () => expect([await status(old), await status(fresh)]).toEqual([401, 401]), 2000);
});

test("while it is suspended commits wait, also after a restart, and go live at once when it is resumed", async () => {
  const command = (...args: string[]) => runGitway(args, { cwd: repository.path, env });
  const change = (body: string) =>
    repository.commit({ files: { "apis/hello.yaml": hello.replace("body: hi", `body: ${body}`) } });
  const state = async (dashboard: string) =>
    ((await (await fetch(`${dashboard}/readyz`)).json()) as { state: string }).state;
  {
    await using gitway = start("--interval", "1h");
    const dashboard = await dashboardOf(gitway);
    await gitway.waitFor("stdout", /Try next:/);
    await command("suspend", "--reason", "release freeze", "--by", "Jane Roe");
    await change("ho");
    await gitway.waitFor("stderr", /Suspended since \S+ by Jane Roe: release freeze\..* 1 change, of commit/);
    expect(await state(dashboard)).toBe("suspended");
    expect((await command("status")).stdout).toMatch(/^waiting .* 0 to add, 1 to update, 0 to delete/m);
  }
  await using gitway = start("--interval", "1h");
  await gitway.waitFor("stdout", /Suspended since \S+ by Jane Roe/);
  expect((await command("events", "--format", "json")).stdout.trim().split("\n")).toHaveLength(2);

  await command("resume");

  await gitway.waitFor("stdout", /^~ ApiDefinition hello .* by Test Author/m);
  expect(await state(await dashboardOf(gitway))).toBe("synced");
});

describe("roles", () => {
  test("an endpoint alone needs no source", async () => {
    await runGitway(["apply"], { cwd: repository.path, env });
    await using gitway = start("--role", "endpoint", "--source", "/nowhere/at/all");

    const [, url] = await gitway.waitFor("stdout", /endpoint +(http:\S+)/);

    expect((await fetch(`${url}/hello`)).status).toBe(401);
    expect(gitway.stdout()).not.toContain("dashboard");
  });

  test("a dashboard alone triggers what is live, once the console is switched on", async () => {
    await runGitway(["apply"], { cwd: repository.path, env });
    const secret = await issue();
    const trigger = async (gitway: GitwayProcess) => {
      const dashboard = await dashboardOf(gitway);
      const key = (await readFile(`${repository.path}/.gitway/administrator-key`, "utf8")).trim();
      const headers = { authorization: key, "content-type": "application/json" };
      const body = JSON.stringify({ definition: "hello", secret });
      const answer = await fetch(`${dashboard}/api/trigger`, { method: "POST", headers, body });
      return [answer.status, await answer.json()];
    };
    {
      await using gitway = start("--role", "dashboard");
      expect(await trigger(gitway)).toMatchObject([
        404,
        { Message: expect.stringContaining("softLaunch.UserDefinableAPI") },
      ]);
      expect(gitway.stdout()).toMatch(/^ {2}console +off /m);
    }
    await using gitway = start("--role", "dashboard", "--config", example);

    expect(await trigger(gitway)).toMatchObject([200, { succeeded: true, status: 200, body: "hi" }]);
    expect(gitway.stdout()).toMatch(/^ {2}console +on /m);
    expect(gitway.stdout() + gitway.stderr()).not.toContain(secret);
  });

  test("a dashboard alone can't be woken", async () => {
    await using gitway = start("--role", "dashboard");
    const dashboard = await dashboardOf(gitway);

    expect((await fetch(`${dashboard}/webhook`, { method: "POST" })).status).toBe(404);
    expect((await fetch(`${dashboard}/readyz`)).status).toBe(200);
  });
});

describe("ending", () => {
  test.each(["SIGTERM", "SIGINT"] as const)("%s ends it in good order", async (name) => {
    await using gitway = start();
    await gitway.waitFor("stdout", /Try next:/);

    gitway.signal(name);

    const { code, stderr } = await gitway.ended;
    expect(code).toBe(0);
    expect(stderr).toContain("Ending");
    await expect(connections()).resolves.toBe(0);
  });

  test("a signal during the start ends it too", async () => {
    await using gitway = start();
    await dashboardListens(gitway);

    gitway.signal("SIGTERM");

    expect((await gitway.ended).code).toBe(0);
  });

  test("a second signal ends it at once, whatever is under way", async () => {
    const upstream = await hangingServer();
    await repository.commit({ files: { "apis/hello.yaml": proxyTo(upstream.url) } });
    await using gitway = start();
    const [, url] = await gitway.waitFor("stdout", /endpoint +(http:\S+)/);
    const call = fetch(`${url}/hello`).catch((error: unknown) => error);
    await upstream.called;

    gitway.signal("SIGTERM");
    await gitway.waitFor("stderr", /Ending/);
    const begin = performance.now();
    // One that follows at once counts as the same.
    const again = setInterval(() => gitway.signal("SIGTERM"), 100);
    const { code } = await gitway.ended;
    clearInterval(again);

    expect(code).toBe(143);
    expect(performance.now() - begin).toBeLessThan(5000);
    await call;
    upstream.server.closeAllConnections();
    upstream.server.close();
  });

  test("a port in use ends the start with 4", async () => {
    await using first = start();
    const port = new URL(await dashboardOf(first)).port;

    const { code, stderr } = await runGitway(["run", "--dashboard-port", port], {
      cwd: repository.path,
      env,
    });

    expect(code).toBe(4);
    expect(stderr).toContain(`127.0.0.1:${port} is in use`);
  });

  test("a webhook secret that is missing ends the start with 3", async () => {
    const { FORGE_SECRET: _, ...without } = env;

    const { code, stderr } = await runGitway(["run"], { cwd: repository.path, env: without });

    expect(code).toBe(3);
    expect(stderr).toContain("FORGE_SECRET, which is not set");
  });
});

const hello = `apiVersion: gitway/v1
kind: ApiDefinition
metadata: { name: hello }
spec:
  route: hello
  tokens: [internal]
  action: { reply: { body: hi } }
---
apiVersion: gitway/v1
kind: ApiToken
metadata: { name: internal }
spec: { secret: { generate: true } }
`;

function proxyTo(url: string): string {
  return `apiVersion: gitway/v1
kind: ApiDefinition
metadata: { name: hello }
spec:
  route: hello
  keyless: true
  action: { proxy: { targetUrl: ${url} } }
`;
}

function start(...args: string[]): GitwayProcess {
  return startGitway(["run", ...args], { cwd: repository.path, env });
}

async function issue(): Promise<string> {
  const { stdout } = await runGitway(["token", "issue", "internal"], { cwd: repository.path, env });
  return stdout.trimEnd();
}

async function dashboardOf(gitway: GitwayProcess): Promise<string> {
  const [, url] = await gitway.waitFor("stdout", /dashboard +(http:\S+)/);
  return url ?? "";
}

/** Something is open and the first pass has not been told yet, in all likelihood; the test holds either way. */
async function dashboardListens(gitway: GitwayProcess): Promise<void> {
  await Promise.race([gitway.waitFor("stderr", /\S/), gitway.waitFor("stdout", /\S/)]);
}

async function connections(): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    "select count(*)::int as count from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
  );
  return row?.count ?? -1;
}

/** Takes calls and never answers. */
async function hangingServer(): Promise<{ url: string; server: Server; called: Promise<void> }> {
  const server = createServer();
  const called = new Promise<void>((resolve) => server.once("request", () => resolve()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, called };
}
