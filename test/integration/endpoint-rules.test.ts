import { afterEach, describe, expect, test } from "vitest";

import type { Endpoint } from "../../src/endpoint/endpoint.ts";
import type { EndpointEvent } from "../../src/endpoint/request-handler.ts";
import type { ApiDefinitionSpec } from "../../src/manifest/api-definition.generated.ts";
import {
  bearer,
  definition,
  errorCode,
  secret,
  serve,
  state,
  token,
  credential,
} from "../support/serving.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";

let endpoint: Endpoint;
let upstream: Upstream | null = null;

afterEach(async () => {
  await endpoint.close();
  await upstream?.close();
  upstream = null;
});

const paths: ApiDefinitionSpec["paths"] = {
  ignored: [{ path: "/open" }, { path: "/hello", methods: { GET: { action: "reply", body: "hello" } } }],
  blocked: [{ path: "/closed" }],
};

describe("paths", () => {
  test.each(["listenPath", "route"] as const)("of a %s: ignored ones ask for no token", async (kind) => {
    const at = kind === "route" ? { route: "it" } : { listenPath: "/it" };
    const root = kind === "route" ? "/api/custom/it" : "/it";
    endpoint = await serve(
      state([definition("it", { ...at, match: "prefix", tokens: ["internal"], paths })]),
    );

    expect(await text(`${root}/open/x`)).toBe("it");
    expect(await text(`${root}/hello`)).toBe("hello");
    await expectError(await get(`${root}/hello`, { method: "POST" }), 401, 1008);
    await expectError(await get(`${root}/other`), 401, 1008);
    await expectError(await get(`${root}/closed`, { headers: bearer }), 403, 2016);
    expect(await text(`${root}/other`, { headers: bearer })).toBe("it");
  });

  test("below a listen path a blocked one is refused before the token, below the base after it", async () => {
    const spec: Partial<ApiDefinitionSpec> = { match: "prefix", tokens: ["internal"], paths };
    endpoint = await serve(
      state([
        definition("absolute", { ...spec, listenPath: "/it" }),
        definition("relative", { ...spec, route: "it" }),
      ]),
    );

    await expectError(await get("/it/closed"), 403, 2016);
    await expectError(await get("/api/custom/it/closed"), 401, 1008);
  });

  test.each(["%c1%a3losed", "%e0%81%a3losed", "closed%c3", "%c0%ae%c0%ae/closed", "closed/%ed%a0%80"])(
    "a path in no proper UTF-8 is none that the lists could judge: %s",
    async (segment) => {
      upstream = await startUpstream((_request, response) => response.end());
      const action = { proxy: { targetUrl: upstream.url } };
      endpoint = await serve(state([definition("it", { listenPath: "/it", action, paths })]));

      await expectError(await get(`/it/${segment}`), 400, 2001);

      expect(upstream.requests).toHaveLength(0);
    },
  );
});

describe("a path that names an API by its api_id", () => {
  const apiId = "bc2f8cfb7ab241504d9f3574fe407499";
  const dashboard = { api_id: apiId };

  test("is judged as the listen path is, and reaches the upstream as it came", async () => {
    upstream = await startUpstream((request, response) => response.end(request.url));
    const action = { proxy: { targetUrl: `${upstream.url}/base`, stripPath: true } };
    const versions: ApiDefinitionSpec["versions"] = {
      location: "path",
      strip: true,
      default: "v1",
      fallbackToDefault: true,
      entries: [{ name: "v1", paths }],
    };
    endpoint = await serve(
      state([definition("it", { listenPath: "/it", tokens: ["internal"], action, versions, dashboard })]),
    );

    expect(await text("/it/v1/x", { headers: bearer })).toBe("/base/x");
    expect(await text(`/${apiId}/v1/x/?a=1`, { headers: bearer })).toBe(`/base/${apiId}/x/?a=1`);
    expect(await text(`/${apiId}/open`)).toBe(`/base/${apiId}/open`);
    expect(await text(`/${apiId}/v1/hello`)).toBe("hello");
    await expectError(await get(`/${apiId}/closed`, { headers: bearer }), 403, 2016);
    await expectError(await get(`/${apiId}/v1/closed`, { headers: bearer }), 403, 2016);
    await expectError(await get(`/${apiId}/v1/x`), 401, 1008);
  });

  test("takes batches, whose requests stay below it", async () => {
    endpoint = await serve(
      state([definition("it", { listenPath: "/it", batch: { enabled: true }, dashboard })]),
    );
    const body = JSON.stringify({ requests: [{ relative_url: "a" }, { relative_url: "b?c=d" }] });

    const response = await get(`/${apiId}/tyk/batch/`, { method: "POST", body });

    expect(await response.json()).toMatchObject([
      { relative_url: "a", code: 200, body: "it" },
      { relative_url: "b?c=d", code: 200, body: "it" },
    ]);
  });

  test("is not found while the definition is inactive", async () => {
    endpoint = await serve(state([definition("it", { listenPath: "/it", active: false, dashboard })]));

    await expectError(await get(`/${apiId}/`), 404, 5);
  });
});

describe("versions", () => {
  const versioned = (versions: Partial<ApiDefinitionSpec["versions"]>): Partial<ApiDefinitionSpec> => ({
    listenPath: "/it",
    action: { proxy: { targetUrl: `${upstream?.url}/one` } },
    versions: {
      location: "path",
      entries: [{ name: "v1" }, { name: "v2", targetUrl: `${upstream?.url}/two` }],
      ...versions,
    },
  });

  test.each<[string, Partial<ApiDefinitionSpec["versions"]>, string, string]>([
    ["in the path stays there", {}, "/it/v1/x", "/one/v1/x"],
    ["is removed when that is wanted", { strip: true }, "/it/v1/x", "/one/x"],
    ["may have its own target", { strip: true }, "/it/v2/x?a=1", "/two/x?a=1"],
    ["in the query", { location: "query", key: "v" }, "/it/x?v=v2&a=1", "/two/x?v=v2&a=1"],
    ["in the query, removed", { location: "query", key: "v", strip: true }, "/it/x?v=v2&a=1", "/two/x?a=1"],
  ])("a version %s", async (_what, versions, path, expected) => {
    upstream = await startUpstream((request, response) => response.end(request.url));
    endpoint = await serve(state([definition("it", versioned(versions))]));

    expect(await text(path)).toBe(expected);
  });

  test("in a header does not reach the upstream when it is to be removed", async () => {
    upstream = await startUpstream((request, response) => response.end(String(request.headers["x-v"])));
    const definitions = [true, false].map((strip) =>
      definition(`strip-${strip}`, {
        ...versioned({ location: "header", key: "X-V", strip }),
        listenPath: `/${strip}`,
      }),
    );
    endpoint = await serve(state(definitions));

    expect(await text("/true", { headers: { "x-v": "v1" } })).toBe("undefined");
    expect(await text("/false", { headers: { "x-v": "v1" } })).toBe("v1");
  });
});

test("callers are told when an API or version will end", async () => {
  const versions: ApiDefinitionSpec["versions"] = {
    location: "query",
    key: "v",
    default: "v1",
    entries: [{ name: "v1" }, { name: "v2", expires: "2998-01-01 00:00" }],
  };
  const spec = { listenPath: "/it", expires: "2999-01-01T00:00:00Z", versions };
  endpoint = await serve(state([definition("it", spec), definition("endless", { listenPath: "/endless" })]));

  expect((await get("/it")).headers.get("sunset")).toBe("Tue, 01 Jan 2999 00:00:00 GMT");
  expect((await get("/it?v=v2")).headers.get("sunset")).toBe("Mon, 01 Jan 2998 00:00:00 GMT");
  expect((await get("/it")).headers.get("x-tyk-api-expires")).toBe("Tue, 01 Jan 2999 00:00:00 GMT");
  const { headers } = await get("/endless");
  expect([headers.get("sunset"), headers.get("x-tyk-api-expires")]).toEqual([null, null]);
});

test("a reply is only for bodies within the limit, also when they do not say how long they are", async () => {
  endpoint = await serve(
    state([
      definition("it", { listenPath: "/it", limits: { requestBody: "10B" } }),
      definition("open", { listenPath: "/open" }),
    ]),
  );
  const post = (path: string, ...parts: string[]) =>
    get(path, {
      method: "POST",
      body: ReadableStream.from(parts.map((part) => Buffer.from(part))),
      duplex: "half",
    });

  expect((await post("/it", "12345", "67890")).status).toBe(200);
  await expectError(await post("/it", "12345", "678901"), 413, 1009);
  await expectError(await post("/it", ...Array.from({ length: 50 }, () => "x".repeat(65_536))), 413, 1009);
  expect((await post("/open", "12345", "678901")).status).toBe(200);
});

test("a trusted proxy says where a request came from", async () => {
  const spec = { listenPath: "/it", ipAllowList: { addresses: ["203.0.113.9"] } };
  endpoint = await serve(state([definition("it", spec)]), { trustedProxies: ["127.0.0.0/8", "::1"] });

  expect(await text("/it", { headers: { "x-forwarded-for": "203.0.113.9" } })).toBe("it");
  await expectError(
    await get("/it", { headers: { "x-forwarded-for": "203.0.113.9, 192.0.2.1" } }),
    403,
    2008,
  );
  await expectError(await get("/it"), 403, 2008);
});

test("what happens to calls is told by name", async () => {
  const seen: string[] = [];
  const emit = ({ on, call }: EndpointEvent) => void seen.push(`${on} ${call.definition.name}`);
  const spec = { listenPath: "/it", tokens: ["internal", "old"], paths: { blocked: [{ path: "/closed" }] } };
  const below = { route: "below", tokens: ["internal", "old"] };
  const tokens = [token("internal"), token("old", { expires: "2001-01-01" })];
  const credentials = [credential("internal", secret), credential("old", "o".repeat(40))];
  endpoint = await serve(
    state([definition("it", spec), definition("below", below)], { tokens, credentials }),
    { emit },
  );

  await text("/it");
  await text("/it", { headers: { authorization: `Bearer ${"w".repeat(40)}` } });
  await text("/it", { headers: { authorization: `Bearer ${"o".repeat(40)}` } });
  await text("/it/closed");
  await text("/it", { headers: bearer });
  await text("/api/custom/below");
  await text("/api/custom/below", { headers: { authorization: `Bearer ${"o".repeat(40)}` } });
  await text("/api/custom/nothing");

  expect(seen).toEqual([
    "AuthFailure it",
    "AuthFailure it",
    "KeyExpired it",
    "VersionFailure it",
    "AuthFailure below",
    "KeyExpired below",
  ]);
});

async function get(path: string, init?: RequestInit): Promise<Response> {
  return await fetch(endpoint.url + path, init);
}

async function text(path: string, init?: RequestInit): Promise<string> {
  return await (await get(path, init)).text();
}

async function expectError(response: Response, status: number, code: number): Promise<void> {
  expect([response.status, await errorCode(response)]).toEqual([status, code]);
}
