import type { RequestListener } from "node:http";

import { afterEach, describe, expect, test, vi } from "vitest";

import type { Endpoint } from "../../src/endpoint/endpoint.ts";
import type { ApiDefinitionSpec } from "../../src/manifest/api-definition.generated.ts";
import { bearer, definition, errorCode, feedOf, scripted, serve, state, token } from "../support/serving.ts";
import { rawConnection, startEcho, startUpstream, type Upstream } from "../support/upstream.ts";

interface Unit {
  readonly relative_url: string;
  readonly code: number;
  readonly headers: Record<string, string[]>;
  readonly body: string;
}

let endpoint: Endpoint;
const upstreams: Upstream[] = [];
afterEach(async () => {
  await endpoint.closeNow();
  for (const upstream of upstreams.splice(0)) await upstream.close();
});

const batch = { enabled: true };

describe("a batch", () => {
  test.each(["/it/tyk/batch/", "/it/tyk/batch"])(
    "at %s is answered in the order of its requests",
    async (path) => {
      const upstream = await opened(startEcho());
      await start({
        listenPath: "/it",
        tokens: ["internal"],
        batch,
        action: { proxy: { targetUrl: upstream.url } },
      });

      const response = await post(path, {
        requests: [
          { method: "PUT", relative_url: "/a?x=1", headers: { ...bearer, "X-Own": "1" }, body: "héllo" },
          { method: "GET", relative_url: "b/c/", headers: bearer, body: "" },
          { method: "GET", relative_url: "d" },
        ],
      });

      expect([response.status, response.headers.get("content-type")]).toEqual([
        200,
        "application/json; charset=utf-8",
      ]);
      const units = (await response.json()) as Unit[];
      expect(units.map(({ relative_url, code }) => [relative_url, code])).toEqual([
        ["/a?x=1", 200],
        ["b/c/", 200],
        ["d", 401],
      ]);
      expect(units[0]?.headers["X-Gitway-Revision"]).toEqual(["1"]);
      expect(JSON.parse(units[0]?.body ?? "")).toMatchObject({
        method: "PUT",
        url: "/a?x=1",
        body: "héllo",
        headers: { "x-own": "1" },
      });
      expect(JSON.parse(units[1]?.body ?? "")).toMatchObject({ method: "GET", url: "/b/c/", body: "" });
      expect(units[2]).toMatchObject({ headers: { "Content-Type": ["application/json; charset=utf-8"] } });
      expect(JSON.parse(units[2]?.body ?? "")).toMatchObject({ errors: [{ errorCode: 1008 }] });
    },
  );

  test("may come in HTTP/1.0, which needs no host", async () => {
    await start({ listenPath: "/it", batch });
    const body = JSON.stringify({ requests: [{ relative_url: "a" }] });

    const { ended } = rawConnection(
      endpoint.url,
      `POST /it/tyk/batch HTTP/1.0\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );

    expect(await ended).toContain('"code":200');
  });

  test("hands none of its own headers on", async () => {
    await start({ listenPath: "/it", tokens: ["internal"], batch });

    const units = await unitsOf("/it/tyk/batch", [{ relative_url: "a" }], bearer);

    expect(units[0]?.code).toBe(401);
  });

  test("is made at once, or in turn when that is asked for", async () => {
    const held: (() => void)[] = [];
    const upstream = await opened(
      startUpstream((request, response) => held.push(() => response.end(request.url))),
    );
    await start({ listenPath: "/it", batch, action: { proxy: { targetUrl: upstream.url } } });
    const requests = ["1", "2", "3"].map((relative_url) => ({ relative_url }));

    const atOnce = post("/it/tyk/batch/", { requests });
    await vi.waitFor(() => expect(held).toHaveLength(3));
    for (const release of held.splice(0).reverse()) release();
    const inTurn = atOnce.then(async (first) => {
      expect(bodies(await first.json())).toEqual(["/1", "/2", "/3"]);
      return await post("/it/tyk/batch/", { requests, suppress_parallel_execution: true });
    });
    for (const count of [4, 5, 6]) {
      await vi.waitFor(() => expect(upstream.requests).toHaveLength(count));
      expect(held).toHaveLength(1);
      held.pop()?.();
    }

    expect(bodies(await (await inTurn).json())).toEqual(["/1", "/2", "/3"]);
  });

  test("of many requests makes ten at once", async () => {
    let open = 0;
    let most = 0;
    const upstream = await opened(
      startUpstream((_request, response) => {
        most = Math.max(most, ++open);
        setTimeout(() => {
          open--;
          response.end();
        }, 20);
      }),
    );
    await start({
      listenPath: "/it",
      batch: { enabled: true, maxRequests: 60 },
      action: { proxy: { targetUrl: upstream.url } },
    });

    const units = await unitsOf(
      "/it/tyk/batch",
      Array.from({ length: 60 }, () => ({ relative_url: "x" })),
    );

    expect(new Set(units.map(({ code }) => code))).toEqual(new Set([200]));
    expect(most).toBe(10);
  });

  test("may be empty", async () => {
    await start({ listenPath: "/it", batch });

    expect(await unitsOf("/it/tyk/batch", [])).toEqual([]);
  });

  test("lies below a route too, and asks there for a token as every path does", async () => {
    const it = scripted(
      "it",
      "export default ({ route, routeParameters }) => ({ body: [route, routeParameters.id] })",
      {
        route: "items/{id}",
        match: "prefix",
        tokens: ["internal"],
        batch,
      },
    );
    endpoint = await serve(state([it]));
    const requests = [
      { relative_url: "/a", headers: bearer },
      { relative_url: "", headers: bearer },
    ];

    await expectError(await post("/api/custom/items/7/tyk/batch/", { requests }), 401, 1008);
    const units = await unitsOf("/api/custom/Items/7/tyk/batch/", requests, bearer);

    expect(units.map(({ body }) => body)).toEqual(['["Items/7/a","7"]', '["Items/7","7"]']);
  });

  test("lies below an exact route too", async () => {
    await start({ route: "it", batch });

    expect(
      await unitsOf("/api/custom/it/tyk/batch", [{ relative_url: "" }, { relative_url: "x" }]),
    ).toMatchObject([{ code: 200, body: "it" }, { code: 401 }]);
  });

  test("is POSTed", async () => {
    await start({ listenPath: "/it", batch });

    const response = await fetch(`${endpoint.url}/it/tyk/batch/`);

    expect(response.headers.get("allow")).toBe("POST");
    await expectError(response, 405, 3);
  });

  test("is an ordinary path where no batches are taken, and where another definition holds it", async () => {
    endpoint = await serve(
      state([
        definition("off", { listenPath: "/off" }),
        definition("on", { listenPath: "/on", batch }),
        definition("other", { listenPath: "/on/tyk/batch", match: "exact" }),
      ]),
    );

    expect(await (await post("/off/tyk/batch", {})).text()).toBe("off");
    expect(await (await post("/on/tyk/batch", {})).text()).toBe("other");
  });

  test("holds no other batch", async () => {
    await start({ listenPath: "/it", batch });

    const [unit] = await unitsOf("/it/tyk/batch", [
      { method: "POST", relative_url: "tyk/batch", body: JSON.stringify({ requests: [] }) },
    ]);

    expect(unit?.code).toBe(400);
    expect(JSON.parse(unit?.body ?? "")).toMatchObject({ errors: [{ errorCode: 2031 }] });
  });
});

describe("a batch is refused", () => {
  test.each([
    ["no JSON", "{", 2030],
    ["a list", "[]", 2030],
    ["without requests", "{}", 2030],
    ["with other requests", '{"requests":{}}', 2030],
    ["of null", '{"requests":[null]}', 2031],
    [
      "too long",
      JSON.stringify({ requests: ["1", "2", "3", "4"].map((relative_url) => ({ relative_url })) }),
      2032,
    ],
    ["nested too deep", `{"requests":${"[".repeat(50_000)}`, 2030],
  ])("that is %s", async (_what, body, code) => {
    await start({ listenPath: "/it", batch: { enabled: true, maxRequests: 3 } });

    await expectError(await fetch(`${endpoint.url}/it/tyk/batch`, { method: "POST", body }), 400, code);
  });

  test.each<[string, object]>([
    ["no path", {}],
    ["a number as path", { relative_url: 1 }],
    ["an absolute URL", { relative_url: "http://127.0.0.1/x" }],
    ["a URL without a scheme", { relative_url: "//127.0.0.1/x" }],
    ["a path that leaves", { relative_url: "../other" }],
    ["a path that leaves further in", { relative_url: "/a/../../other" }],
    ["a path that leaves in disguise", { relative_url: "%2e%2e/other" }],
    ["a path that leaves in another disguise", { relative_url: "..%2fother" }],
    ["a path with a backslash", { relative_url: "..\\other" }],
    ["a path with a line break", { relative_url: "a HTTP/1.1\r\nhost: b" }],
    ["a fragment", { relative_url: "a#b" }],
    ["a broken escape", { relative_url: "%zz" }],
    ["a long path", { relative_url: "x".repeat(17_000) }],
    ["an odd method", { relative_url: "a", method: "GET /x" }],
    ["an unknown method", { relative_url: "a", method: "FETCH" }],
    ["a tunnel", { relative_url: "a", method: "CONNECT" }],
    ["a method that is no text", { relative_url: "a", method: 1 }],
    ["a body that is no text", { relative_url: "a", body: {} }],
    ["headers that are a list", { relative_url: "a", headers: ["x: y"] }],
    ["a header that is no text", { relative_url: "a", headers: { x: ["y"] } }],
    ["a split header", { relative_url: "a", headers: { x: "y\r\nz: 1" } }],
    ["a split name", { relative_url: "a", headers: { "x: y\r\nz": "1" } }],
    ["long headers", { relative_url: "a", headers: { x: "y".repeat(17_000) } }],
  ])("for %s, before any request is made", async (_what, bad) => {
    const upstream = await opened(startEcho());
    await start({ listenPath: "/it", batch, action: { proxy: { targetUrl: upstream.url } } });

    await expectError(await post("/it/tyk/batch", { requests: [{ relative_url: "good" }, bad] }), 400, 2031);
    expect(upstream.requests).toHaveLength(0);
  });

  test.each([
    ["the definition's limit", { requestBody: "1KiB" }, 1100],
    ["8 MiB", {}, 8 * 1024 * 1024],
  ])("beyond %s", async (_what, limits, size) => {
    await start({ listenPath: "/it", batch, limits });

    await expectError(await post("/it/tyk/batch", { requests: [], fill: "x".repeat(size) }), 413, 1009);
  });
});

describe("a request of a batch", () => {
  test("comes from the caller's address, whatever it says of itself", async () => {
    const upstream = await opened(startEcho());
    const spec: Partial<ApiDefinitionSpec> = {
      listenPath: "/it",
      batch,
      action: { proxy: { targetUrl: upstream.url } },
      ipAllowList: { addresses: ["203.0.113.9"] },
    };
    endpoint = await serve(state([definition("it", spec)]), { trustedProxies: ["127.0.0.0/8"] });
    const requests = [
      { relative_url: "x", headers: { "X-Forwarded-For": "203.0.113.9", "x-real-ip": "203.0.113.9" } },
    ];

    const own = await unitsOf("/it/tyk/batch", requests, { "x-forwarded-for": "203.0.113.9" });
    const other = await unitsOf("/it/tyk/batch", requests, { "x-forwarded-for": "203.0.113.8" });
    const unknown = await unitsOf("/it/tyk/batch", requests);

    expect([own[0]?.code, other[0]?.code, unknown[0]?.code]).toEqual([200, 403, 403]);
    expect(JSON.parse(own[0]?.body ?? "")).toMatchObject({ headers: { "x-forwarded-for": "203.0.113.9" } });
  });

  test("is what a trusted proxy says of the batch, and nothing that it says of itself", async () => {
    const upstream = await opened(startEcho());
    const spec = { listenPath: "/it", batch, action: { proxy: { targetUrl: upstream.url } } };
    endpoint = await serve(state([definition("it", spec)]), { trustedProxies: ["127.0.0.1"] });
    const said = { "x-forwarded-proto": "https", "x-forwarded-host": "a.example.com" };
    const own = { "x-forwarded-proto": "http", "x-forwarded-host": "b.example.com" };
    const requests = [{ relative_url: "x", headers: own }];

    const [trusted] = await unitsOf("/it/tyk/batch", requests, { ...said, "x-forwarded-for": "192.0.2.7" });
    const [plain] = await unitsOf("/it/tyk/batch", requests);

    expect(JSON.parse(trusted?.body ?? "")).toMatchObject({
      headers: { ...said, "x-forwarded-for": "192.0.2.7" },
    });
    expect(JSON.parse(plain?.body ?? "")).toMatchObject({
      headers: { "x-forwarded-proto": "http", "x-forwarded-host": new URL(endpoint.url).host },
    });
  });

  test("goes to the host that was asked, and frames itself", async () => {
    const upstream = await opened(startEcho());
    const action = { proxy: { targetUrl: upstream.url, hostHeader: "preserve" as const } };
    endpoint = await serve(
      state([definition("it", { listenPath: "/it", domain: "127.0.0.1", batch, action })]),
    );
    const headers = {
      Host: "elsewhere",
      "Content-Length": "1",
      "Transfer-Encoding": "chunked",
      Connection: "upgrade",
      Upgrade: "websocket",
      Expect: "100-continue",
    };

    const [unit] = await unitsOf("/it/tyk/batch", [
      { method: "POST", relative_url: "x", headers, body: "four" },
    ]);

    expect(JSON.parse(unit?.body ?? "")).toMatchObject({
      body: "four",
      headers: { host: new URL(endpoint.url).host, "content-length": "4" },
    });
  });

  test("that fails leaves the others alone", async () => {
    const answers: Record<string, RequestListener> = {
      "/good": (_request, response) => void response.end("good"),
      "/broken": (_request, response) => {
        response.writeHead(200, { "content-length": "10" }).write("some");
        setImmediate(() => response.destroy());
      },
      "/away": (request) => request.socket.destroy(),
      "/large": (_request, response) => void response.end("x".repeat(3000)),
    };
    const upstream = await opened(
      startUpstream((request, response) => answers[request.url ?? ""]?.(request, response)),
    );
    const limits = { responseBody: "2500B" };
    await start({ listenPath: "/it", batch, limits, action: { proxy: { targetUrl: upstream.url } } });

    const units = await unitsOf(
      "/it/tyk/batch",
      ["good", "broken", "away", "large", "good"].map((relative_url) => ({ relative_url })),
    );

    expect(units.map(({ code }) => code)).toEqual([200, 502, 502, 500, 200]);
    expect([units[0]?.body, units[4]?.body]).toEqual(["good", "good"]);
    expect(units[1]?.relative_url).toBe("broken");
  });

  test("is refused when the answers together are too large, and others still fit", async () => {
    const upstream = await opened(
      startUpstream((request, response) => response.end("x".repeat(Number(request.url?.slice(1))))),
    );
    const limits = { responseBody: "5000B" };
    await start({ listenPath: "/it", batch, limits, action: { proxy: { targetUrl: upstream.url } } });

    const requests = [4000, 2000, 10].map((size) => ({ relative_url: String(size) }));
    const response = await post("/it/tyk/batch", { requests, suppress_parallel_execution: true });

    expect(((await response.json()) as Unit[]).map(({ code }) => code)).toEqual([200, 500, 200]);
  });

  test("is served by the revision that the batch came to", async () => {
    const upstream = await opened(
      startUpstream((_request, response) => {
        feed.set(state([definition("it", { listenPath: "/it", action: { reply: {} } })], { revision: 2 }));
        void vi.waitFor(() => expect(endpoint.servedRevision()).toBe(2)).then(() => response.end("old"));
      }),
    );
    const feed = feedOf(
      state([definition("it", { listenPath: "/it", batch, action: { proxy: { targetUrl: upstream.url } } })]),
    );
    endpoint = await serve(feed);

    const response = await post("/it/tyk/batch", {
      requests: [{ relative_url: "1" }, { relative_url: "2" }],
      suppress_parallel_execution: true,
    });

    expect(
      ((await response.json()) as Unit[]).map(({ body, headers }) => [body, headers["X-Gitway-Revision"]]),
    ).toEqual([
      ["old", ["1"]],
      ["old", ["1"]],
    ]);
    expect(response.headers.get("x-gitway-revision")).toBe("1");
  });

  test("is cancelled when the caller goes away", async () => {
    let cancelled = 0;
    const upstream = await opened(
      startUpstream((_request, response) => void response.once("close", () => cancelled++)),
    );
    await start({ listenPath: "/it", batch, action: { proxy: { targetUrl: upstream.url } } });
    const leaving = new AbortController();
    const requests = Array.from({ length: 12 }, () => ({ relative_url: "x" }));
    const answer = post("/it/tyk/batch", { requests }, {}, leaving.signal);
    await vi.waitFor(() => expect(upstream.requests).toHaveLength(10));

    leaving.abort();

    await expect(answer).rejects.toThrow("aborted");
    await vi.waitFor(() => expect(cancelled).toBe(10));
    expect(upstream.requests).toHaveLength(10);
  });

  test("ends when the batch has taken too long", async () => {
    const tooLong = new AbortController();
    const timeout = vi.spyOn(AbortSignal, "timeout").mockReturnValue(tooLong.signal);
    const upstream = await opened(
      startUpstream((request, response) => request.url === "/0" && response.end("0")),
    );
    await start({ listenPath: "/it", batch, action: { proxy: { targetUrl: upstream.url } } });
    const requests = Array.from({ length: 12 }, (_, index) => ({ relative_url: String(index) }));

    const answer = unitsOf("/it/tyk/batch", requests);
    await vi.waitFor(() => expect(upstream.requests).toHaveLength(11));
    tooLong.abort();

    expect((await answer).map(({ code }) => code)).toEqual([200, ...Array.from({ length: 11 }, () => 504)]);
    expect(timeout).toHaveBeenCalledWith(90_000);
    timeout.mockRestore();
  });

  test("counts against the limit of its token, and the batch does not", async () => {
    const it = definition("it", { listenPath: "/it", tokens: ["internal"], batch });
    const limited = token("internal", { rateLimit: { limit: 2, window: "1m" } });
    endpoint = await serve(state([it], { tokens: [limited] }));
    const requests = Array.from({ length: 3 }, () => ({ relative_url: "x", headers: bearer }));

    const response = await post("/it/tyk/batch", { requests, suppress_parallel_execution: true }, bearer);

    expect(((await response.json()) as Unit[]).map(({ code }) => code)).toEqual([200, 200, 429]);
  });

  test("is counted like any other", async () => {
    const seen: (string | number | null)[][] = [];
    const it = definition("it", { listenPath: "/it", batch });
    endpoint = await serve(state([it]), {
      observe: ({ path, status, decision }) => seen.push([decision.definition, path, status]),
    });

    await unitsOf("/it/tyk/batch", [{ relative_url: "a" }, { relative_url: "b" }]);

    await vi.waitFor(() =>
      expect(seen).toEqual([
        ["it", "/it/a", 200],
        ["it", "/it/b", 200],
        ["it", "/it/tyk/batch", 200],
      ]),
    );
  });
});

async function start(spec: Partial<ApiDefinitionSpec>): Promise<void> {
  endpoint = await serve(state([definition("it", spec)]));
}

async function opened(starting: Promise<Upstream>): Promise<Upstream> {
  const upstream = await starting;
  upstreams.push(upstream);
  return upstream;
}

async function post(
  path: string,
  body: object,
  headers: Record<string, string> = {},
  signal: AbortSignal | null = null,
): Promise<Response> {
  return await fetch(endpoint.url + path, { method: "POST", body: JSON.stringify(body), headers, signal });
}

async function unitsOf(
  path: string,
  requests: readonly object[],
  headers: Record<string, string> = {},
): Promise<Unit[]> {
  const response = await post(path, { requests }, headers);
  expect(response.status).toBe(200);
  return (await response.json()) as Unit[];
}

function bodies(units: unknown): string[] {
  return (units as Unit[]).map(({ body }) => body);
}

async function expectError(response: Response, status: number, code: number): Promise<void> {
  expect([response.status, await errorCode(response)]).toEqual([status, code]);
}
