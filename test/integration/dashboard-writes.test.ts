import { readFileSync } from "node:fs";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { startTestApi, userManifest, type TestApi, type TestApiOptions } from "../support/dashboard-api.ts";
import { replyManifest, tokenManifest } from "../support/reconciling.ts";

const key = "jdoe-".padEnd(40, "k");
const permissions = [
  "definitions.read",
  "definitions.edit",
  "definitions.delete",
  "tokens.read",
  "tokens.edit",
  "tokens.delete",
  "automation.execute",
  "sync.manage",
];

let api: TestApi;

async function start(options: TestApiOptions = {}): Promise<void> {
  api = await startTestApi({ JDOE: key }, options);
  await commit({
    "apis/jdoe.yaml": userManifest("jdoe", "JDOE", permissions),
    "apis/token.yaml": tokenManifest("internal"),
    "apis/hello.yaml": `# Greets.\n${replyManifest("hello", "hello", "ok", ["internal"])}`,
  });
  await vi.waitUntil(async () => (await api.request("/users/me", key)).ok, { timeout: 30_000 });
}

beforeEach(() => start());
afterEach(() => api.close());

describe("the seed's requests", () => {
  test("create, update and delete a definition, each as a commit of the user", async () => {
    const created = await send("POST", "/apis", seed("post-request"));
    expect(created).toEqual([
      200,
      { Status: "OK", Message: "API created", Meta: expect.stringMatching(/^[0-9a-f]{24}$/) },
    ]);
    const id = (created[1] as { Meta: string }).Meta;
    expect(await head()).toMatchObject({ author: "jdoe Doe <jdoe@example.com>", committer: "Gitway" });
    expect(await api.repository.git("log", "-1", "--format=%s")).toBe("Add API 'Test'");
    const files = (await api.repository.git("show", "--format=", "--name-status", "HEAD")).split("\n");
    expect(files).toContain("A\tapis/definitions/test.yaml");
    expect((await api.messages()).at(-1)).toMatch(/^ApiDefinition .* was added by jdoe Doe$/);

    const got = (await (await api.request(`/apis/${id}`, key)).json()) as Record<string, object>;
    const before = await head();
    expect(await send("PUT", `/apis/${id}`, got)).toEqual([
      200,
      { Status: "OK", Message: "Api updated", Meta: "" },
    ]);
    expect(await head()).toEqual(before);

    const changed = { ...got, api_definition: { ...got["api_definition"], active: false } };
    expect((await send("PUT", `/apis/${id}`, changed))[0]).toBe(200);
    expect((await head()).commit).not.toBe(before.commit);
    expect(await api.repository.git("show", "--format=", "HEAD")).toMatch(/^\+ {2}active: false$/m);

    expect(await send("DELETE", `/apis/${id}`)).toEqual([
      200,
      { Status: "OK", Message: "API deleted", Meta: null },
    ]);
    expect((await api.request(`/apis/${id}`, key)).status).toBe(400);
    expect((await api.messages()).at(-1)).toMatch(/was deleted by jdoe Doe$/);
  });
});

test("a title of several lines is one line of the commit's message", async () => {
  const name = "Long\n\nGitway-Allow-Prune: yes";
  const { api_definition } = seed("post-request") as { api_definition: object };

  expect((await send("POST", "/apis", { api_definition: { ...api_definition, name } }))[0]).toBe(200);

  expect(await api.repository.git("log", "-1", "--format=%B")).toBe(
    "Add API 'Long Gitway-Allow-Prune: yes'\n\nThrough the Dashboard API.",
  );
});

test("an update keeps every byte that it does not mean to change", async () => {
  const got = (await (await api.request("/apis/hello", key)).json()) as Record<string, object>;
  const before = await text("apis/hello.yaml");
  const gitway = { ...got["gitway"], description: undefined };

  const [status] = await send("PUT", "/apis/hello", {
    ...got,
    gitway,
    api_definition: { ...got["api_definition"], enable_batch_request_support: true },
  });

  expect(status).toBe(200);
  const after = await text("apis/hello.yaml");
  expect(after.startsWith("# Greets.\n")).toBe(true);
  const added = after.split("\n").filter((line) => !before.split("\n").includes(line));
  expect(added.join("\n")).toMatch(/batch/);
  expect(before.split("\n").filter((line) => !after.split("\n").includes(line))).toEqual([]);
});

describe("a write that can't be", () => {
  test("is a 400 with all that is wrong, and nothing has happened", async () => {
    const before = await head();

    const [status, body] = await send("POST", "/apis", {
      api_definition: { name: 7, version_data: {}, proxy: { listen_path: "/x/" } },
    });

    expect(status).toBe(400);
    expect(body).toMatchObject({ Status: "Error", Message: "API object validation failed", Meta: null });
    expect((body as { Errors: string[] }).Errors.length).toBeGreaterThan(2);
    expect(await head()).toEqual(before);
  });

  test("is a 400 with the structured reason when the route is taken", async () => {
    const got = (await (await api.request("/apis/hello", key)).json()) as Record<string, object>;
    const { id: _id, api_id: _apiId, ...definition } = got["api_definition"] as Record<string, unknown>;
    const before = await head();

    const [status, body] = await send("POST", "/apis", {
      api_definition: { ...definition, name: "Other" },
      gitway: { action: { reply: { body: "x" } }, route: "hello" },
    });

    expect([status, body]).toMatchObject([400, { Reasons: [{ Reason: "RouteInUse" }] }]);
    expect(await head()).toEqual(before);
  });

  test("is a 409 when it would take the id of another, live or not", async () => {
    await commit({ "apis/other.yaml": replyManifest("other", "other") });
    const before = await head();
    const other = (await definitionOf("other"))["api_definition"] as { id: string; api_id: string };
    const got = await definitionOf("hello");
    const put = (apiId: string) =>
      send("PUT", "/apis/hello", {
        ...got,
        api_definition: { ...(got["api_definition"] as object), api_id: apiId },
      });
    const taken = [409, { Message: "Found API with the same ID" }];

    expect(await put(other.api_id)).toMatchObject(taken);
    expect(await put(other.id)).toMatchObject(taken);
    expect(await put("search")).toMatchObject([
      400,
      { Errors: [expect.stringContaining("a path of this API")] },
    ]);
    expect(await head()).toEqual(before);

    const claimed = replyManifest("late", "late") + '  dashboard: { api_id: "chosen" }\n';
    await api.repository.commit({ files: { "apis/late.yaml": claimed } });
    expect(await put("chosen")).toMatchObject([
      409,
      { Message: "Found API with the same ID", Errors: [expect.stringContaining("apis/late.yaml")] },
    ]);
  });

  test("is a 409 when the object was changed meanwhile, and when it is quarantined", async () => {
    const got = await (await api.request("/apis/hello", key)).json();
    const stale = await send("PUT", "/apis/hello", got, { "if-match": '"0000"' });
    expect(stale).toMatchObject([409, { Message: expect.stringContaining("changed meanwhile") }]);

    const broken = (await text("apis/hello.yaml")).replace("route:", "rout:");
    await commit({ "apis/hello.yaml": broken });
    const quarantined = await send("PUT", "/apis/hello", got);

    expect(quarantined).toMatchObject([409, { Message: expect.stringMatching(/apis\/hello\.yaml:\d+/) }]);
  });

  test("is a 409 that says so when the checkout has changes of its own", async () => {
    const { writeFile } = await import("node:fs/promises");
    await writeFile(`${api.repository.path}/apis/hello.yaml`, "# not committed\n");

    const answer = await send("DELETE", "/apis/hello");

    expect(answer[0]).toBe(409);
    expect(await text("apis/hello.yaml")).toBe("# not committed\n");
  });

  test.each([
    ["no JSON", "POST", "/apis", "{", "application/json", 400],
    ["of another type", "POST", "/apis", "a=b", "application/x-www-form-urlencoded", 415],
    ["too large", "POST", "/apis", `"${"x".repeat(1024 * 1024)}"`, "application/json", 413],
    ["too deep", "POST", "/apis", "[".repeat(100_000), "application/json", 400],
    ["a list", "POST", "/apis", "[]", "application/json", 400],
  ] as const)("because it is %s is refused", async (_what, method, path, body, type, expected) => {
    const answer = await api.request(path, key, { method, body, headers: { "content-type": type } });

    expect(answer.status).toBe(expected);
  });
});

test("tokens are created with a secret that is shown once, changed, granted, and deleted when nobody uses them", async () => {
  const [status, issued] = await send("POST", "/tokens", {
    name: "partner",
    rateLimit: { limit: 5, window: "1m" },
  });
  expect([status, issued]).toMatchObject([
    200,
    { token: "partner", secret: expect.stringMatching(/^.{43}$/) },
  ]);
  const { secret } = issued as { secret: string };

  expect((await send("PUT", "/apis/hello/tokens/partner"))[0]).toBe(200);
  expect(await text("apis/hello.yaml")).toMatch(/tokens: \[internal, partner\]/);
  expect(await send("DELETE", "/tokens/partner")).toMatchObject([
    400,
    { Reasons: [{ Reason: "TokenInUse", ApiDefinitionIds: [expect.any(String)] }] },
  ]);
  expect((await send("PUT", "/tokens/partner", { disabled: true }))[0]).toBe(200);
  expect(await (await api.request("/tokens/partner", key)).text()).not.toContain(secret);
  expect((await send("POST", "/tokens/partner/rotate?overlap=0s"))[0]).toBe(200);
  expect((await send("POST", "/tokens/partner/revoke"))[0]).toBe(200);
  expect((await send("DELETE", "/apis/hello/tokens/partner"))[0]).toBe(200);
  expect((await send("DELETE", "/tokens/partner"))[0]).toBe(200);
  expect((await send("POST", "/tokens", { name: "x", secret: "s" }))[0]).toBe(400);
  expect((await send("POST", "/tokens", { name: "../../etc/passwd" }))[0]).toBe(400);
});

test("webhooks are created, replaced and deleted", async () => {
  const hook = { name: "On call", method: "POST", target_path: "http://127.0.0.1:1/", event_timeout: 0 };
  const [status, body] = await send("POST", "/hooks", hook);
  expect([status, body]).toMatchObject([200, { Message: "Webhook created" }]);
  const id = (body as { Meta: string }).Meta;

  expect((await send("PUT", `/hooks/${id}`, { ...hook, method: "PUT" }))[1]).toMatchObject({
    Message: "Hook updated",
  });
  expect(await (await api.request(`/hooks/${id}`, key)).json()).toMatchObject({
    name: "On call",
    method: "PUT",
  });
  expect((await send("DELETE", `/hooks/${id}`))[1]).toMatchObject({ Message: "Webhook deleted" });
  expect((await api.request(`/hooks/${id}`, key)).status).toBe(400);
});

test("a proposal goes to a branch of its own", async () => {
  await api.close();
  await start({ edits: "branch" });
  const before = await head();

  const [status, body] = await send("DELETE", "/apis/hello");

  expect([status, body]).toMatchObject([202, { Meta: expect.stringMatching(/^gitway\/jdoe\//) }]);
  expect(await head()).toEqual(before);
  const branch = (body as { Meta: string }).Meta;
  expect(await api.repository.git("show", "--format=%an", "--name-status", branch)).toMatch(
    /jdoe Doe[^]*D\tapis\/hello.yaml/,
  );
});

test("nothing is written when that is switched off", async () => {
  await api.close();
  await start({ edits: "off" });

  expect(await send("DELETE", "/apis/hello")).toMatchObject([
    405,
    { Message: expect.stringContaining("off") },
  ]);
});

describe("deletions beyond the limit by others", () => {
  const many = Array.from({ length: 12 }, (_, count) => `many-${count}`);
  const files = (text: (name: string) => string | null) =>
    Object.fromEntries(many.map((name) => [`apis/${name}.yaml`, text(name)]));
  const tokens = async () => (await api.store.objects("ApiToken")).map(({ name }) => name).toSorted();

  test("go on waiting when somebody deletes something else, before a pass has seen them", async () => {
    await commit(files((name) => tokenManifest(name)));
    await commit({ "apis/hidden.yaml": tokenManifest("hidden") });
    await api.repository.commit({ files: files(() => null) });

    expect(await send("DELETE", "/tokens/hidden")).toMatchObject([200, { Message: "Token deleted" }]);

    expect(await tokens()).toEqual(["internal", ...many].toSorted());
    expect((await api.store.readSync())?.held.map(({ name }) => name).toSorted()).toEqual(many.toSorted());
    expect(await api.repository.git("log", "-1", "--format=%(trailers)")).toBe(
      "Gitway-Allow-Prune: ApiToken/hidden",
    );
    await commit({ "apis/other.yaml": tokenManifest("other") }, false);
    expect(await tokens()).toEqual(["internal", "other", ...many].toSorted());
  });

  test("go on waiting when a proposal to delete something else is merged", async () => {
    await api.close();
    await start({ edits: "branch" });
    await commit(files((name) => tokenManifest(name)));
    await commit({ "apis/hidden.yaml": tokenManifest("hidden") });
    const [, proposed] = await send("DELETE", "/tokens/hidden");
    await api.repository.commit({ files: files(() => null) });

    await api.repository.git("merge", "--quiet", "--no-edit", (proposed as { Meta: string }).Meta);
    await api.pass();

    expect(await tokens()).toEqual(["internal", ...many].toSorted());
  });

  test("do not hold a deletion up that is far within the limit, nor count for it", async () => {
    await commit(files((name) => tokenManifest(name)));
    const away = Object.fromEntries(many.slice(0, 3).map((name) => [`apis/${name}.yaml`, null]));
    await api.repository.commit({ files: away });

    expect((await send("DELETE", `/tokens/${many[3]}`))[0]).toBe(200);

    expect(await tokens()).toEqual(["internal", ...many.slice(4)].toSorted());
  });
});

test("a deletion that can't go through is a 409 that says why, and nothing has happened", async () => {
  await commit({ "apis/broken.yaml": "kind: [" }, false);
  const before = await head();

  expect(await send("DELETE", "/apis/hello")).toMatchObject([
    409,
    { Message: expect.stringContaining("apis/broken.yaml:1") },
  ]);

  expect(await head()).toEqual(before);
});

test("what is quarantined is told with since when, by whose commit, why, and what serves instead", async () => {
  await commit({ "apis/hello.yaml": replyManifest("hello", "hello").replace("route", "rout") }, false);
  const { commit: bad } = await head();
  await api.pass();

  const { status } = (await (await api.request("/sync", key)).json()) as { status: object };

  expect(status).toEqual(await api.store.readSync());
  const [stored] = await api.store.objects("ApiDefinition", "hello");
  expect(status).toMatchObject({
    quarantined: [
      {
        name: "hello",
        since: expect.stringMatching(/^\d{4}-/),
        commit: bad,
        author: { name: "Test Author" },
        problems: expect.arrayContaining([expect.objectContaining({ file: "apis/hello.yaml", line: 5 })]),
        lastGood: { version: stored?.version, commit: stored?.commit, path: "apis/hello.yaml", line: 2 },
      },
    ],
  });
});

test("deletions that wait go with a consent", async () => {
  const five = [1, 2, 3, 4, 5].map((count) => [
    `apis/r${count}.yaml`,
    replyManifest(`r${count}`, `r${count}`),
  ]);
  await commit(Object.fromEntries(five) as Record<string, string>);
  await commit(Object.fromEntries(five.map(([path]) => [path, null])) as Record<string, null>, false);
  expect(await (await api.request("/sync", key)).json()).toMatchObject({ status: { held: { length: 5 } } });

  const planned = await api.request("/sync/plan", key, { method: "POST" });
  expect(await planned.json()).toMatchObject({ held: { length: 5 } });
  await send("POST", "/sync/consent");

  expect((await api.store.objects("ApiDefinition")).map(({ name }) => name)).toEqual(["hello"]);
});

describe("while reconciling is suspended", () => {
  const refusal = expect.stringMatching(
    /^Reconciling is suspended since .* by jdoe Doe \(release freeze\): /,
  );

  let suspended: [status: number, body: unknown];
  beforeEach(async () => {
    suspended = await send("POST", "/sync/suspend", { reason: " release freeze " });
  });

  test("nothing is written or applied, and whoever is refused learns by whom and how to resume", async () => {
    const before = await head();
    const got = await (await api.request("/apis/hello", key)).json();

    const by = { name: "jdoe Doe", email: "jdoe@example.com" };
    expect(suspended).toEqual([
      200,
      { suspension: { since: expect.any(String), by, reason: "release freeze" } },
    ]);
    for (const [method, path, body] of [
      ["PUT", "/apis/hello", got],
      ["DELETE", "/apis/hello", undefined],
      ["POST", "/apis", seed("post-request")],
      ["POST", "/tokens", { name: "partner" }],
      ["PUT", "/tokens/internal", { disabled: true }],
      ["DELETE", "/apis/hello/tokens/internal", undefined],
      ["POST", "/hooks", { name: "h", method: "POST", target_path: "http://127.0.0.1:1/" }],
      ["POST", "/sync/reconcile", undefined],
      ["POST", "/sync/consent", undefined],
    ] as const)
      expect([path, await send(method, path, body)]).toEqual([
        path,
        [409, { Status: "Error", Message: refusal, Meta: null }],
      ]);
    expect(await head()).toEqual(before);
  });

  test("secrets are issued and revoked, what waits is planned, and all of it goes live once it is resumed", async () => {
    expect((await send("POST", "/tokens/internal/issue"))[0]).toBe(200);
    expect((await send("POST", "/tokens/internal/revoke"))[0]).toBe(200);
    await commit({ "apis/hello.yaml": replyManifest("hello", "hello", "new", ["internal"]) });
    expect(await send("POST", "/sync/plan")).toMatchObject([200, { changes: { length: 1 } }]);
    expect(await (await api.request("/sync", key)).json()).toMatchObject({
      status: { state: "suspended", waiting: { updated: 1 } },
      suspension: { by: { name: "jdoe Doe" }, reason: "release freeze" },
    });
    expect(await (await fetch(`${api.url}/metrics`)).text()).toMatch(
      /^gitway_suspended_timestamp_seconds\{by="jdoe Doe",reason="release freeze"\} \d/m,
    );

    expect(await send("POST", "/sync/resume")).toEqual([200, { suspension: null }]);

    expect(await send("POST", "/sync/reconcile")).toMatchObject([
      200,
      { status: { state: "synced" }, suspension: null },
    ]);
  });

  test("an earlier suspension stays, and what is no reason is refused", async () => {
    expect(await send("POST", "/sync/suspend")).toMatchObject([
      200,
      { suspension: { reason: "release freeze" } },
    ]);
    for (const body of [{ reason: 1 }, { reason: "a\nb" }, { reason: "x".repeat(501) }, { why: "x" }, ["x"]])
      expect([body, (await send("POST", "/sync/suspend", body))[0]]).toEqual([body, 400]);
  });
});

test("two writers and a third who pushes lose nothing", async () => {
  const writes = Array.from({ length: 12 }, (_, count) =>
    send("POST", "/tokens", { name: `token-${count}` }).then(([status]) => status),
  );
  const pushes = (async () => {
    for (let count = 0; count < 4; count++)
      await api.repository.commit({
        files: { [`apis/pushed-${count}.yaml`]: tokenManifest(`pushed-${count}`) },
      });
  })().catch(() => {});
  const statuses = await Promise.all(writes);
  await pushes;
  await api.pass();

  expect(statuses.filter((status) => status !== 200 && status !== 409)).toEqual([]);
  const names = new Set((await api.store.objects("ApiToken")).map(({ name }) => name));
  for (const [count, status] of statuses.entries())
    expect([count, names.has(`token-${count}`)]).toEqual([count, status === 200]);
});

async function definitionOf(id: string): Promise<Record<string, unknown>> {
  return (await (await api.request(`/apis/${id}`, key)).json()) as Record<string, unknown>;
}

async function send(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<[status: number, body: unknown]> {
  const answer = await api.request(path, key, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return [answer.status, await answer.json()];
}

function seed(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../unit/exchange/seed/${name}.json`, import.meta.url), "utf8"));
}

async function head(): Promise<{ commit: string; author: string; committer: string }> {
  const [hash = "", author = "", committer = ""] = (
    await api.repository.git("log", "-1", "--format=%H%n%an <%ae>%n%cn", "main")
  ).split("\n");
  return { commit: hash, author, committer };
}

async function text(path: string): Promise<string> {
  return readFileSync(`${api.repository.path}/${path}`, "utf8");
}

async function commit(files: Record<string, string | null>, allowPrune = true): Promise<void> {
  await api.repository.commit({ files });
  await api.pass({ allowPrune });
}
