import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { createDatabase, type TestDatabase } from "../support/database.ts";
import { createRepository, type TestRepository } from "../support/git-repository.ts";
import { runGitway, startGitway } from "../support/gitway-process.ts";
import { startReceiver, type Receiver } from "../support/receiver.ts";

let repository: TestRepository;
let database: TestDatabase;
let receiver: Receiver;
let env: Record<string, string>;

beforeEach(async () => {
  [repository, database, receiver] = await Promise.all([
    createRepository(),
    createDatabase(),
    startReceiver((response, _call, number) => response.writeHead(number < 3 ? 204 : 404).end()),
  ]);
  env = {
    DATABASE_URL: database.url,
    GITWAY_ENDPOINT_PORT: "0",
    GITWAY_DASHBOARD_PORT: "0",
    GITWAY_ENDPOINT_SCRIPT_WORKERS: "1",
  };
  await repository.commit({
    author: { name: "Jane Roe", email: "jane@example.com" },
    files: { "apis/hello.yaml": manifests(receiver.url) },
  });
});

afterEach(async () => {
  await Promise.all([repository.remove(), database.drop(), receiver.close()]);
});

test("a commit and a refused call reach the webhook, and the log of deliveries tells both", async () => {
  await using gitway = startGitway(["run"], { cwd: repository.path, env });
  const [, url = ""] = await gitway.waitFor("stdout", /endpoint {3}(http:\S+)/);
  const [, dashboard = ""] = await gitway.waitFor("stdout", /dashboard {2}(http:\S+)/);
  await vi.waitFor(() => expect(receiver.calls).toHaveLength(2), 20_000);
  const answer = await fetch(`${url}/hello`);
  await vi.waitFor(() => expect(receiver.calls).toHaveLength(3), 20_000);

  expect(answer.status).toBe(401);
  const [issuable, added, refused] = receiver.calls.map(
    ({ body }) => JSON.parse(body) as Record<string, unknown>,
  );
  expect(issuable?.["message"]).toMatch(/^ApiToken 'internal' .* was added by Jane Roe$/);
  expect(added).toMatchObject({
    event: "InformationEvent",
    definition: "hello",
    message: expect.stringMatching(/^ApiDefinition with route 'hello' .* was added by Jane Roe$/),
    information: { actor: { name: "Jane Roe" }, path: "apis/hello.yaml" },
  });
  expect(refused).toMatchObject({ event: "AuthFailure", definition: "hello", origin: "127.0.0.1" });

  const json = await vi.waitFor(async () => {
    const { stdout } = await gitwayDeliveries("--webhook", "audit", "--format", "json");
    const entries = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(entries.map(({ state }) => state)).toEqual(["delivered", "delivered", "failed"]);
    return entries;
  }, 20_000);
  expect(json[0]).toMatchObject({
    id: receiver.calls[0]?.headers["x-gitway-delivery"],
    attempts: 1,
    status: 204,
  });
  const { code, stdout } = await gitwayDeliveries("-n", "1");
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^TIME .* EVENT .* LAST ANSWER\n\S+Z {2}AuthFailure {2}hello .* failed .* The receiver answered 404\.\n$/,
  );
  const unknown = await gitwayDeliveries("--webhook", "audi");
  expect(unknown).toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringContaining("There is no Webhook 'audi'. Did you mean 'audit'?"),
  });
  const metrics = await (await fetch(`${dashboard}/metrics`)).text();
  expect(metrics).toContain('gitway_deliveries_total{outcome="delivered"} 2');
  expect(metrics).toContain("gitway_outbox_pending 0");
  await database.query("update gitway.outbox set webhook_name = 'gone'");
  expect((await gitwayDeliveries("--webhook", "gone")).stdout).toContain("AuthFailure");
  const idle = await gitwayDeliveries("--webhook", "audit");
  expect([idle.code, idle.stderr]).toEqual([0, "Nothing was to be delivered yet.\n"]);
});

function gitwayDeliveries(...flags: string[]) {
  return runGitway(["deliveries", ...flags], { cwd: repository.path, env });
}

function manifests(url: string): string {
  return `apiVersion: gitway/v1
kind: Webhook
metadata: { name: audit }
spec: { url: "${url}" }
---
apiVersion: gitway/v1
kind: ApiToken
metadata: { name: internal }
spec: { secret: { generate: true } }
---
apiVersion: gitway/v1
kind: ApiDefinition
metadata: { name: hello }
spec:
  route: hello
  tokens: [internal]
  action: { reply: { body: hi } }
  events:
    - { on: InformationEvent, webhook: audit }
    - { on: AuthFailure, webhook: audit }
`;
}
