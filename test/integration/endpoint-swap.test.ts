import { setTimeout as sleep } from "node:timers/promises";

import { afterEach, describe, expect, test, vi } from "vitest";

import type { Endpoint } from "../../src/endpoint/endpoint.ts";
import { accessLine } from "../../src/endpoint/http/access-line.ts";
import { AppError } from "../../src/errors.ts";
import { createLog, lineLog } from "../../src/log.ts";
import type { ServingState } from "../../src/store/serving/serving-store.ts";
import { definition, errorCode, feedOf, scripted, serve, state } from "../support/serving.ts";
import { rawConnection, startUpstream } from "../support/upstream.ts";

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close();
});

describe("a new revision", () => {
  test("is served with its notification, long before the store would be asked by itself", async () => {
    const feed = feedOf(revision(1));
    const endpoint = await started(feed);

    feed.set(revision(2));
    await vi.waitFor(() => expect(endpoint.servedRevision()).toBe(2), { interval: 5, timeout: 4000 });

    expect(await (await fetch(`${endpoint.url}/a`)).text()).toBe("2");
  });

  test("replaces the old one whole, with no request failing, under load", async () => {
    const feed = feedOf(revision(1));
    const endpoint = await started(feed);
    const failures: string[] = [];
    const seen = new Set<string>();
    const stop = new AbortController();
    const load = Array.from({ length: 8 }, async (_, index) => {
      while (!stop.signal.aborted) {
        const response = await fetch(`${endpoint.url}/${"ab"[index % 2]!}`);
        const [header, body] = [response.headers.get("x-gitway-revision"), await response.text()];
        seen.add(body);
        if (response.status !== 200 || header !== body) failures.push(`${response.status} ${header} ${body}`);
      }
    });

    for (let number = 2; number <= 60; number++) {
      feed.set(revision(number));
      await sleep(5);
    }
    await vi.waitFor(() => expect(endpoint.servedRevision()).toBe(60));
    stop.abort();
    await Promise.all(load);

    expect(failures).toEqual([]);
    expect(seen.size).toBeGreaterThan(5);
  });

  test("leaves requests that are under way on the old one", async () => {
    const upstream = await startUpstream(
      (_request, response) => void release.then(() => response.end("late")),
    );
    opened.push(upstream);
    let letGo = () => {};
    const release = new Promise<void>((resolve) => (letGo = resolve));
    const proxy = { proxy: { targetUrl: upstream.url } };
    const feed = feedOf(state([definition("p", { listenPath: "/p", action: proxy })]));
    const endpoint = await started(feed);
    const slow = fetch(`${endpoint.url}/p`);
    await vi.waitFor(() => expect(upstream.requests).toHaveLength(1));

    feed.set(state([], { revision: 2 }));
    await vi.waitFor(() => expect(endpoint.servedRevision()).toBe(2));
    letGo();

    const response = await slow;
    expect([response.headers.get("x-gitway-revision"), await response.text()]).toEqual(["1", "late"]);
    expect((await fetch(`${endpoint.url}/p`)).status).toBe(404);
  });

  test("is read once more, not once for each notification", async () => {
    const feed = feedOf(revision(1));
    let reads = 0;
    const counting = {
      onChange: feed.onChange,
      serving: async () => {
        reads++;
        await sleep(20);
        return await feed.serving();
      },
    };
    const endpoint = await serve(state([]), { feed: counting });
    opened.push(endpoint);
    reads = 0;

    for (let number = 2; number <= 100; number++) feed.set(revision(number));
    await vi.waitFor(() => expect(endpoint.servedRevision()).toBe(100));

    expect(reads).toBeLessThanOrEqual(2);
  });

  test("takes a revoked token's access away", async () => {
    const guarded = [definition("it", { route: "it", tokens: ["internal"] })];
    const feed = feedOf(state(guarded));
    const endpoint = await started(feed);
    const headers = { authorization: `Bearer ${"k".repeat(40)}` };
    expect((await fetch(`${endpoint.url}/api/custom/it`, { headers })).status).toBe(200);

    feed.set(state(guarded, { credentials: [], revision: 2 }));
    await vi.waitFor(() => expect(endpoint.servedRevision()).toBe(2));

    expect((await fetch(`${endpoint.url}/api/custom/it`, { headers })).status).toBe(401);
  });
});

describe("without its store", () => {
  test("the endpoint answers 503 until the first revision comes", async () => {
    const feed = feedOf(new Error("the store is away"));
    const endpoint = await started(feed);

    const early = await fetch(`${endpoint.url}/a`);
    const code = await errorCode(early);
    feed.set(revision(1));
    await vi.waitFor(() => expect(endpoint.servedRevision()).toBe(1));

    expect([early.status, code, early.headers.get("x-gitway-revision")]).toEqual([503, 7, null]);
    expect((await fetch(`${endpoint.url}/a`)).status).toBe(200);
  });

  test("the endpoint tries again of itself", async () => {
    let tries = 0;
    const feed = {
      onChange: async () => {
        if (++tries < 3) throw new Error("the store is away");
        return { close: async () => {} };
      },
      serving: async () => revision(1),
    };
    const endpoint = await serve(state([]), { feed });
    opened.push(endpoint);

    await vi.waitFor(() => expect(endpoint.servedRevision()).toBe(1), { timeout: 5000 });

    expect(tries).toBe(3);
  });

  test.each([
    [
      "message, and no stack",
      new AppError("database-unreachable", "The database can't be reached."),
      "reason",
    ],
    ["stack when it is a bug", new Error("a bug"), "err"],
  ])("the log has the failure's %s", async (_what, failure, field) => {
    const lines: string[] = [];
    const feed = feedOf(failure);

    opened.push(await serve(feed, { log: lineLog("warn", (line) => lines.push(line)) }));

    const line = JSON.parse(lines.find((text) => text.includes("Loading the APIs failed"))!);
    expect(line).toHaveProperty(field);
    expect(JSON.stringify(line).includes(" at ")).toBe(field === "err");
  });

  test("the endpoint goes on serving what it has", async () => {
    const feed = feedOf(revision(1));
    const endpoint = await started(feed);

    feed.set(new Error("the store is away"));
    feed.set({ ...revision(2), definitions: null } as unknown as ServingState);
    await sleep(0);

    expect((await fetch(`${endpoint.url}/a`)).status).toBe(200);
    expect(endpoint.servedRevision()).toBe(1);
    feed.set(revision(3));
    await vi.waitFor(() => expect(endpoint.servedRevision()).toBe(3));
  });
});

describe("closing", () => {
  test("lets requests under way end and takes no new ones", async () => {
    let letGo = () => {};
    const release = new Promise<void>((resolve) => (letGo = resolve));
    const upstream = await startUpstream((_request, response) => {
      response.write("first ");
      void release.then(() => response.end("last"));
    });
    opened.push(upstream);
    const proxy = { proxy: { targetUrl: upstream.url } };
    const endpoint = await serve(state([definition("p", { listenPath: "/p", action: proxy })]));
    const proxied = await fetch(`${endpoint.url}/p`);
    const kept = rawConnection(endpoint.url, "GET /p HTTP/1.1\r\nHost: x\r\n\r\n");
    const idle = rawConnection(endpoint.url, "");
    await vi.waitFor(() => expect(upstream.requests).toHaveLength(2));

    const closing = endpoint.close();
    letGo();

    expect(await proxied.text()).toBe("first last");
    expect(await kept.ended).toMatch(/ 200 OK[^]*first [^]*last[^]*$/);
    await idle.ended;
    await closing;
    await expect(fetch(`${endpoint.url}/p`)).rejects.toThrow("fetch failed");
  });

  test("tells clients with a request under way that the connection ends with it", async () => {
    let letGo = () => {};
    const release = new Promise<void>((resolve) => (letGo = resolve));
    const upstream = await startUpstream(
      (_request, response) => void release.then(() => response.end("late")),
    );
    opened.push(upstream);
    const proxy = { proxy: { targetUrl: upstream.url } };
    const endpoint = await serve(state([definition("p", { listenPath: "/p", action: proxy })]));
    const kept = rawConnection(endpoint.url, "GET /p HTTP/1.1\r\nHost: x\r\n\r\n");
    await vi.waitFor(() => expect(upstream.requests).toHaveLength(1));
    expect(endpoint.openRequests()).toBe(1);

    const closing = endpoint.close();
    letGo();

    expect(await kept.ended).toMatch(/\r\nconnection: close\r\n[^]*late/i);
    await closing;
    expect(endpoint.openRequests()).toBe(0);
  });

  test("now cuts off what is under way", async () => {
    const upstream = await startUpstream(() => {});
    opened.push(upstream);
    const proxy = { proxy: { targetUrl: upstream.url } };
    const endpoint = await serve(state([definition("p", { listenPath: "/p", action: proxy })]));
    const outcome = fetch(`${endpoint.url}/p`).then(
      () => "answered",
      () => "cut off",
    );
    await vi.waitFor(() => expect(upstream.requests).toHaveLength(1));

    await endpoint.closeNow();

    expect(await outcome).toBe("cut off");
  });

  test("stops listening for changes, also while the store is away", async () => {
    const feed = feedOf(revision(1));
    const endpoint = await serve(feed);
    feed.set(new Error("the store is away"));

    await endpoint.close();
    await endpoint.close();

    expect(feed.listeners.size).toBe(0);
  });
});

test("what does not work as written is logged once, not with every revision", async () => {
  const lines: string[] = [];
  const write = vi.spyOn(process.stderr, "write").mockImplementation((line) => lines.push(String(line)) > 0);
  const clashing = [definition("one", { route: "it" }), definition("it", { route: "it" })];
  const feed = feedOf(state(clashing));
  const endpoint = await serve(feed, { log: createLog({ level: "warn", format: "text" }) });
  opened.push(endpoint);

  feed.set(state(clashing, { revision: 2 }));
  await vi.waitFor(() => expect(endpoint.servedRevision()).toBe(2));
  write.mockRestore();

  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/name=it .*setting=route/);
});

test("the log holds no secret and no query", async () => {
  const lines: string[] = [];
  const write = vi.spyOn(process.stderr, "write").mockImplementation((line) => {
    lines.push(String(line));
    return true;
  });
  const secret = "k".repeat(40);
  const failing = scripted("it", "export default () => { throw new Error('oops') }", {
    tokens: ["internal"],
  });
  const endpoint = await serve(state([failing]), {
    log: createLog({ level: "trace", format: "text" }),
    observe: (request) => lines.push(accessLine(request, "text")),
  });
  opened.push(endpoint);

  const response = await fetch(`${endpoint.url}/api/custom/it?password=hunter2`, {
    headers: { authorization: `Bearer ${secret}` },
  });
  await response.text();
  await vi.waitFor(() => expect(lines.join("")).toContain("request GET /api/custom/it 500"));
  write.mockRestore();

  expect(lines.join("")).toContain("oops");
  expect(lines.join("")).toContain("token=internal");
  expect(lines.join("")).not.toContain(secret);
  expect(lines.join("")).not.toContain("hunter2");
});

/** Two listen paths which answer with the revision. */
function revision(number: number): ServingState {
  const action = { reply: { body: String(number) } };
  return state(
    [definition("a", { listenPath: "/a", action }), definition("b", { listenPath: "/b", action })],
    { revision: number },
  );
}

async function started(feed: ReturnType<typeof feedOf>): Promise<Endpoint> {
  const endpoint = await serve(feed);
  opened.push({ close: () => endpoint.closeNow() });
  return endpoint;
}
