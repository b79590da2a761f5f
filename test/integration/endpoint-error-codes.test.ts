import { Worker } from "node:worker_threads";

import { afterEach, describe, expect, test, vi } from "vitest";

import { endpointErrors, type EndpointErrorCode } from "../../src/endpoint/endpoint-error.ts";
import type { EndpointOptions } from "../../src/endpoint/endpoint.ts";
import type { ApiDefinitionSpec, ScriptAction } from "../../src/manifest/api-definition.generated.ts";
import { bearer, definition, feedOf, scripted, secret, serve, state, token } from "../support/serving.ts";
import { rawConnection, startRawUpstream } from "../support/upstream.ts";

type State = ReturnType<typeof state>;

/** What brings an error about: a state, and a request to it. */
interface Provocation {
  readonly state: State | Error | (() => Promise<State>);
  readonly request: string;
  readonly options?: Partial<EndpointOptions>;
  /** How often the same is asked before. */
  readonly before?: number;
  /** Whether the script workers are those of a program that says things of which this one does not know. */
  readonly isWorkerNewer?: boolean;
}

const workers = vi.hoisted(() => ({
  areNewer: false,
  newer: `import { parentPort } from "node:worker_threads";
    parentPort.on("message", () => parentPort.postMessage({ kind: "sonnet" }));
    parentPort.postMessage(null);`,
}));
vi.mock("../../src/worker.ts", async (original) => {
  const { startWorker } = await original<typeof import("../../src/worker.ts")>();
  const newer = new URL(`data:text/javascript,${encodeURIComponent(workers.newer)}`);
  const start: typeof startWorker = (module, options) =>
    workers.areNewer ? new Worker(newer, options) : startWorker(module, options);
  return { startWorker: start };
});

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close();
});

/** Every code that there is: one that nothing provokes does not compile. */
const provocations: Record<EndpointErrorCode, Provocation> = {
  1: { state: state([]), request: get("/api/custom", bearer) },
  3: api({ methods: ["POST"] }),
  5: { state: state([]), request: get("/it") },
  7: { state: new Error("the store is away"), request: get("/it") },
  8: { ...api({ expires: "2001-01-01" }), options: { emit: broken } },
  9: api({ action: { script: "answer.js" as never } }),
  10: script("export default () => ({})", { input: "parameters" }, "[]"),
  11: api({ action: { grpc: { service: "Encoders" } } as never }),
  12: script("export default () => { throw 1 }"),
  13: script("export default () => null"),
  15: script("export default 1"),
  16: script("export function run() {}", { input: "run", parameters: ["a"] }, "{}"),
  17: { ...script("export default () => ({ body: 'x'.repeat(11) })", {}, "", { responseBody: "10B" }) },
  1001: script("export default () => { for (;;); }", { timeout: "100ms" }),
  1002: script("export default () => ({ status: 99 })"),
  1003: {
    state: script("export default () => ({})").state,
    request: post("/it", "x", { "content-type": "image/png" }),
  },
  1005: { ...script("export default () => ({})"), isWorkerNewer: true },
  1006: {
    ...script("export default () => { const end = Date.now() + 2000; while (Date.now() < end); return {} }"),
    options: { scriptWorkers: 1, scriptQueue: 0 },
    before: 3,
  },
  1007: {
    state: script("export default () => ({})").state,
    request: `POST /it HTTP/1.1\r\n${head({ "content-type": "text/plain", "transfer-encoding": "chunked" })}\r\nno size`,
  },
  1008: api({ tokens: ["internal"], keyless: false }),
  1009: { state: api({ limits: { requestBody: "3B" } }).state, request: post("/it", "four") },
  1010: {
    state: api({ tokens: ["internal"] }).state,
    request: get("/it", { authorization: "Bearer wrong" }),
  },
  1011: { state: api({ limits: { query: "3B" } }).state, request: get("/it?four") },
  1012: script("export default () => ({ headers: { 'set-cookie': 'a=b' } })"),
  1013: script("export default () => ({ headers: { 'a b': 'c' } })"),
  1014: {
    state: state([definition("it", { listenPath: "/it", tokens: ["internal"] })], {
      tokens: [token("internal", { rateLimit: { limit: 1, window: "1h" } })],
    }),
    request: get("/it", { authorization: `Bearer ${secret}` }),
    before: 1,
  },
  2001: { ...api({}), request: get("/../it") },
  2002: { ...api({}), request: "GET /it HTTP/1.1\r\n", options: { times: { headers: 100 } } },
  2003: { ...api({}), request: get("/it", { a: "x".repeat(20_000) }) },
  2004: { ...api({}), request: handshake("/it") },
  2005: { ...api({}), request: post("/it", "", { "transfer-encoding": "gzip, chunked" }) },
  2006: { ...proxy("http://127.0.0.1:1"), request: handshake("/it"), options: { webSockets: 0 } },
  2007: api({ expires: "2001-01-01" }),
  2008: api({ ipAllowList: { addresses: [] } }),
  2009: proxy("http://169.254.169.254"),
  2010: proxy("http://127.0.0.1:1"),
  2011: proxied((socket) => socket.end("SSH-2.0\r\n")),
  2012: proxied(() => {}, "200ms"),
  2013: api({ versions: { location: "query", key: "v", entries: [{ name: "v1" }] } }),
  2014: {
    ...api({ versions: { location: "query", key: "v", entries: [{ name: "v1" }] } }),
    request: get("/it?v=x"),
  },
  2015: {
    ...api({ versions: { location: "query", key: "v", entries: [{ name: "v1", expires: "2001-01-01" }] } }),
    request: get("/it?v=v1"),
  },
  2016: api({ paths: { blocked: [{ path: "/" }] } }),
  2017: {
    state: state([definition("it", { listenPath: "/it", tokens: ["internal"] })], {
      tokens: [token("internal", { quota: { limit: 1, window: "1d" } })],
    }),
    request: get("/it", { authorization: `Bearer ${secret}` }),
    before: 1,
  },
  2018: { ...api({ rateLimit: { limit: 1, window: "1h" } }), before: 1 },
  2019: { ...api({}), request: get("/it", { expect: "tea" }) },
  2030: { ...api({ batch: { enabled: true } }), request: post("/it/tyk/batch", "x") },
  2031: { ...api({ batch: { enabled: true } }), request: post("/it/tyk/batch", '{"requests":[1]}') },
  2032: {
    ...api({ batch: { enabled: true, maxRequests: 1 } }),
    request: post("/it/tyk/batch", '{"requests":[1,2]}'),
  },
};

describe("the endpoint answers with", () => {
  test.each(Object.entries(provocations))(
    "error code %s",
    async (code, { state, request, options, before = 0, isWorkerNewer = false }) => {
      workers.areNewer = isWorkerNewer;
      const { status, detail } = endpointErrors[Number(code) as EndpointErrorCode];
      const given = typeof state === "function" ? await state() : state;
      const endpoint = await serve(feedOf(given), options);
      opened.push({ close: () => endpoint.closeNow() });
      if (!(given instanceof Error)) await vi.waitFor(() => expect(endpoint.servedRevision()).toBe(1));
      const earlier = Array.from({ length: before }, () => rawConnection(endpoint.url, request));
      opened.push({ close: async () => earlier.forEach(({ socket }) => socket.destroy()) });
      // Those that hold something hold it before the next one comes.
      if (code !== "1006") for (const { ended } of earlier) await ended;

      const { ended } = rawConnection(endpoint.url, request);

      const answers = code === "1006" ? [...earlier.map((one) => one.ended), ended] : [ended];
      const answer = (await Promise.all(answers)).find((text) => text.includes(`"errorCode":${code},`));
      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(answer).toContain(JSON.stringify(detail));
      const mayComeBack = status === 503 || status === 429 || code === "2017";
      expect(/^retry-after: \d+\r$/m.test(answer ?? "")).toBe(mayComeBack);
    },
  );
});

function api(spec: Partial<ApiDefinitionSpec>): Provocation {
  return { state: state([definition("it", { listenPath: "/it", ...spec })]), request: get("/it") };
}

function script(
  source: string,
  action: Partial<ScriptAction> = {},
  body = "",
  limits: ApiDefinitionSpec["limits"] = {},
): Provocation {
  const it = scripted("it", source, { listenPath: "/it", limits }, action);
  delete (it.definition.spec as { route?: string }).route;
  return { state: state([it]), request: post("/it", body, { "content-type": "application/json" }) };
}

function proxy(targetUrl: string, timeout = "30s") {
  const action = { proxy: { targetUrl, timeout } };
  return { state: state([definition("it", { listenPath: "/it", action })]), request: get("/it") };
}

function proxied(onSocket: Parameters<typeof startRawUpstream>[0], timeout?: string): Provocation {
  const start = async () => {
    const upstream = await startRawUpstream(onSocket);
    opened.push(upstream);
    return proxy(upstream.url, timeout).state;
  };
  return { state: start, request: get("/it") };
}

function get(path: string, headers: Record<string, string> = {}): string {
  return `GET ${path} HTTP/1.1\r\n${head(headers)}\r\n`;
}

function handshake(path: string): string {
  return get(path, { connection: "Upgrade", upgrade: "websocket" });
}

function post(path: string, body: string, headers: Record<string, string> = {}): string {
  const framed = headers["transfer-encoding"]
    ? headers
    : { ...headers, "content-length": String(body.length) };
  return `POST ${path} HTTP/1.1\r\n${head(framed)}\r\n${body}`;
}

function head(headers: Record<string, string>): string {
  return Object.entries({ host: "x", connection: "close", ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");
}

function broken(): never {
  throw new Error("a bug");
}
