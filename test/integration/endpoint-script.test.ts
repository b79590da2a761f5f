import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import type { Endpoint } from "../../src/endpoint/endpoint.ts";
import { bearer, definition, errorCode, feedOf, scripted, secret, serve, state } from "../support/serving.ts";

type Script = ReturnType<typeof scripted>;

const feed = feedOf(state([]));
let endpoint: Endpoint;
beforeAll(async () => {
  endpoint = await serve(feed, { scriptWorkers: 2, scriptQueue: 4 });
});
afterAll(() => endpoint.closeNow());

describe("a script", () => {
  test("gets the request and answers it", async () => {
    const it = scripted("it", "export default (input) => ({ body: input })", {
      route: "echo/{id}",
      tokens: ["internal"],
    });

    const response = await call(it, "echo/A%20b?x=1&x=2&Y=%20", {
      method: "POST",
      body: '{"a":1}',
      headers: { ...bearer, "content-type": "application/json", cookie: "a=b", "x-Custom": "yes" },
    });

    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toEqual({
      method: "POST",
      route: "echo/A%20b",
      path: "/",
      rawBody: '{"a":1}',
      parameters: {},
      query: { x: ["1", "2"], Y: [" "] },
      routeParameters: { id: "A%20b" },
      headers: expect.objectContaining({ "x-custom": "yes", "content-type": "application/json" }),
      clientAddress: "127.0.0.1",
      tokenId: expect.stringMatching(/^0000/),
      tokenName: "internal",
    });
  });

  test("never sees what callers sign in with", async () => {
    const authentication = { header: "X-Key", queryParameter: "key", cookie: "key" };
    const it = scripted("it", "export default (input) => ({ body: input })", {
      listenPath: "/it",
      route: undefined as never,
      tokens: ["internal"],
      authentication,
    });

    const response = await call(it, `../../it/a/b?key=${secret}&z=1`, {
      headers: { ...bearer, "x-key": secret, cookie: `key=${secret}`, "proxy-authorization": secret },
    });
    const text = await response.text();

    expect(text).not.toContain(secret);
    expect(JSON.parse(text)).toMatchObject({ route: "a/b", query: { z: ["1"] } });
  });

  test.each([
    [
      "status, headers and text",
      "{ status: 202, headers: { 'Content-Type': 'text/xml', 'x-a': ['1', '2'] }, body: '<é/>' }",
      202,
      "text/xml",
      "<é/>",
    ],
    ["JSON", "{ body: [1, 'ü', null] }", 200, "application/json", '[1,"ü",null]'],
    ["bytes", "{ bytes: new Uint8Array([104, 105]) }", 200, "application/octet-stream", "hi"],
    [
      "a part of bytes",
      "{ bytes: new Uint8Array([0, 104, 105, 0]).subarray(1, 3) }",
      200,
      "application/octet-stream",
      "hi",
    ],
    ["a list of bytes", "{ bytes: [104, 105], body: 'no' }", 200, "application/octet-stream", "hi"],
    ["no bytes", "{ bytes: [] }", 200, null, ""],
    ["nothing else", "{}", 200, null, ""],
    ["a promise", "Promise.resolve().then(async () => ({ status: 201 }))", 201, null, ""],
    ["no content", "{ status: 204, body: 'x' }", 204, "application/json", ""],
  ])("may return %s", async (_what, output, status, type, body) => {
    const response = await call(scripted("it", `export default () => (${output})`), "it");

    expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([
      status,
      type,
      body,
    ]);
  });

  test("may be async, wait at its top level, and print", async () => {
    const source =
      "const a = await Promise.resolve(1); console.log('hi', { a }); export default async () => ({ body: String(a) })";

    expect(await (await call(scripted("it", source), "it")).text()).toBe("1");
  });

  test("starts afresh in every call", async () => {
    const source =
      "globalThis.n = (globalThis.n ?? 0) + 1; Object.prototype.n = 1; let m = 0; export default () => ({ body: `${n} ${++m}` })";
    const it = scripted("it", source);

    const answers = [];
    for (let index = 0; index < 6; index++) answers.push(await (await call(it, "it")).text());

    expect(new Set(answers)).toEqual(new Set(["1 1"]));
  });
});

describe("a script's request", () => {
  const it = scripted("it", "export default ({ rawBody }) => ({ body: rawBody })");

  test.each(["GET", "PUT", "POST", "DELETE", "PATCH"])("may be a %s", async (method) => {
    expect((await call(it, "it", { method })).status).toBe(200);
  });

  test.each(["HEAD", "OPTIONS", "PROPFIND"])("may not be a %s", async (method) => {
    const response = await call(it, "it", { method });

    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, PUT, POST, DELETE, PATCH");
  });

  test.each([
    "application/json",
    "application/xml",
    "text/xml",
    "text/plain",
    "Text/Plain; charset=UTF-8",
    'text/plain;charset="utf-8"',
  ])("may be %s", async (type) => {
    const response = await call(it, "it", { method: "POST", body: "é", headers: { "content-type": type } });

    expect(await response.text()).toBe("é");
  });

  test.each([
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "application/octet-stream",
    "text/html",
    "text/plain; charset=iso-8859-1",
    "x",
  ])("may not be %s", async (type) => {
    await expectError(
      call(it, "it", { method: "POST", body: "x", headers: { "content-type": type } }),
      415,
      1003,
    );
  });

  test("may not be compressed", async () => {
    const headers = { "content-type": "text/plain", "content-encoding": "gzip" };

    await expectError(call(it, "it", { method: "POST", body: "x", headers }), 415, 1003);
  });

  test.each(["raw", "parameters", "run"] as const)(
    "may not be other than UTF-8 with input %s",
    async (input) => {
      const any = scripted("it", "export const run = () => {}; export default () => ({});", {}, { input });
      const body = new Uint8Array([0x22, 0xe9, 0x22]);
      const headers = { "content-type": "text/plain" };

      await expectError(call(any, "it", { method: "POST", body, headers }), 415, 1003);
    },
  );

  test("needs a content type when it has a body", async () => {
    const body = new Blob(["x"]);

    await expectError(call(it, "it", { method: "POST", body }), 415, 1003);
  });

  test("may have a query of 2 KiB and no more", async () => {
    expect((await call(it, `it?${"q".repeat(2048)}`)).status).toBe(200);
    await expectError(call(it, `it?${"q".repeat(2049)}`), 414, 1011);
  });

  test("may have a body of 29 MiB and no more", async () => {
    const large = scripted("it", "export default ({ rawBody }) => ({ body: String(rawBody.length) })");
    const headers = { "content-type": "text/plain" };

    const fits = await call(large, "it", { method: "POST", body: "x".repeat(29 * 1024 * 1024), headers });
    const beyond = call(large, "it", { method: "POST", body: "x".repeat(29 * 1024 * 1024 + 1), headers });

    expect(await fits.text()).toBe(String(29 * 1024 * 1024));
    await expectError(beyond, 413, 1009);
  });

  test("may have a large body beyond ASCII", async () => {
    const large = scripted("it", "export default ({ rawBody }) => ({ body: String(rawBody.length) })");
    const body = "\u{1f600}é".repeat(2 * 1024 * 1024);

    const response = await call(large, "it", {
      method: "POST",
      body,
      headers: { "content-type": "text/plain" },
    });

    expect(await response.text()).toBe(String(body.length));
  });

  test("may have the body that the definition allows, also when it does not say how long it is", async () => {
    const limited = scripted("it", "export default () => ({})", { limits: { requestBody: "10B" } });
    const init = { method: "POST", headers: { "content-type": "text/plain" }, duplex: "half" as const };

    expect((await call(limited, "it", { ...init, body: streamOf("12345", "67890") })).status).toBe(200);
    await expectError(call(limited, "it", { ...init, body: streamOf("12345", "678901") }), 413, 1009);
  });
});

describe("parameters", () => {
  const echo = "export default ({ parameters }) => ({ body: parameters })";
  const json = { "content-type": "application/json" };

  test("are strings, numbers and booleans as text", async () => {
    const it = scripted("it", echo, {}, { input: "parameters" });
    const body = '{"a":"x","b":1.5,"c":true,"__proto__":"p"}';

    const response = await call(it, "it", { method: "POST", body, headers: json });

    expect(await response.text()).toBe('{"a":"x","b":"1.5","c":"true","__proto__":"p"}');
  });

  test.each(["", "x", "[]", "null", '"a"', '{"a":{}}', '{"a":[]}', '{"a":null}', '{"a":1'])(
    "are not in '%s'",
    async (body) => {
      const it = scripted("it", echo, {}, { input: "parameters" });

      await expectError(call(it, "it", { method: "POST", body, headers: json }), 400, 10);
    },
  );

  test.each(["parameters", "run"] as const)(
    "are never read by the thread that serves, however large they are: %s",
    async (input) => {
      const source =
        "export default ({ parameters, rawBody }) => ({ body: [parameters.a.length, rawBody.length] }); export function run({ a }) { if (a.length < 1e7) throw 1 }";
      const it = scripted("it", source, {}, { input, parameters: ["a"] });
      const init = { method: "POST", headers: json };
      const length = 28_000_000;
      const read = vi.spyOn(JSON, "parse");

      const large = await call(it, "it", { ...init, body: `{"a":"${"x".repeat(length)}"}` });
      const broken = await call(it, "it", { ...init, body: `{"a":"${"x".repeat(length)}` });
      const longest = Math.max(0, ...read.mock.calls.map(([text]) => text.length));
      read.mockRestore();

      expect([large.status, broken.status]).toEqual([200, 400]);
      if (input === "parameters") expect(await large.json()).toEqual([length, length + 8]);
      expect(longest).toBeLessThan(10_000);
    },
  );

  test("are all that a run gets, and its answer is empty", async () => {
    const source =
      'export function run(parameters) { if (JSON.stringify(parameters) !== \'{"a":"1","b":"2"}\') throw 1; return { status: 500 } }';
    const it = scripted("it", source, {}, { input: "run", parameters: ["a", "b"] });

    const response = await call(it, "it", { method: "POST", body: '{"a":1,"b":"2"}', headers: json });

    expect([response.status, await response.text()]).toEqual([200, ""]);
  });

  test("that a run lacks are named", async () => {
    const it = scripted(
      "it",
      "export function run() {}",
      {},
      { input: "run", parameters: ["a", "b", "toString"] },
    );

    const response = await call(it, "it", { method: "POST", body: '{"b":"2"}', headers: json });

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      errors: [{ errorCode: 16, missingScriptParameters: ["a", "toString"] }],
    });
  });

  test("may be missing when a run declares none", async () => {
    const it = scripted("it", "export function run() {}", {}, { input: "run" });

    expect((await call(it, "it", { method: "POST" })).status).toBe(200);
  });
});

describe("a script's answer is refused", () => {
  test.each([
    ["it throws", "() => { throw new Error('secret detail') }", 12],
    ["it throws something odd", "() => { throw { toString() { throw 1 } } }", 12],
    ["it throws a getter", "() => { throw { get message() { while (true); } } }", 1001],
    ["its promise is rejected", "async () => { throw new Error('secret detail') }", 12],
    ["its promise is never settled", "() => new Promise(() => {})", 12],
    ["it returns nothing", "() => {}", 13],
    ["it returns null", "() => null", 13],
    ["it returns text", "() => 'x'", 13],
    ["it returns a function", "() => () => 1", 13],
    ["it returns a function as its body", "() => ({ body: () => 1 })", 13],
    ["it returns a circle as its body", "() => { const a = {}; a.a = a; return { body: a } }", 12],
    ["it returns no bytes", "() => ({ bytes: 'x' })", 13],
    ["it returns numbers that are no bytes", "() => ({ bytes: [1, 256] })", 13],
    ["its status is text", "() => ({ status: '200' })", 1002],
    ["its status is broken", "() => ({ status: 200.5 })", 1002],
    ["its status is too small", "() => ({ status: 100 })", 1002],
    ["its status is too large", "() => ({ status: 600 })", 1002],
    ["its status is null", "() => ({ status: NaN })", 1002],
    ["it sets a cookie", "() => ({ headers: { 'Set-Cookie': 'a=b' } })", 1012],
    ["it sets the length", "() => ({ headers: { 'content-length': '0' } })", 1012],
    ["it opens CORS", "() => ({ headers: { 'access-control-allow-origin': '*' } })", 1012],
    ["a header has a line break", "() => ({ headers: { 'x-a': 'b\\r\\nset-cookie: a=b' } })", 1013],
    ["a header has a NUL", "() => ({ headers: { 'x-a': 'b\\u0000' } })", 1013],
    ["a header has an odd character", "() => ({ headers: { 'x-a': '\\u{1f600}' } })", 1013],
    ["a header's name has a space", "() => ({ headers: { 'x a': 'b' } })", 1013],
    ["a header's name has a line break", "() => ({ headers: { 'x\\r\\nset-cookie: a=b; x': 'b' } })", 1013],
    ["a header has no name", "() => ({ headers: { '': 'b' } })", 1013],
    ["a header is an object", "() => ({ headers: { 'x-a': {} } })", 1013],
    ["a header is null", "() => ({ headers: { 'x-a': null } })", 1013],
    ["headers are text", "() => ({ headers: 'x' })", 1013],
    ["headers are a list", "() => ({ headers: ['x: y'] })", 1013],
    ["there are too many headers", "() => ({ headers: { 'x-a': Array(9999).fill('0123456789') } })", 1013],
  ])("when %s", async (_what, body, code) => {
    const response = await call(scripted("it", `export default ${body}`, {}, { timeout: "500ms" }), "it");

    expect(response.headers.get("set-cookie")).toBeNull();
    const text = await response.text();
    expect(text).not.toContain("secret detail");
    expect(JSON.parse(text)).toMatchObject({ errors: [{ errorCode: code }] });
    expect(response.status).toBe(500);
  });

  test("when it is beyond the limit", async () => {
    const answer = "export default () => ({ body: 'é'.repeat(1000) })";

    expect((await call(scripted("it", answer, { limits: { responseBody: "2000B" } }), "it")).status).toBe(
      200,
    );
    await expectError(call(scripted("it", answer, { limits: { responseBody: "1999B" } }), "it"), 500, 17);
    await expectError(call(scripted("it", answer, { limits: { responseBody: "100B" } }), "it"), 500, 17);
  });

  test("when it is beyond 29 MiB", async () => {
    const size = 29 * 1024 * 1024;
    const of = (length: number) =>
      scripted("it", `export default () => ({ bytes: new Uint8Array(${length}) })`, {}, { memory: "128MiB" });

    expect((await (await call(of(size), "it")).arrayBuffer()).byteLength).toBe(size);
    await expectError(call(of(size + 1), "it"), 500, 17);
  });

  test("when the file is not in the store", async () => {
    feed.set(state([definition("it", { route: "it", action: { script: { file: "x.js" } } })]));

    await expectError(fetch(`${endpoint.url}/api/custom/it`), 500, 15);
  });

  test.each(["export const x = 1", "export default 5", ""])(
    "when it exports no function: '%s'",
    async (source) => {
      await expectError(call(scripted("it", source), "it"), 500, 15);
    },
  );
});

describe("when all workers are busy", () => {
  test("calls wait in turn up to the limit, and the next is told at once", async () => {
    const slow = scripted(
      "slow",
      "export default () => { const end = Date.now() + 400; while (Date.now() < end); return {} }",
    );
    feed.set(state([slow]));
    await served();

    const statuses = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const response = await fetch(`${endpoint.url}/api/custom/slow`);
        return response.ok ? 200 : await errorCode(response);
      }),
    );

    expect(statuses.filter((status) => status === 200)).toHaveLength(6);
    expect(statuses.filter((status) => status === 1006)).toHaveLength(4);
  });

  test("another script does not wait for one that takes all workers and the whole queue", async () => {
    const slow = scripted("slow", busyFor(1500));
    const fine = scripted("fine", "export default () => ({ body: 'fine' })");
    feed.set(state([slow, fine]));
    await served();
    let ended = 0;
    const slowCalls = Array.from({ length: 6 }, () =>
      fetch(`${endpoint.url}/api/custom/slow`).then(() => ended++),
    );
    await vi.waitFor(async () => expect(await probe()).toBe("refused"));

    const response = await fetch(`${endpoint.url}/api/custom/fine`);

    expect([response.status, await response.text()]).toEqual([200, "fine"]);
    expect(ended).toBeLessThan(6);
    await Promise.all(slowCalls);
  });

  test("a caller who leaves gives up the place in the queue", async () => {
    const slow = scripted("slow", busyFor(2000));
    feed.set(state([slow]));
    await served();
    const leaving = new AbortController();
    const busy = Array.from({ length: 2 }, () => fetch(`${endpoint.url}/api/custom/slow`));
    const left = Array.from({ length: 4 }, () =>
      fetch(`${endpoint.url}/api/custom/slow`, { signal: leaving.signal }),
    );
    const outcomes = Promise.allSettled(left);
    await vi.waitFor(async () => expect(await probe()).toBe("refused"));

    leaving.abort();
    await outcomes;

    await vi.waitFor(async () => expect(await probe()).toBe("waits"));
    await Promise.all(busy);
  });
});

/** Whether one more call is refused at once. */
async function probe(): Promise<"refused" | "waits"> {
  const signal = AbortSignal.timeout(150);
  return await fetch(`${endpoint.url}/api/custom/slow`, { signal }).then(
    () => "refused",
    () => "waits",
  );
}

function busyFor(milliseconds: number): string {
  return `export default () => { const end = Date.now() + ${milliseconds}; while (Date.now() < end); return {} }`;
}

async function call(script: Script, path: string, init?: RequestInit): Promise<Response> {
  feed.set(state([script]));
  await served();
  return await fetch(`${endpoint.url}/api/custom/${path}`, init);
}

let revision = 1;

/** Waits until the state that was set last is served. */
async function served(): Promise<void> {
  const current = await feed.serving();
  feed.set({ ...current, revision: ++revision });
  await vi.waitFor(() => expect(endpoint.servedRevision()).toBe(revision));
}

async function expectError(
  response: Response | Promise<Response>,
  status: number,
  code: number,
): Promise<void> {
  const answer = await response;
  expect([answer.status, await errorCode(answer)]).toEqual([status, code]);
}

function streamOf(...chunks: string[]): ReadableStream {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
      controller.close();
    },
  });
}
