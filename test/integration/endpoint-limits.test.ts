import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { Endpoint } from "../../src/endpoint/endpoint.ts";
import { silentLog } from "../../src/log.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { ServingState } from "../../src/store/serving/serving-store.ts";
import { startCuttingProxy } from "../support/cutting-proxy.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { commitId, create, token as manifestToken } from "../support/objects.ts";
import {
  bearer,
  credential,
  definition,
  errorCode,
  feedOf,
  secret,
  serve,
  state,
  token,
} from "../support/serving.ts";

const opened: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close();
});

const mine = definition("mine", { route: "mine", tokens: ["internal"] });

describe("a token's rate limit", () => {
  const limited = (limit: number, window: string, notice = false) => [
    token("internal", { rateLimit: { limit, window, notice } }),
  ];

  test("refuses what is too much with 429 and says when to come again", async () => {
    const endpoint = await started(state([mine], { tokens: limited(2, "2s") }));
    const start = Date.now();
    expect([await status(endpoint, "mine"), await status(endpoint, "mine")]).toEqual([200, 200]);

    const refused = await get(endpoint, "mine");

    expect([refused.status, await errorCode(refused)]).toEqual([429, 1014]);
    const wait = Number(refused.headers.get("retry-after"));
    expect([1, 2]).toContain(wait);
    await vi.waitFor(async () => expect(await status(endpoint, "mine")).toBe(200), { timeout: 5000 });
    expect(Date.now() - start).toBeGreaterThanOrEqual(2000);
  });

  test("counts requests that fail, wherever they fail, and none that need no token", async () => {
    const definitions = [
      mine,
      definition("posts", { route: "posts", tokens: ["internal"], methods: ["POST"] }),
      definition("theirs", { route: "theirs", tokens: ["partner"] }),
      definition("open", { route: "open", keyless: true }),
      definition("partly", {
        route: "partly",
        match: "prefix",
        tokens: ["internal"],
        paths: { ignored: [{ path: "/free" }] },
      }),
    ];
    const tokens = [...limited(4, "1h"), token("partner")];
    const endpoint = await started(state(definitions, { tokens }));
    for (const path of ["open", "open", "partly/free", "partly/free"])
      expect(await status(endpoint, path)).toBe(200);

    const answers = [];
    for (const path of ["none", "posts", "theirs", "mine", "mine", "none", "theirs", "open", "partly/free"])
      answers.push(await status(endpoint, path));

    expect(answers).toEqual([404, 405, 401, 200, 429, 429, 401, 200, 200]);
  });

  test("does not count what is refused before the token", async () => {
    const tokens = ["internal"];
    const versions = { location: "header" as const, key: "v", entries: [{ name: "1" }] };
    const definitions = [
      mine,
      definition("expired", { route: "expired", tokens, expires: "2001-01-01" }),
      definition("versioned", { route: "versioned", tokens, versions }),
      definition("blocked", { route: "blocked", tokens, paths: { blocked: [{ path: "/" }] } }),
      definition("elsewhere", { route: "elsewhere", tokens, ipAllowList: { addresses: [] } }),
      definition("small", { route: "small", tokens, limits: { requestBody: "1B" } }),
      definition("broken", { route: "broken", tokens, middleware: { pre: [{ file: "missing.js" }] } }),
    ];
    const endpoint = await started(state(definitions, { tokens: limited(1, "1h") }));

    const answers = [];
    for (const path of ["expired", "versioned", "blocked", "elsewhere", "broken"])
      answers.push(await status(endpoint, path));
    const small = { method: "POST", body: "xx", headers: bearer };
    answers.push((await fetch(`${endpoint.url}/api/custom/small`, small)).status);
    answers.push(await status(endpoint, "mine"), await status(endpoint, "mine"));

    expect(answers).toEqual([403, 403, 403, 403, 500, 413, 200, 429]);
  });

  test("is its own, whatever others do", async () => {
    const tokens = [...limited(1, "1h"), token("partner", { rateLimit: { limit: 1, window: "1h" } })];
    const both = definition("both", { route: "both", tokens: ["internal", "partner"] });
    const credentials = [credential("internal", secret), credential("partner", "p".repeat(40))];
    const endpoint = await started(state([both], { tokens, credentials }));
    const partner = { authorization: `Bearer ${"p".repeat(40)}` };

    expect([await status(endpoint, "both"), await status(endpoint, "both")]).toEqual([200, 429]);
    expect([await status(endpoint, "both", partner), await status(endpoint, "both", partner)]).toEqual([
      200, 429,
    ]);
  });

  test("takes effect at once when it changes, on the requests that there were", async () => {
    const feed = feedOf(state([mine], { tokens: limited(2, "1h") }));
    const endpoint = await started(feed);
    const ask = async () => [await status(endpoint, "mine"), await status(endpoint, "mine")];
    expect(await ask()).toEqual([200, 200]);

    const answers = [];
    for (const [index, limit] of [3, 1, 5].entries()) {
      feed.set(state([mine], { tokens: limited(limit, "1h"), revision: index + 2 }));
      await vi.waitFor(() => expect(endpoint.servedRevision()).toBe(index + 2));
      answers.push(await ask());
    }

    expect(answers).toEqual([
      [200, 429],
      [429, 429],
      [200, 200],
    ]);
  });

  test("that is hit is an event of the definition", async () => {
    const seen: string[] = [];
    const endpoint = await started(state([mine], { tokens: limited(1, "1h") }), {
      emit: ({ on, call }) => seen.push(`${on} ${call.definition.name}`),
    });

    for (let count = 0; count < 3; count++) await status(endpoint, "mine");

    expect(seen).toEqual(["RatelimitExceeded mine", "RatelimitExceeded mine"]);
  });
});

describe("a quota", () => {
  test("that is used up is a 403 that says until when, and an event", async () => {
    const seen: string[] = [];
    const tokens = [token("internal", { quota: { limit: 2, window: "30d" } })];
    const endpoint = await started(state([mine], { tokens }), { emit: ({ on }) => seen.push(on) });
    for (let count = 0; count < 2; count++) await status(endpoint, "mine");

    const refused = await get(endpoint, "mine");

    expect([refused.status, await errorCode(refused)]).toEqual([403, 2017]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(30 * 86_400 - 60);
    expect(seen).toEqual(["QuotaExceeded"]);
  });
});

describe("an API's rate limit", () => {
  test("is for all its callers together, with any token or none, and beside those of tokens", async () => {
    const spec = { rateLimit: { limit: 3, window: "1h" } };
    const open = definition("open", { route: "open", keyless: true, ...spec });
    const guarded = definition("guarded", { route: "guarded", tokens: ["internal"], ...spec });
    const endpoint = await started(state([open, guarded]));

    const answers = [];
    for (const headers of [bearer, {}, {}, bearer]) answers.push(await status(endpoint, "open", headers));
    for (const headers of [bearer, {}, bearer, bearer])
      answers.push(await status(endpoint, "guarded", headers));
    const refused = await get(endpoint, "guarded");

    expect(answers).toEqual([200, 200, 200, 429, 200, 401, 200, 200]);
    expect([refused.status, await errorCode(refused)]).toEqual([429, 2018]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(3500);
  });
});

describe("endpoints on one store", () => {
  let database: TestDatabase;
  const quota = [token("internal", { quota: { limit: 6, window: "1h" } })];

  beforeEach(async () => {
    database = await createDatabase();
    opened.push({ close: () => database.drop() });
  });

  test("hold one limit: what one lets through the others know two seconds later", async () => {
    const limited = state([mine], { tokens: quota });
    const store = await openStore({ databaseUrl: database.url }, { log: silentLog() });
    opened.push(store);
    let heard = 0;
    const listening: typeof store.shareHits = async (added, since) => {
      const look = await store.shareHits(added, since);
      heard += look.hits.length;
      return look;
    };
    const one = await onStore(limited);
    const other = await started(limited, { usageStore: { ...store, shareHits: listening } });
    for (let count = 0; count < 4; count++) expect(await status(one, "mine")).toBe(200);
    await vi.waitFor(() => expect(heard).toBeGreaterThan(0), { timeout: 20_000, interval: 20 });

    const answers = [];
    for (let count = 0; count < 3; count++) answers.push(await status(other, "mine"));

    expect(answers).toEqual([200, 200, 403]);
    await vi.waitFor(async () => expect(await status(one, "mine")).toBe(403), {
      timeout: 4000,
      interval: 300,
    });
  });

  test("each let the limit through at the most while they don't hear of each other", async () => {
    const limited = state([mine], { tokens: quota });
    const endpoints = await Promise.all([onStore(limited), onStore(limited)]);

    const asked = endpoints.flatMap((endpoint) => Array.from({ length: 10 }, () => status(endpoint, "mine")));
    const passed = (await Promise.all(asked)).filter((code) => code === 200);

    expect(passed.length).toBeGreaterThanOrEqual(6);
    expect(passed.length).toBeLessThanOrEqual(12);
    await vi.waitFor(async () => expect(await known("quota/")).toBe(passed.length), { timeout: 4000 });
    for (const endpoint of endpoints) expect(await status(endpoint, "mine")).toBe(403);
  });

  test("find the hits of the process before them", async () => {
    const first = await onStore(state([mine], { tokens: quota }));
    for (let count = 0; count < 5; count++) await status(first, "mine");
    await first.close();

    const second = await onStore(state([mine], { tokens: quota }));

    expect([await status(second, "mine"), await status(second, "mine")]).toEqual([200, 403]);
  });

  test("go on counting for themselves while the store is away, and tell it when it is back", async () => {
    const proxy = await startCuttingProxy(database.url);
    opened.push(proxy);
    const endpoint = await onStore(state([mine], { tokens: quota }), proxy.urlOf(database.url));
    proxy.setAway(true);

    const answers = [];
    for (let count = 0; count < 7; count++) answers.push(await status(endpoint, "mine"));
    expect(answers).toEqual([200, 200, 200, 200, 200, 200, 403]);

    proxy.setAway(false);
    await vi.waitFor(async () => expect(await known("quota/")).toBe(6), { timeout: 20_000, interval: 200 });
  });

  test("raise one notice for a limit that is hit, and another when that was cleared", async () => {
    const notice = [token("internal", { rateLimit: { limit: 1, window: "1h", notice: true } })];
    const endpoint = await onStore(state([mine], { tokens: notice }), database.url, 500);
    const store = await openStore({ databaseUrl: database.url }, { log: silentLog() });
    opened.push(store);
    const manifest = manifestToken({ name: "internal", id: notice[0]!.id });
    const request = { parentRevision: 0, commit: commitId("x"), origin: "test", blobs: new Map() };
    await store.apply({ ...request, changes: [create(manifest)] });

    await status(endpoint, "mine");
    expect(await store.notices()).toEqual([]);
    for (let count = 0; count < 5; count++) await status(endpoint, "mine");

    await expect.poll(() => store.notices(), { timeout: 4000 }).toHaveLength(1);
    expect((await store.notices())[0]).toMatchObject({
      kind: "ApiToken",
      name: "internal",
      limit: 1,
      window: 3_600_000,
    });
    await store.clearNotice("ApiToken", "internal");
    await expect
      .poll(async () => (await status(endpoint, "mine"), store.notices()), { timeout: 6000, interval: 200 })
      .toHaveLength(1);
  });

  test("note when a credential was last used, without a write for each request", async () => {
    const writes: number[] = [];
    const store = await openStore({ databaseUrl: database.url }, { log: silentLog() });
    opened.push(store);
    const counting = {
      ...store,
      async noteLastUse(uses: Parameters<typeof store.noteLastUse>[0]) {
        writes.push(uses.length);
        await store.noteLastUse(uses);
      },
    };
    const manifest = manifestToken({ name: "internal" });
    const request = { parentRevision: 0, commit: commitId("x"), origin: "test", blobs: new Map() };
    await store.apply({ ...request, changes: [create(manifest)] });
    const hash = Buffer.from(credential("internal", secret).hash, "hex");
    await store.issueCredential({ token: "internal", hash, by: { name: "Jo", email: "" } });
    const { tokens, credentials } = await store.serving();
    const endpoint = await serve(state([mine], { tokens, credentials }), { usageStore: counting });
    const start = Date.now();

    for (let count = 0; count < 20; count++) await status(endpoint, "mine");
    await status(endpoint, "mine", { authorization: "Bearer wrong" });
    await endpoint.close();

    expect(writes).toEqual([1]);
    const lastUsed = Date.parse((await store.credentials("internal"))[0]?.lastUsed ?? "");
    expect(lastUsed).toBeGreaterThanOrEqual(start);
    expect(lastUsed).toBeLessThanOrEqual(Date.now());
  });

  async function onStore(from: ServingState, url = database.url, noticeInterval = 60_000): Promise<Endpoint> {
    const store = await openStore({ databaseUrl: url }, { log: silentLog() });
    opened.push(store);
    return await started(from, { usageStore: store, noticeInterval });
  }

  /** How many hits the store knows of. */
  async function known(prefix: string): Promise<number> {
    const [row] = await database.query<{ sum: string | null }>(
      "select sum(hits) from gitway.limit_hits where key like $1",
      [`${prefix}%`],
    );
    return Number(row?.sum ?? 0);
  }
});

async function started(...args: Parameters<typeof serve>): Promise<Endpoint> {
  const endpoint = await serve(...args);
  opened.push(endpoint);
  return endpoint;
}

async function get(endpoint: Endpoint, path: string, headers: Record<string, string> = bearer) {
  return await fetch(`${endpoint.url}/api/custom/${path}`, { headers });
}

async function status(endpoint: Endpoint, path: string, headers?: Record<string, string>): Promise<number> {
  const response = await get(endpoint, path, headers);
  await response.arrayBuffer();
  return response.status;
}
