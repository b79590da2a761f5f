import { Worker } from "node:worker_threads";

import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import type { Endpoint } from "../../src/endpoint/endpoint.ts";
import { errorCode, feedOf, scripted, serve, state } from "../support/serving.ts";

const feed = feedOf(state([]));
const lines: string[] = [];
let endpoint: Endpoint;
beforeAll(async () => {
  const log = pino({ level: "debug" }, { write: (line) => void lines.push(line) });
  endpoint = await serve(feed, { scriptWorkers: 2, scriptQueue: 4, log });
});
afterAll(() => endpoint.closeNow());

describe("a hostile script", () => {
  test.each([
    ["loops", "() => { while (true); }", 1001],
    [
      "loops whatever is thrown",
      "() => { for (;;) try { while (true); } catch {} finally { while (true); } }",
      1001,
    ],
    ["loops in promises", "async () => { const go = () => Promise.resolve().then(go); await go() }", 12],
    ["matches without end", "() => ({ body: /^(a+)+$/.test('a'.repeat(50) + 'b') })", 1001],
    ["loops in a getter of its answer", "() => ({ get status() { while (true); } })", 1001],
    ["loops in toJSON", "() => ({ body: { toJSON() { while (true); } } })", 1001],
    [
      "sorts a lot",
      "() => { const a = Array.from({ length: 1e5 }, (_, i) => -i); for (;;) a.sort(() => 1) }",
      1001,
    ],
    ["recurses", "() => { const f = () => f() + 1; f() }", 12],
    ["recurses through built-ins", "() => { const f = () => [1].map(f); f() }", 12],
    ["nests JSON", "() => JSON.parse('['.repeat(1e6))", 12],
    [
      "nests its answer",
      "() => { let o = {}; for (let i = 0; i < 1e5; i++) o = { o }; return { body: o } }",
      12,
    ],
    ["takes memory in objects", "() => { const a = []; for (;;) a.push({ a }) }", 12],
    ["takes memory in text", "() => { const a = []; for (;;) a.push('x'.repeat(1e5) + a.length) }", 12],
    ["takes memory in buffers", "() => { const a = []; for (;;) a.push(new ArrayBuffer(1e6)) }", 12],
    ["takes memory in one go", "() => ({ body: new Array(2e8).fill('x') })", 12],
    ["floods the queue of promises", "async () => { for (;;) Promise.resolve().then(() => {}) }", 12],
    ["chains promises without end", "async () => { for (;;) await null }", 1001],
    ["resolves a promise with itself", "async () => { const a = { then: (go) => go(a) }; return a }", 1001],
    ["loops where nobody looks", "() => ({ body: 'a'.repeat(4e6).indexOf('a'.repeat(2e6) + 'b') })", 1001],
    ["matches without end in another way", "() => ({ body: 'x'.repeat(40).replace(/(x+x+)+y/g, '') })", 1001],
    ["looks back without end", "() => ({ body: /(?=(a+))a*b\\1/.test('a'.repeat(50000)) })", 1001],
    ["loops in a proxy", "() => new Proxy({}, { get() { for (;;); } })", 1001],
    [
      "loops in the keys of its headers",
      "() => ({ headers: new Proxy({}, { ownKeys() { for (;;); } }) })",
      1001,
    ],
    ["loops in what it throws", "() => { throw new Proxy({}, { get() { for (;;); } }) }", 1001],
    [
      "loops in a finalizer",
      "() => { new FinalizationRegistry(() => { for (;;); }).register({}, 1); return { get body() { for (;;); } } }",
      1001,
    ],
    ["makes an endless list of bytes", "() => ({ bytes: new Array(4e9) })", 12],
    ["makes bytes out of its memory", "() => ({ bytes: new Uint8Array(2 ** 31) })", 12],
    ["makes endless headers", "() => ({ headers: { a: 'x'.repeat(5e6) } })", 13],
    ["throws a giant", "() => { throw new Error('x'.repeat(7e6)) }", 12],
    ["throws a wide one", "() => { throw new Array(1e6).fill({}) }", 12],
    ["throws a deep one", "() => { let o = {}; for (let i = 0; i < 1e5; i++) o = { o }; throw o }", 12],
    ["doubles text", "() => { let s = 'x'; for (;;) s += s }", 12],
    ["joins a hole", "() => ({ body: new Array(1e9).join('x') })", 12],
    ["pads text", "() => ({ body: ''.padEnd(2 ** 30 - 2, 'x') })", 12],
    ["compiles without end", "() => { for (let i = 0; ; i++) new Function('return ' + '['.repeat(i)) }", 12],
    ["loops at its top level", "() => {}; for (;;);", 1001],
    ["waits at its top level", "() => {}; await new Promise(() => {});", 12],
    ["makes huge text", "() => ({ body: 'x'.repeat(2 ** 29) })", 12],
    ["makes huge numbers", "() => ({ body: String(2n ** 100000000n) })", 12],
  ])("that %s is stopped, and the next one runs", async (_what, body, code) => {
    const bad = scripted("bad", `export default ${body}`, {}, { timeout: "800ms", memory: "16MiB" });
    const good = scripted("good", "export default () => ({ body: 'good' })");
    feed.set(state([bad, good]));
    await served();

    // It ends at all: the test's own time limit is the bound.
    const response = await fetch(`${endpoint.url}/api/custom/bad`);

    expect(response.status).toBe(500);
    // Which comes first, time or memory, is up to the machine.
    expect(code === 12 ? [12, 1001] : [code]).toContain(await errorCode(response));
    expect(await (await fetch(`${endpoint.url}/api/custom/good`)).text()).toBe("good");
  });

  test("that takes all memory leaves that of the process alone", async () => {
    const hog = "export default () => { const a = []; for (;;) a.push('x'.repeat(1e5) + a.length) }";
    const bad = scripted("bad", hog, {}, { memory: "16MiB", timeout: "5s" });
    const before = process.memoryUsage.rss();

    for (let index = 0; index < 10; index++) await (await call(bad, "bad")).text();

    expect(process.memoryUsage.rss() - before).toBeLessThan(200 * 1024 * 1024);
  });

  test("finds no way out", async () => {
    const source = `export default async (input) => {
      const outside = Function("return this")();
      const tried = {};
      for (const name of ["process", "require", "global", "fetch", "std", "os", "WebAssembly", "Worker", "setTimeout", "Deno", "postMessage", "gc"])
        tried[name] = typeof outside[name];
      tried.constructor = typeof input.constructor.constructor("return typeof process === 'undefined' ? undefined : process")();
      tried.log = typeof console.log.constructor("return typeof process === 'undefined' ? undefined : process")();
      tried.eval = typeof (0, eval)("typeof process === 'undefined' ? undefined : process");
      tried.caller = (() => { try { return typeof arguments.callee.caller } catch { return "undefined" } })();
      for (const name of ["node:fs", "fs", "std", "os", "./x.js", "file:///etc/passwd", "data:text/javascript,export default 1"])
        tried[name] = await import(name).then(() => "imported", () => "undefined");
      return { body: tried };
    }`;

    const answer = (await (await call(scripted("it", source), "it")).json()) as Record<string, string>;

    expect(new Set(Object.values(answer))).toEqual(new Set(["undefined"]));
  });

  test("can't import", async () => {
    await expectError(
      call(scripted("it", "import fs from 'node:fs'; export default () => ({})"), "it"),
      500,
      12,
    );
  });

  test("that breaks the built-ins harms only itself", async () => {
    const source = `JSON.stringify = JSON.parse = Reflect.apply = Array.isArray = () => { throw 1 };
      Object.defineProperty(Object.getPrototypeOf(Uint8Array.prototype), "buffer", { get: () => "evil" });
      globalThis.console = null; Array.prototype[Symbol.iterator] = null;
      export default ({ route }) => ({ headers: { "x-a": "1" }, bytes: new Uint8Array([route.length]) })`;

    const response = await call(scripted("it", source), "it");

    expect([response.status, await response.text()]).toEqual([200, "\u0002"]);
  });

  test("that prints without end is cut short", async () => {
    const it = scripted(
      "it",
      "export default () => { for (let i = 0; i < 1e4; i++) console.log('x'.repeat(1e4)); return {} }",
    );

    expect((await call(it, "it")).status).toBe(200);
  });

  test.each([
    [
      "adds to what all objects have",
      "Object.defineProperty(Object.prototype, 'rawBody', { set() { throw 1 }, get: () => 'evil' })",
    ],
    ["answers for JSON", "JSON.parse = () => ({}); String.prototype.slice = () => 'evil'"],
    ["answers for lists", "Array.prototype.map = Array.prototype.toJSON = () => 'evil'"],
    [
      "answers for numbers of a list",
      "Object.defineProperty(Array.prototype, 0, { get: () => 'evil', set() {} })",
    ],
    ["answers for promises", "Promise.prototype.then = () => { throw 1 }; Promise.resolve = null"],
    ["takes the console away", "console.log = null; globalThis.console = undefined"],
  ])("that %s gets its input all the same", async (_what, trick) => {
    const source = `${trick}; export default ({ route, rawBody, method }) => ({ body: route + "|" + rawBody + "|" + method })`;

    const response = await call(scripted("it", source), "it", {
      method: "POST",
      body: "text",
      headers: { "content-type": "text/plain" },
    });

    expect(await response.text()).toBe("it|text|POST");
  });

  test("that is handed names of the language takes no harm", async () => {
    const source = "export default (input) => ({ body: { ...input, clean: ({}).polluted === undefined } })";
    const it = scripted("it", source, { route: "it/{__proto__}" }, { input: "parameters" });

    const response = await call(it, "it/x?__proto__=1&constructor=2", {
      method: "POST",
      body: '{"__proto__":"a","constructor":"b","polluted":"c"}',
      headers: { "content-type": "application/json", constructor: "d" },
    });

    expect(await response.json()).toMatchObject({
      clean: true,
      parameters: { constructor: "b", polluted: "c" },
    });
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
  });

  test("whose answer changes while it is read is taken as it was first", async () => {
    const source = `export default () => {
      let reads = 0;
      return { get status() { return reads++ ? "x" : 201 }, headers: { get "x-a"() { return reads++ > 1 ? {} : "1" } }, body: "b" };
    }`;

    const response = await call(scripted("it", source), "it");

    expect([response.status, response.headers.get("x-a"), await response.text()]).toEqual([201, "1", "b"]);
  });

  test("whose answer has odd names sets no more than headers", async () => {
    const source =
      'export default () => JSON.parse(\'{"headers":{"__proto__":"1","constructor":"2"},"__proto__":{"status":418}}\')';

    const response = await call(scripted("it", source), "it");

    expect([response.status, response.headers.get("constructor"), response.headers.get("__proto__")]).toEqual(
      [200, "2", "1"],
    );
  });

  test.each([
    ["16MiB", 12],
    ["64MiB", 200],
  ])("has the memory that its definition says: %s", async (memory, expected) => {
    const source =
      "export default () => { const a = []; for (let i = 0; i < 300; i++) a.push(new Uint8Array(1e5).fill(i)); return {} }";

    const response = await call(scripted("it", source, {}, { memory }), "it");

    expect(response.ok ? 200 : await errorCode(response)).toBe(expected);
  });

  test("that takes its thread along is one failed call", async () => {
    const it = scripted("it", "export default () => ({ body: 'fine' })");
    const post = vi.spyOn(Worker.prototype, "postMessage");
    post.mockImplementationOnce(function (this: Worker) {
      void this.terminate();
    });

    await expectError(call(it, "it"), 500, 1001);
    post.mockRestore();

    expect(await (await fetch(`${endpoint.url}/api/custom/it`)).text()).toBe("fine");
  });

  test("says in the log, and nowhere else, what went wrong and where", async () => {
    lines.length = 0;
    const source =
      "function inner() {\n  throw new TypeError('the detail');\n}\nexport default () => inner();";

    const answer = await (await call(scripted("it", source), "it")).text();

    expect(answer).not.toMatch(/the detail|TypeError|scripts/);
    expect(lines.join("")).toContain("TypeError: the detail (scripts/it.js:2:");
  });
});

test("how many scripts run at once is in the log from the start", async () => {
  const said: string[] = [];
  const log = pino({ level: "info" }, { write: (line) => void said.push(line) });
  const other = await serve(state([]), { scriptWorkers: 3, scriptQueue: 5, log });
  await other.close();

  expect(said.map((line) => JSON.parse(line) as unknown)).toContainEqual(
    expect.objectContaining({ scriptWorkers: 3, scriptQueue: 5 }),
  );
});

type Script = ReturnType<typeof scripted>;

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

async function expectError(response: Promise<Response>, status: number, code: number): Promise<void> {
  const answer = await response;
  expect([answer.status, await errorCode(answer)]).toEqual([status, code]);
}
