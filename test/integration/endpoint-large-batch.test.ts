import { Worker } from "node:worker_threads";

import { afterEach, expect, test, vi } from "vitest";

import { createBatchReader } from "../../src/endpoint/batch/batch-reader.ts";
import type { Endpoint } from "../../src/endpoint/endpoint.ts";
import { silentLog } from "../../src/log.ts";
import { definition, errorCode, serve, state } from "../support/serving.ts";
import { rawConnection, startEcho, startUpstream, type Upstream } from "../support/upstream.ts";

interface Unit {
  readonly relative_url: string;
  readonly code: number;
  readonly body: string;
}

const MiB = 1024 * 1024;
const batch = { enabled: true, maxRequests: 2000 };
/** Far above what is dealt with at once, and far below a large batch. */
const muchText = MiB;

let endpoint: Endpoint;
let upstream: Upstream | null = null;
let over: () => void;
let isOver: Promise<void>;
afterEach(async () => {
  vi.restoreAllMocks();
  await endpoint.closeNow();
  await upstream?.close();
  upstream = null;
});

test("a large batch is read and answered like a small one", async () => {
  upstream = await startEcho();
  await start(upstream);
  const requests = ["é€😀\n", '"', "x"].map((text, index) => ({
    method: "POST",
    relative_url: `${index}?q=%C3%A9`,
    headers: { "x-own": String(index) },
    body: text.repeat(100_000),
  }));

  const units = (await (await post({ requests })).json()) as Unit[];

  expect(units.map(({ relative_url, code }) => [relative_url, code])).toEqual(
    requests.map(({ relative_url }) => [relative_url, 200]),
  );
  for (const [index, { body }] of units.entries())
    expect(JSON.parse(body)).toMatchObject({
      url: `/${index}?q=%C3%A9`,
      body: requests[index]?.body,
      headers: { "x-own": String(index) },
    });
});

test.each<[string, string, number]>([
  ["that is no JSON", "", 2030],
  ["with one request that can't be made", JSON.stringify({ requests: [{}], fill: "x".repeat(MiB) }), 2031],
  [
    "of too many requests",
    JSON.stringify({ requests: Array.from({ length: 2001 }, () => "x".repeat(99)) }),
    2032,
  ],
])("a large batch %s is refused", async (_what, text, code) => {
  await start(null);

  const response = await post(text.padStart(100_000, text === "" ? "[" : " "));

  expect([response.status, await errorCode(response)]).toEqual([400, code]);
});

test("the thread that serves makes nothing large of a large batch at once", async () => {
  upstream = await startUpstream((request, response) => {
    request.resume().once("end", () => response.end('é"'.repeat(4 * MiB)));
  });
  await start(upstream);
  const body = JSON.stringify({
    requests: [{ method: "POST", relative_url: "x", body: "y".repeat(7 * MiB) }],
  });
  const spies = [
    vi.spyOn(JSON, "parse"),
    vi.spyOn(JSON, "stringify"),
    vi.spyOn(Buffer.prototype, "toString"),
  ];

  const text = await (await post(body)).text();
  const sizes = spies.flatMap(({ mock }) => [
    ...mock.calls.map(([given]) => (typeof given === "string" ? given.length : 0)),
    ...mock.results.map(({ value }) => (typeof value === "string" ? value.length : 0)),
  ]);
  vi.restoreAllMocks();

  expect((JSON.parse(text) as Unit[])[0]?.body).toBe('é"'.repeat(4 * MiB));
  expect(Math.max(...sizes)).toBeLessThan(muchText);
});

test("others get their turn between the requests of a batch that wait for nobody", async () => {
  await start(null);
  let turns = 0;
  let counting = setImmediate(function count() {
    turns++;
    counting = setImmediate(count);
  });

  const response = await post({ requests: Array.from({ length: 1000 }, () => ({ relative_url: "" })) });
  clearImmediate(counting);

  expect(((await response.json()) as Unit[]).every(({ code }) => code === 200)).toBe(true);
  expect(turns).toBeGreaterThan(100);
});

test("a batch that is read when the endpoint closes is refused, and the next has a thread again", async () => {
  await start(null);
  const reader = createBatchReader(silentLog());
  const body = () => Buffer.from(JSON.stringify({ requests: [], fill: "x".repeat(100_000) }));

  const reading = reader.read(body(), "", 1);
  await reader.close();

  expect(await reading).toMatchObject({ code: 8 });
  expect(await reader.read(body(), "", 1)).toMatchObject({ inTurn: false });
  await reader.close();
});

test("a batch whose caller goes away while it is read is not made", async () => {
  upstream = await startEcho();
  await start(upstream);
  const large = (relative_url: string) =>
    JSON.stringify({ requests: [{ relative_url }], fill: "x".repeat(100_000) });
  const text = large("gone");
  const head = `POST /it/tyk/batch HTTP/1.1\r\nhost: a\r\ncontent-length: ${text.length}\r\n\r\n`;
  const handOver = vi.spyOn(Worker.prototype, "postMessage");
  const isRead = new Promise<void>((resolve) => {
    handOver.mockImplementationOnce(function (this: Worker, ...order) {
      this.once("message", () => resolve());
      socket.destroy();
      void isOver.then(() => this.postMessage(...order));
    });
  });

  const { socket } = rawConnection(endpoint.url, head + text);
  await isRead;
  await (await post(large("there"))).text();

  expect(upstream.requests.map(({ url }) => url)).toEqual(["/there"]);
});

async function start(target: Upstream | null): Promise<void> {
  const action = target ? { proxy: { targetUrl: target.url } } : { reply: { body: "it" } };
  const from = state([definition("it", { listenPath: "/it", batch, action })]);
  isOver = new Promise((resolve) => (over = resolve));
  endpoint = await serve(from, { observe: () => over() });
}

async function post(body: object | string): Promise<Response> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return await fetch(`${endpoint.url}/it/tyk/batch`, { method: "POST", body: text });
}
