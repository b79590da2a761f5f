import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

import { beforeEach, describe, expect, test, vi } from "vitest";

import type { Closeable } from "../../src/closeable.ts";
import { startDelivery, type DeliveryOptions } from "../../src/delivery/delivery.ts";
import { createLog, silentLog } from "../../src/log.ts";
import type { WebhookSpec } from "../../src/manifest/webhook.generated.ts";
import type { AttributedChange, StoredObject } from "../../src/plan/plan.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { RequestEvent } from "../../src/store/outbox/request-event.ts";
import type { Store } from "../../src/store/store.ts";
import { createTargetGuard } from "../../src/target-guard.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { commitId, create, definition, remove, uuid, webhook } from "../support/objects.ts";
import { startReceiver, type Receiver } from "../support/receiver.ts";

let database: TestDatabase;
let store: Store;
const opened: Closeable[] = [];

beforeEach(async () => {
  database = await createDatabase();
  store = await openStore({ databaseUrl: database.url }, { log: silentLog() });
  return async () => {
    await Promise.all(opened.splice(0).map((each) => each.close()));
    await store.close();
    await database.drop();
  };
});

const schedule = { first: 20, factor: 1, longest: 20 };
const times = { poll: 50, firstPause: 10, longestPause: 20, grace: 100 };

describe("a delivery", () => {
  test("is a POST of JSON with the id of the delivery and the name of the event", async () => {
    const receiver = await receive();
    await hook({ url: `${receiver.url}/hook?a=1`, headers: { "X-Own": "ä", Authorization: "Bearer x" } });
    await deliver();

    await store.outbox.enqueue([failure()]);

    const [call] = await calls(receiver, 1);
    expect(call).toMatchObject({ method: "POST", url: "/hook?a=1" });
    const [entry] = await entries("delivered");
    expect(call?.headers).toMatchObject({
      "user-agent": "Gitway",
      "content-type": "application/json",
      "x-own": "ä",
      authorization: "Bearer x",
      "x-gitway-event": "AuthFailure",
      "x-gitway-delivery": entry?.id,
    });
    expect(JSON.parse(call?.body ?? "")).toEqual({
      event: "AuthFailure",
      message: "The token is not accepted.",
      path: "/api/custom/status",
      origin: "10.0.0.1",
      key: null,
      definition: "status",
      time: "2026-01-01T00:00:00.000Z",
    });
    expect(entry).toMatchObject({ attempts: 1, status: 204, error: null, webhook: "audit" });
  });

  test("of an information event carries all of it", async () => {
    const receiver = await receive();
    await deliver();

    await hook({ url: receiver.url }, "InformationEvent");

    const [call] = await calls(receiver, 1);
    const event = (await store.events({ limit: 10 })).find(({ name }) => name === "status");
    expect(JSON.parse(call?.body ?? "")).toMatchObject({ event: "InformationEvent", information: event });
  });

  test.each(["GET", "PUT", "PATCH", "DELETE"] as const)("can be a %s", async (method) => {
    const receiver = await receive();
    await hook({ url: receiver.url, method });
    await deliver();

    await store.outbox.enqueue([failure()]);

    const [call] = await calls(receiver, 1);
    expect(call?.method).toBe(method);
    expect(call?.body === "").toBe(method === "GET");
    expect("content-type" in (call?.headers ?? {})).toBe(method !== "GET");
  });

  test("has the body that the template makes", async () => {
    const receiver = await receive();
    await hook({ url: receiver.url, template: "apis/chat.json" }, "AuthFailure", {
      "apis/chat.json": `{"text":"{{.Meta.Message}} on {{definition}}"}`,
    });
    await deliver();

    await store.outbox.enqueue([failure({ message: 'say "no"' })]);

    const [call] = await calls(receiver, 1);
    expect(JSON.parse(call?.body ?? "")).toEqual({ text: 'say "no" on status' });
  });

  test("headers that belong to the connection are left out", async () => {
    const receiver = await receive();
    const headers = {
      "Transfer-Encoding": "chunked",
      Connection: "x",
      "Content-Length": "1",
      Expect: "100-continue",
    };
    await hook({ url: receiver.url, headers });
    await deliver();

    await store.outbox.enqueue([failure()]);

    const [call] = await calls(receiver, 1);
    expect(JSON.parse(call?.body ?? "")).toMatchObject({ event: "AuthFailure" });
  });
});

describe("a failure", () => {
  test("is repeated with the same id until it succeeds", async () => {
    const receiver = await receive((response, _call, number) =>
      response.writeHead(number < 3 ? 500 : 200).end(),
    );
    await hook({ url: receiver.url });
    await deliver();

    await store.outbox.enqueue([failure()]);

    const received = await calls(receiver, 3);
    expect(new Set(received.map(({ headers }) => headers["x-gitway-delivery"])).size).toBe(1);
    expect(await entries("delivered")).toMatchObject([{ attempts: 3, status: 200, error: null }]);
  });

  test("is given up after the last attempt", async () => {
    const receiver = await receive((response) => response.writeHead(503).end());
    await hook({ url: receiver.url });
    await deliver({ schedule: { ...schedule, attempts: 2 } });

    await store.outbox.enqueue([failure()]);

    expect(await entries("failed")).toMatchObject([
      { attempts: 2, status: 503, error: "The receiver answered 503. Given up after attempt 2." },
    ]);
    expect(receiver.calls).toHaveLength(2);
  });

  test.each([400, 404, 410])("with %i is final", async (status) => {
    const receiver = await receive((response) => response.writeHead(status).end());
    await hook({ url: receiver.url });
    await deliver();

    await store.outbox.enqueue([failure()]);

    expect(await entries("failed")).toMatchObject([{ attempts: 1, status }]);
  });

  test("a redirect is not followed", async () => {
    const elsewhere = await receive();
    const receiver = await receive((response) => response.writeHead(307, { location: elsewhere.url }).end());
    await hook({ url: receiver.url });
    await deliver();

    await store.outbox.enqueue([failure()]);

    expect(await entries("failed")).toMatchObject([{ attempts: 1, status: 307 }]);
    expect(elsewhere.calls).toEqual([]);
  });

  test("no answer in time is one, and the log of deliveries says so", async () => {
    const receiver = await receive(() => {});
    await hook({ url: receiver.url, timeout: "30ms" });
    await deliver({ schedule: { ...schedule, attempts: 1 } });

    await store.outbox.enqueue([failure()]);

    expect(await entries("failed")).toMatchObject([
      { status: null, error: "The receiver gave no answer within 30 ms. Given up after attempt 1." },
    ]);
  });

  test("a receiver that is not there is tried again", async () => {
    const receiver = await receive();
    await receiver.close();
    await hook({ url: receiver.url });
    await deliver({ schedule: { ...schedule, first: 60_000, longest: 60_000 } });

    await store.outbox.enqueue([failure()]);

    expect(await entries("pending", 1)).toMatchObject([
      { attempts: 1, error: expect.stringContaining("ECONNREFUSED"), nextAttempt: expect.any(String) },
    ]);
  });

  test.each([
    ["an endless answer", "HTTP/1.1 200 OK\r\n\r\n", "x".repeat(65_536)],
    [
      "an answer that is announced to be large",
      "HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n",
      "x".repeat(65_536),
    ],
  ])("%s is none, and is not read to its end", async (_what, head, chunk) => {
    let sent = 0;
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => {
        socket.write(head);
        const write = () => {
          while (!socket.destroyed && socket.write(chunk)) sent += chunk.length;
        };
        socket.on("drain", write);
        write();
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    await hook({ url: `http://127.0.0.1:${port}/` });
    await deliver();

    await store.outbox.enqueue([failure()]);

    expect(await entries("delivered")).toMatchObject([{ status: 200 }]);
    expect(sent).toBeLessThan(20_000_000);
    server.close();
    await once(server, "close");
  });

  test("headers without end are one", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\n");
        socket.write(`x-a: ${"x".repeat(100_000)}\r\n\r\n`);
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    await hook({ url: `http://127.0.0.1:${port}/` });
    await deliver({ schedule: { ...schedule, attempts: 1 } });

    await store.outbox.enqueue([failure()]);

    expect(await entries("failed")).toMatchObject([
      { status: null, error: expect.stringContaining("Headers Overflow") },
    ]);
    server.close();
  });

  test.each([
    "http://169.254.169.254/latest",
    "http://2852039166/",
    "http://[fe80::1]/",
    "http://[::ffff:a9fe:a9fe]/",
  ])("an address that is denied is refused without a packet: %s", async (url) => {
    await hook({ url });
    await deliver();

    await store.outbox.enqueue([failure()]);

    expect(await entries("failed")).toMatchObject([
      { attempts: 1, status: null, error: "The webhook leads to an address that may not be reached." },
    ]);
  });
});

test("a receiver in a range that is denied by configuration is not called", async () => {
  const receiver = await receive();
  await hook({ url: receiver.url });
  await deliver({ targets: createTargetGuard({ allow: [], deny: ["127.0.0.0/8"] }) });

  await store.outbox.enqueue([failure()]);

  expect(await entries("failed")).toMatchObject([{ attempts: 1, status: null }]);
  expect(receiver.calls).toHaveLength(0);
});

describe("the same message", () => {
  test.each([
    ["1h", 1, 2],
    ["0s", 3, 0],
    [undefined, 3, 0],
  ])("within a window of %s is sent %i times", async (dedupe, sent, left) => {
    const receiver = await receive();
    // The template leaves out what differs.
    const spec = { url: receiver.url, template: "apis/a.txt", ...(dedupe === undefined ? {} : { dedupe }) };
    await hook(spec, "AuthFailure", { "apis/a.txt": "{{message}} at {{time}}" });
    await deliver();

    for (const path of ["/1", "/2", "/3"])
      await store.outbox.enqueue([failure({ path, time: `2026-01-01T00:00:0${path.slice(1)}.000Z` })]);

    await settled(3);
    expect(receiver.calls).toHaveLength(sent);
    const states = (await store.outbox.deliveries({ limit: 10 })).map(({ state }) => state);
    expect(states.filter((state) => state === "duplicate")).toHaveLength(left);
  });

  test("is sent again when the first one was not delivered after all", async () => {
    const receiver = await receive((response, _call, number) =>
      response.writeHead(number === 1 ? 400 : 200).end(),
    );
    await hook({ url: receiver.url, dedupe: "1h" });
    await deliver();

    await store.outbox.enqueue([failure()]);
    await entries("failed");
    await store.outbox.enqueue([failure()]);

    expect(await entries("delivered")).toHaveLength(1);
  });

  test("is sent again when the window is over", async () => {
    const receiver = await receive();
    await hook({ url: receiver.url, dedupe: "50ms" });
    await deliver();

    await vi.waitFor(
      async () => {
        await store.outbox.enqueue([failure()]);
        expect(receiver.calls.length).toBeGreaterThan(1);
      },
      { interval: 10, timeout: 5000 },
    );
  });
});

describe("several processes and webhooks", () => {
  test("two that deliver send nothing twice, and keep the order of a webhook", async () => {
    const receiver = await receive();
    await hook({ url: receiver.url });
    const other = await openStore({ databaseUrl: database.url }, { log: silentLog() });
    opened.push(other);
    await deliver();
    await deliver({ store: other });

    const paths = Array.from({ length: 60 }, (_, index) => `/${index}`);
    await store.outbox.enqueue(paths.slice(0, 30).map((path) => failure({ path })));
    await other.outbox.enqueue(paths.slice(30).map((path) => failure({ path })));

    await settled(60);
    expect(receiver.calls.map(({ body }) => (JSON.parse(body) as { path: string }).path)).toEqual(paths);
  });

  test("a receiver that hangs holds up no other", async () => {
    const hanging = await receive(() => {});
    const receiver = await receive();
    await apply([
      create(webhook({ name: "hanging", url: hanging.url })),
      create(webhook({ name: "audit", url: receiver.url })),
      create(
        definition({
          name: "status",
          spec: { events: ["hanging", "audit"].map((name) => ({ on: "AuthFailure", webhook: name })) },
        }),
      ),
    ]);
    await deliver();

    await store.outbox.enqueue(Array.from({ length: 10 }, (_, index) => failure({ path: `/${index}` })));

    await calls(receiver, 10);
    expect(hanging.calls).toHaveLength(1);
  });

  test("one message that a receiver can't take does not keep it from the others", async () => {
    const receiver = await receive((response, { body }) =>
      response.writeHead(body.includes("poison") ? 500 : 200).end(),
    );
    await hook({ url: receiver.url });
    await deliver({ schedule: { first: 60_000, longest: 60_000 } });

    await store.outbox.enqueue(["/poison", "/1", "/2"].map((path) => failure({ path })));

    expect(await entries("delivered", 2)).toHaveLength(2);
    expect(await entries("pending", 1)).toMatchObject([{ attempts: 1, status: 500 }]);
  });

  test("a receiver that is down is left alone ever longer, whatever waits for it", async () => {
    const at: number[] = [];
    const receiver = await receive((response) => {
      at.push(performance.now());
      response.writeHead(503).end();
    });
    await hook({ url: receiver.url });
    await deliver({
      schedule: { first: 60_000, longest: 60_000 },
      times: { firstPause: 100, longestPause: 400 },
    });

    await store.outbox.enqueue(Array.from({ length: 10 }, (_, index) => failure({ path: `/${index}` })));
    await calls(receiver, 4);

    const gaps = at.slice(1, 4).map((time, index) => time - (at[index] ?? 0));
    for (const [index, pause] of [100, 200, 400].entries()) expect(gaps[index]).toBeGreaterThan(pause - 5);
    expect(new Set(receiver.calls.map(({ body }) => body)).size).toBe(receiver.calls.length);
  });

  test("a receiver that asks for patience gets it, also with the next message", async () => {
    const at: number[] = [];
    const receiver = await receive((response, _call, number) => {
      at.push(performance.now());
      response.writeHead(number === 1 ? 429 : 200, { "retry-after": "1" }).end();
    });
    await hook({ url: receiver.url });
    await deliver({ schedule: { longest: 60_000 } });

    await store.outbox.enqueue([failure({ path: "/1" }), failure({ path: "/2" })]);

    expect(await entries("delivered", 2)).toHaveLength(2);
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThan(995);
  });

  test("a process that dies before it records an answer leaves its message to another", async () => {
    let kill = () => {};
    const receiver = await receive((response, _call, number) => {
      // The answer is on its way when the process dies.
      if (number === 1) kill();
      else response.writeHead(204).end();
    });
    await hook({ url: receiver.url });
    const script = fileURLToPath(new URL("../support/delivery-process.ts", import.meta.url));
    const child = spawn(process.execPath, ["--import", "tsx", script, database.url], { stdio: "inherit" });
    kill = () => void child.kill("SIGKILL");
    const ended = once(child, "exit");
    await store.outbox.enqueue([failure()]);

    await ended;
    await deliver();

    const received = await calls(receiver, 2);
    expect(received[1]?.headers["x-gitway-delivery"]).toBe(received[0]?.headers["x-gitway-delivery"]);
    expect(await entries("delivered")).toMatchObject([{ attempts: 2 }]);
  });

  test("what waits for a webhook that is removed is dropped, and counted", async () => {
    const receiver = await receive((response) => response.writeHead(503).end());
    await hook({ url: receiver.url });
    const ended = vi.fn<(outcome: string, count: number) => void>();
    const pending = vi.fn<(count: number) => void>();
    await deliver({ schedule: { first: 60_000, longest: 60_000 }, observe: { ended, pending } });
    await store.outbox.enqueue([failure()]);
    await calls(receiver, 1);

    await apply([remove(await named("status")), remove(await named("audit"))]);

    expect(await entries("dropped")).toMatchObject([{ error: "The webhook 'audit' is gone." }]);
    await vi.waitFor(() => expect(pending).toHaveBeenLastCalledWith(0));
    expect(ended.mock.calls).toEqual([
      ["retry", 1],
      ["dropped", 1],
    ]);
  });

  test("closing ends what hangs, and leaves it to the next start", async () => {
    const receiver = await receive(() => {});
    await hook({ url: receiver.url });
    const delivery = await deliver();
    await store.outbox.enqueue([failure()]);
    await calls(receiver, 1);

    await delivery.close();

    expect(await entries("pending", 1)).toMatchObject([
      { error: "Gitway ended before the receiver answered." },
    ]);
  });
});

test("the log names no URL, header or body", async () => {
  const lines: string[] = [];
  const write = vi.spyOn(process.stderr, "write").mockImplementation((line) => lines.push(String(line)) > 0);
  const receiver = await receive((response) => response.writeHead(400).end("echo: s3cret"));
  await hook({ url: `${receiver.url}/s3cret`, headers: { authorization: "Bearer s3cret" } });
  await deliver({ log: createLog({ level: "trace", format: "json" }) });

  await store.outbox.enqueue([failure({ message: "s3cret" })]);
  await entries("failed");
  write.mockRestore();

  expect(lines.join("")).toContain("An event was not delivered.");
  expect(lines.join("")).not.toContain("s3cret");
});

async function receive(...args: Parameters<typeof startReceiver>): Promise<Receiver> {
  const receiver = await startReceiver(...args);
  let closing: Promise<void> | undefined;
  const closeable = { ...receiver, close: () => (closing ??= receiver.close()) };
  opened.push(closeable);
  return closeable;
}

async function deliver(options: Partial<DeliveryOptions> = {}): Promise<Closeable> {
  const delivery = await startDelivery({
    store,
    targets: createTargetGuard(),
    log: silentLog(),
    ...options,
    schedule: { ...schedule, ...options.schedule },
    times: { ...times, ...options.times },
  });
  opened.unshift(delivery);
  return delivery;
}

/** The webhook `audit`, and the definition `status` that calls it. */
async function hook(
  spec: WebhookSpec,
  on: RequestEvent["on"] | "InformationEvent" = "AuthFailure",
  templates: Record<string, string> = {},
): Promise<void> {
  const texts = Object.entries(templates);
  const blobs = new Map(texts.map(([, text]) => [digestOf(text), Buffer.from(text)]));
  const files = Object.fromEntries(texts.map(([path, text]) => [path, digestOf(text)]));
  await apply(
    [
      create(webhook({ name: "audit", spec, files })),
      create(definition({ name: "status", spec: { events: [{ on, webhook: "audit" }] } })),
    ],
    blobs,
  );
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Waits until a receiver has this many calls. */
async function calls(receiver: Receiver, count: number) {
  await vi.waitFor(() => expect(receiver.calls.length).toBeGreaterThanOrEqual(count), 20_000);
  return receiver.calls;
}

/** Waits until entries of the log are in a state, and have an attempt behind them. */
async function entries(state: string, count = 1) {
  return vi.waitFor(async () => {
    const all = await store.outbox.deliveries({ limit: 1000 });
    const found = all.filter((each) => each.state === state && (each.attempts > 0 || state === "dropped"));
    expect(found.length).toBeGreaterThanOrEqual(count);
    return found;
  }, 20_000);
}

/** Waits until everything is over. */
async function settled(count: number): Promise<void> {
  await vi.waitFor(async () => {
    const all = await store.outbox.deliveries({ limit: 1000 });
    expect(all.reduce((sum, { finishedAt, duplicates }) => sum + (finishedAt ? 1 + duplicates : 0), 0)).toBe(
      count,
    );
  }, 20_000);
}

function failure(overrides: Partial<RequestEvent> = {}): RequestEvent {
  return {
    on: "AuthFailure",
    definitionId: uuid("ApiDefinition/status"),
    time: "2026-01-01T00:00:00.000Z",
    message: "The token is not accepted.",
    reason: null,
    path: "/api/custom/status",
    clientAddress: "10.0.0.1",
    tokenName: null,
    ...overrides,
  };
}

async function apply(changes: AttributedChange[], blobs = new Map<string, Buffer>()): Promise<void> {
  const { revision } = await store.current();
  await store.apply({ parentRevision: revision, commit: commitId("first"), origin: "test", changes, blobs });
}

async function named(name: string): Promise<StoredObject> {
  const object = (await store.current()).objects.find((object) => object.name === name);
  if (!object) throw new Error(`no object ${name}`);
  return object;
}
