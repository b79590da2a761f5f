import { pino } from "pino";
import { afterEach, describe, expect, test } from "vitest";

import type { Endpoint } from "../../src/endpoint/endpoint.ts";
import type { ApiDefinitionSpec } from "../../src/manifest/api-definition.generated.ts";
import { bearer, errorCode, scripted, secret, serve, state, withMiddleware } from "../support/serving.ts";
import { rawConnection, startEcho, type Upstream } from "../support/upstream.ts";

let endpoint: Endpoint;
const upstreams: Upstream[] = [];
afterEach(async () => {
  await endpoint.closeNow();
  for (const upstream of upstreams.splice(0)) await upstream.close();
});

describe("middleware sees", () => {
  test("the call, and after the token also whose it is", async () => {
    const show = "export default (request, context) => ({ reply: { body: [request, context] } })";
    const spec: Partial<ApiDefinitionSpec> = {
      listenPath: "/it/{id}",
      tokens: ["internal"],
      authentication: { queryParameter: "key" },
      versions: { location: "path", entries: [{ name: "v1" }] },
    };
    const url = `/it/7/v1/a%20b?x=1&x=2&key=${secret}`;
    const init = { method: "POST", body: "x", headers: { ...bearer, "X-Custom": "yes", cookie: "a=b" } };

    await start(withMiddleware(spec, { pre: [show] }));
    const before = await text(url, init);
    await endpoint.closeNow();
    await start(withMiddleware(spec, { post: [show] }));
    const after = await text(url, init);

    const request = {
      method: "POST",
      path: "/a%20b",
      routeParameters: { id: "7" },
      query: { x: ["1", "2"] },
      headers: expect.objectContaining({ "x-custom": "yes" }),
    };
    const context = { definition: "it", version: "v1", clientAddress: "127.0.0.1" };
    expect(JSON.parse(before)).toEqual([request, { ...context, tokenId: null, tokenName: null }]);
    expect(JSON.parse(after)).toEqual([
      request,
      { ...context, tokenId: expect.stringMatching(/^0000/), tokenName: "internal" },
    ]);
    expect(before + after).not.toContain(secret);
    expect(Object.keys((JSON.parse(after) as [{ headers: object }])[0].headers)).not.toContain("cookie");
  });

  test("what the one before it changed", async () => {
    const first =
      "export default () => ({ setHeaders: { 'X-A': ['1', '2'] }, removeHeaders: ['x-B'], setQuery: { q: 'new' }, path: '/moved/' })";
    const second =
      "export default ({ headers, query, path }) => ({ reply: { body: [headers['x-a'], headers['x-b'] ?? null, query, path] } })";
    await start(withMiddleware({ listenPath: "/it" }, { pre: [first], post: [second] }));

    const answer = await text("/it/was?q=old&r=1", { headers: { "x-a": "0", "x-b": "0" } });

    expect(JSON.parse(answer)).toEqual(["1, 2", null, { r: ["1"], q: ["new"] }, "/moved/"]);
  });
});

describe("what middleware changes", () => {
  const change = `export default () => ({
    setHeaders: { authorization: "Basic dTpw", "x-set": ["1", "2"] },
    removeHeaders: ["X-Gone"],
    setQuery: { a: "x y&z", b: ["1", "2"] },
    removeQuery: ["c", "a b"],
    path: "/new/path",
  })`;

  test.each(["pre", "post"] as const)("in %s reaches the upstream", async (when) => {
    const upstream = await echo();
    const spec = { listenPath: "/it", tokens: ["internal"], action: { proxy: { targetUrl: upstream.url } } };
    await start(withMiddleware(spec, { [when]: [change] }));

    const answer = await text("/it/old?a=1&c=%20&a%20b=&d=%20", {
      method: "POST",
      body: "body",
      headers: { ...bearer, "x-gone": "1", "x-set": "0", "x-kept": "1" },
    });

    expect(JSON.parse(answer)).toMatchObject({
      method: "POST",
      url: "/new/path?d=%20&a=x+y%26z&b=1&b=2",
      headers: { authorization: "Basic dTpw", "x-set": "1, 2", "x-kept": "1", "content-length": "4" },
      body: "body",
    });
    expect(answer).not.toContain("x-gone");
    expect(answer).not.toContain(secret);
  });

  test("reaches a script", async () => {
    const it = scripted("it", "export default (input) => ({ body: input })", {
      listenPath: "/it",
      route: undefined as never,
    });
    await start(withMiddleware({}, { post: [change] }, it));

    expect(JSON.parse(await text("/it/old?c=1", { headers: { "x-gone": "1" } }))).toMatchObject({
      path: "/new/path",
      query: { a: ["x y&z"], b: ["1", "2"] },
      headers: { authorization: "Basic dTpw", "x-set": "1, 2" },
    });
  });

  test("is not undone by a client that calls its headers hop-by-hop", async () => {
    const upstream = await echo();
    const spec = { listenPath: "/it", action: { proxy: { targetUrl: upstream.url } } };
    await start(
      withMiddleware(spec, { post: ["export default () => ({ setHeaders: { 'x-role': 'guest' } })"] }),
    );

    const answer = await rawConnection(
      endpoint.url,
      "GET /it HTTP/1.1\r\nHost: x\r\nConnection: close, x-role\r\nX-Role: admin\r\n\r\n",
    ).ended;

    expect(answer).toContain('"x-role":"guest"');
  });

  test("leaves the version in the path where it is", async () => {
    const upstream = await echo();
    const spec: Partial<ApiDefinitionSpec> = {
      listenPath: "/it",
      action: { proxy: { targetUrl: upstream.url, stripPath: false } },
      versions: { location: "path", entries: [{ name: "v1" }] },
    };
    await start(withMiddleware(spec, { pre: ["export default ({ path }) => ({ path: '/x' + path })"] }));

    expect(JSON.parse(await text("/it/v1/a/"))).toMatchObject({ url: "/it/v1/x/a/" });
  });

  test("does not touch a body that is on its way", async () => {
    const upstream = await echo();
    const spec = { listenPath: "/it", action: { proxy: { targetUrl: upstream.url } } };
    const nothing = "export default async () => {}";
    await start(withMiddleware(spec, { pre: [nothing], post: [nothing, nothing] }));
    const body = "x".repeat(5 * 1024 * 1024);

    const answer = JSON.parse(await text("/it", { method: "PUT", body })) as { body: string };

    expect(answer.body.length).toBe(body.length);
  });
});

describe("middleware answers at once", () => {
  const reply =
    "export default () => ({ reply: { status: 418, headers: { 'x-a': ['1', '2'], 'content-type': 'text/plain' }, body: 'no' } })";

  test("before addresses and the token, or after them", async () => {
    const spec = { tokens: ["internal"], ipAllowList: { addresses: [] } };
    await start(withMiddleware({ ...spec, listenPath: "/it" }, { pre: [reply] }));

    const response = await get("/it");

    expect([response.status, response.headers.get("x-a"), await response.text()]).toEqual([
      418,
      "1, 2",
      "no",
    ]);
    await endpoint.closeNow();
    await start(withMiddleware({ listenPath: "/it", tokens: ["internal"] }, { post: [reply] }));
    await expectError("/it", 401, 1008);
    expect(await text("/it", { headers: bearer })).toBe("no");
  });

  test("after an unknown version, an expired API and the path lists", async () => {
    const blocked = { paths: { blocked: [{ path: "/closed" }] } };
    await start(withMiddleware({ listenPath: "/it", ...blocked }, { pre: [reply] }));

    await expectError("/it/closed", 403, 2016);
    expect(await text("/it/open")).toBe("no");
  });

  test("below the base never to a caller without a token, who may not learn what is there", async () => {
    await start(withMiddleware({ route: "it", tokens: ["internal"] }, { pre: [reply] }));

    await expectError("/api/custom/it", 401, 1008);
    expect(await text("/api/custom/it", { headers: bearer })).toBe("no");
  });
});

describe("a path that middleware changes", () => {
  const paths: ApiDefinitionSpec["paths"] = {
    ignored: [{ path: "/free" }, { path: "/hello", methods: { GET: { action: "reply", body: "hello" } } }],
    blocked: [{ path: "/closed" }],
  };
  const spec: Partial<ApiDefinitionSpec> = { listenPath: "/it", tokens: ["internal"], paths };
  const to = (path: string) => `export default () => ({ path: ${JSON.stringify(path)} })`;

  test.each(["pre", "post"] as const)("in %s must be open", async (when) => {
    await start(withMiddleware(spec, { [when]: [to("/closed/x")] }));

    await expectError("/it/any", 403, 2016, { headers: bearer });
    await expectError("/it/free", 403, 2016);
  });

  test.each(["pre", "post"] as const)("in %s must be among the allowed ones", async (when) => {
    const allowed = { ...spec, paths: { allowed: [{ path: "/ok" }] } };
    await start(withMiddleware(allowed, { [when]: [to("/other")] }));

    await expectError("/it/ok", 403, 2016, { headers: bearer });
  });

  test.each(["pre", "post"] as const)("in %s may have an answer of its own", async (when) => {
    await start(withMiddleware(spec, { [when]: [to("/hello")] }));

    expect(await text("/it/free")).toBe("hello");
  });

  test.each(["pre", "post"] as const)("in %s needs a token if either path does", async (when) => {
    await start(withMiddleware(spec, { [when]: [to("/guarded")] }));
    await expectError("/it/free", 401, 1008);
    expect(await text("/it/free", { headers: bearer })).toBe("it");
    await endpoint.closeNow();

    await start(withMiddleware(spec, { [when]: [to("/free")] }));
    await expectError("/it/guarded", 401, 1008);
    expect(await text("/it/guarded", { headers: bearer })).toBe("it");
    expect(await text("/it/free/x")).toBe("it");
  });

  test.each([
    "",
    "x",
    "../x",
    "/a/../b",
    "/%2e%2e/b",
    "/a/..;/b",
    "/a\\b",
    "/a b",
    "/a\r\nhost: x",
    "/a?b=c",
    "/a#b",
    "/%zz",
    "/%00",
    "http://127.0.0.1/",
  ])("may not be %j", async (path) => {
    await start(withMiddleware({ listenPath: "/it" }, { pre: [to(path)] }));

    await expectError("/it", 500, 13);
  });

  test("stays below its own route, whatever it looks like", async () => {
    const upstream = await echo();
    const proxy = { listenPath: "/it", action: { proxy: { targetUrl: `${upstream.url}/base` } } };
    await start(withMiddleware(proxy, { pre: [to("//127.0.0.1:1//x")] }));

    expect(JSON.parse(await text("/it/y"))).toMatchObject({ url: "/base/127.0.0.1:1/x" });
  });
});

describe("a call is refused when its middleware", () => {
  test.each([
    ["throws", "() => { throw new Error('secret detail') }", 12],
    ["rejects", "async () => { throw new Error('secret detail') }", 12],
    ["never settles", "() => new Promise(() => {})", 12],
    ["loops", "() => { for (;;); }", 1001],
    ["takes too much memory", "() => { const a = []; for (;;) a.push('x'.repeat(1e6) + a.length) }", 12],
    ["returns text", "() => 'x'", 13],
    ["returns a list", "() => []", 13],
    ["returns a function", "() => () => 1", 13],
    ["returns nothing as JSON", "() => ({ toJSON() {} })", 13],
    ["returns what it may not", "() => ({ headers: {} })", 13],
    ["replies with nothing", "() => ({ reply: null })", 13],
    ["replies with text", "() => ({ reply: 'x' })", 13],
    ["replies with an odd status", "() => ({ reply: { status: 99 } })", 1002],
    ["sets a cookie", "() => ({ reply: { headers: { 'set-cookie': 'a=b' } } })", 1012],
    ["splits the reply", "() => ({ reply: { headers: { a: 'b\\r\\nc: d' } } })", 1013],
    ["splits the request", "() => ({ setHeaders: { a: 'b\\r\\nc: d' } })", 13],
    ["splits a name", "() => ({ setHeaders: { 'a: b\\r\\nc': 'd' } })", 13],
    ["sets an odd header", "() => ({ setHeaders: { a: { b: 1 } } })", 13],
    ["sets no headers", "() => ({ setHeaders: 'a: b' })", 13],
    ["sets huge headers", "() => ({ setHeaders: { a: 'x'.repeat(70000) } })", 13],
    ["returns far too much", "() => ({ setHeaders: { a: 'x'.repeat(1e6) } })", 13],
    ["removes no list", "() => ({ removeHeaders: 'a' })", 13],
    ["removes numbers", "() => ({ removeQuery: [1] })", 13],
    ["sets an odd query", "() => ({ setQuery: { a: 1 } })", 13],
    ["sets no path", "() => ({ path: 1 })", 13],
    ...["Content-Length", "transfer-encoding", "connection", "Upgrade", "te", "host", "expect"].flatMap(
      (name): [string, string, number][] => [
        [`sets ${name}`, `() => ({ setHeaders: { '${name}': '1' } })`, 13],
        [`removes ${name}`, `() => ({ removeHeaders: ['${name}'] })`, 13],
      ],
    ),
    ["speaks for the client", "() => ({ setHeaders: { 'X-Forwarded-For': '10.0.0.1' } })", 13],
    ["changes the version", "() => ({ setQuery: { v: 'v2' } })", 13],
    ["removes the version", "() => ({ removeQuery: ['v'] })", 13],
    ["sets the token's parameter", "() => ({ setQuery: { key: 'x' } })", 13],
  ])("%s", async (_what, body, code) => {
    const spec: Partial<ApiDefinitionSpec> = {
      listenPath: "/it",
      keyless: true,
      authentication: { queryParameter: "key" },
      versions: { location: "query", key: "v", entries: [{ name: "v1" }] },
    };
    await start(withMiddleware(spec, { post: [`export default ${body}`] }));

    const response = await get("/it?v=v1");
    const answer = await response.text();

    expect(answer).not.toContain("secret detail");
    expect(JSON.parse(answer)).toMatchObject({ errors: [{ errorCode: code }] });
    expect(response.status).toBe(500);
    expect(response.headers.get("set-cookie")).toBeNull();
  });

  test("is not in the store, or exports no such function", async () => {
    const item = withMiddleware({ listenPath: "/it" }, { pre: ["export const x = 1"] });
    await start(item);
    await expectError("/it", 500, 15);
    await endpoint.closeNow();

    await start({ ...item, blobs: [] });
    await expectError("/it", 500, 15);
  });

  test("may have another function than the default", async () => {
    const { definition, blobs } = withMiddleware(
      { listenPath: "/it" },
      { pre: ["export function guard() { return { reply: { body: 'guarded' } } }"] },
    );
    const { file } = definition.spec.middleware!.pre![0]!;
    const named = {
      ...definition,
      spec: { ...definition.spec, middleware: { pre: [{ file, function: "guard" }] } },
    };
    await start({ definition: named, blobs });

    expect(await text("/it")).toBe("guarded");
  });

  test("and only the log says why", async () => {
    const lines: string[] = [];
    const log = pino({ level: "warn" }, { write: (line) => void lines.push(line) });
    const it = withMiddleware(
      { listenPath: "/it" },
      { pre: ["export default () => { throw new Error('the detail') }"] },
    );
    endpoint = await serve(state([it]), { log });

    expect(await text("/it")).not.toContain("the detail");
    expect(lines.join("")).toContain("the detail");
    expect(lines.join("")).toContain(it.definition.spec.middleware!.pre![0]!.file);
  });
});

async function start(item: Parameters<typeof state>[0][number]): Promise<void> {
  endpoint = await serve(state([item]));
}

async function echo(): Promise<Upstream> {
  const upstream = await startEcho();
  upstreams.push(upstream);
  return upstream;
}

async function get(path: string, init?: RequestInit): Promise<Response> {
  return await fetch(endpoint.url + path, init);
}

async function text(path: string, init?: RequestInit): Promise<string> {
  return await (await get(path, init)).text();
}

async function expectError(path: string, status: number, code: number, init?: RequestInit): Promise<void> {
  const response = await get(path, init);
  expect([response.status, await errorCode(response)]).toEqual([status, code]);
}
