import { afterEach, describe, expect, test, vi } from "vitest";

import type { EndpointOptions } from "../../src/endpoint/endpoint.ts";
import type { ServedRequest } from "../../src/endpoint/served-request.ts";
import { bearer, definition, scripted, serve, state } from "../support/serving.ts";
import { rawConnection, startUpstream, type Upstream } from "../support/upstream.ts";

const opened: { close(): Promise<void> }[] = [];
const seen: ServedRequest[] = [];

afterEach(async () => {
  for (const part of opened.splice(0).toReversed()) await part.close();
  seen.splice(0);
});

describe("a request that is over", () => {
  test("is told with its definition, token and times", async () => {
    const url = await started([definition("it", { route: "it", tokens: ["internal"] })]);

    await fetch(`${url}/api/custom/it/?token=hunter2`, { headers: bearer });

    const request = await only();
    expect(request).toMatchObject({
      method: "GET",
      path: "/api/custom/it/",
      client: "127.0.0.1",
      status: 200,
      isBrokenOff: false,
    });
    expect(request.decision).toMatchObject({ definition: "it", token: "internal", rule: null, code: null });
    expect(Math.abs(Date.now() - request.receivedAt)).toBeLessThan(10_000);
    expect(request.milliseconds).toBeGreaterThan(0);
  });

  test("is told with the rule and the path entry that refused it", async () => {
    const paths = { blocked: [{ path: "secret" }] };
    const url = await started([definition("it", { listenPath: "/it", paths })]);

    await fetch(`${url}/it/secret/file`);

    expect(await only()).toMatchObject({
      status: 403,
      decision: { definition: "it", rule: "paths", pathEntry: "secret", code: 2016 },
    });
  });

  test("is told also when it was no HTTP", async () => {
    const url = await started([]);

    const answer = await rawConnection(url, "hello?\r\n\r\n").ended;

    const request = await only();
    expect(request).toMatchObject({ method: "", path: "", client: "127.0.0.1", status: 400 });
    expect(request.decision.code).toBe(2001);
    expect(answer).toContain(`x-request-id: ${request.id}\r\n`);
  });

  test.each([
    ["has no host", "GET /it HTTP/1.1\r\nConnection: close\r\n\r\n", 400, 2001],
    [
      "has an unknown expectation",
      "GET /it HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nConnection: close\r\n\r\n",
      417,
      2019,
    ],
  ])("is told also when it %s", async (_what, text, status, code) => {
    const url = await started([]);

    const answer = await rawConnection(url, text).ended;

    const request = await only();
    expect(request).toMatchObject({ method: "GET", path: "/it", status, decision: { code } });
    expect(answer).toContain(`x-request-id: ${request.id}\r\n`);
  });

  test("is told when the caller went away", async () => {
    const upstream = await upstreamThat(() => {});
    const url = await started([definition("it", { listenPath: "/it", action: proxyTo(upstream) })]);
    const leaving = new AbortController();
    const call = fetch(`${url}/it`, { signal: leaving.signal }).catch(() => "gone");
    await vi.waitFor(() => expect(upstream.requests).toHaveLength(1));

    leaving.abort();

    expect(await call).toBe("gone");
    expect(await only()).toMatchObject({ path: "/it", client: "127.0.0.1", status: 499 });
  });
});

describe("an answer that had begun and was broken off", () => {
  test("is told with the status of the error, since it was no success", async () => {
    const upstream = await upstreamThat((_request, response) => {
      response.write("1234567890");
      response.end("1");
    });
    const limits = { responseBody: "10B" };
    const url = await started([definition("it", { listenPath: "/it", action: proxyTo(upstream), limits })]);

    await expect(fetch(`${url}/it`).then((answer) => answer.text())).rejects.toThrow("terminated");

    expect(await only()).toMatchObject({ status: 500, isBrokenOff: true, decision: { code: 17 } });
  });

  test("by the caller is told with the status that the caller read", async () => {
    const upstream = await upstreamThat((_request, response) => response.write("first"));
    const url = await started([definition("it", { listenPath: "/it", action: proxyTo(upstream) })]);
    const leaving = new AbortController();
    await fetch(`${url}/it`, { signal: leaving.signal });

    leaving.abort();

    expect(await only()).toMatchObject({ status: 200, isBrokenOff: true, decision: { code: null } });
  });
});

describe("the id of a request", () => {
  test("is new for each, and in the answer", async () => {
    const url = await started([definition("it", { listenPath: "/it" })]);

    const headers = { "x-request-id": "mine" };
    const answers = [await fetch(`${url}/it`, { headers }), await fetch(`${url}/nothing/here`)];

    const told = answers.map((answer) => answer.headers.get("x-request-id"));
    await vi.waitFor(() => expect(seen.map(({ id }) => id)).toEqual(told));
    expect(new Set(told).size).toBe(2);
    expect(told.every((id) => /^[0-9a-f]{12}$/.test(id ?? ""))).toBe(true);
  });

  test("is that of a trusted proxy, unless it has no sane form", async () => {
    const url = await started([definition("it", { listenPath: "/it" })], { trustedProxies: ["127.0.0.1"] });

    const given = await fetch(`${url}/it`, { headers: { "x-request-id": "edge-1/7" } });
    const odd = await fetch(`${url}/it`, { headers: { "x-request-id": "a b" } });

    expect(given.headers.get("x-request-id")).toBe("edge-1/7");
    expect(odd.headers.get("x-request-id")).toMatch(/^[0-9a-f]{12}$/);
  });

  test("goes upstream in place of the caller's, and an upstream can't change it", async () => {
    const upstream = await upstreamThat((_request, response) => {
      response.writeHead(200, { "x-request-id": "theirs" }).end();
    });
    const url = await started([definition("it", { listenPath: "/it", action: proxyTo(upstream) })]);

    const answer = await fetch(`${url}/it`, { headers: { "x-request-id": "mine" } });

    expect(answer.headers.get("x-request-id")).toBe((await only()).id);
    expect(upstream.requests[0]?.headers["x-request-id"]).toBe((await only()).id);
  });
});

describe("the header with the revision", () => {
  const script = "export default () => ({ headers: { 'X-Served-By': 'script' } })";
  const forging = [
    definition("reply", { listenPath: "/reply", action: { reply: { headers: { "X-Served-By": "reply" } } } }),
    scripted("script", script),
  ];

  test.each(["/reply", "/api/custom/script", "/nothing"])(
    "has the configured name, and %s can't forge it",
    async (path) => {
      const url = await started(forging, { revisionHeader: "X-Served-By" });

      const answer = await fetch(url + path);

      expect(answer.headers.get("x-served-by")).toBe("1");
      expect(answer.headers.has("x-gitway-revision")).toBe(false);
    },
  );

  test("can be left out", async () => {
    const url = await started([definition("it", { listenPath: "/it" })], { revisionHeader: null });

    const answer = await fetch(`${url}/it`);

    expect([answer.status, answer.headers.has("x-gitway-revision")]).toEqual([200, false]);
  });
});

type Definitions = Parameters<typeof state>[0];

async function started(definitions: Definitions, options: Partial<EndpointOptions> = {}): Promise<string> {
  const endpoint = await serve(state(definitions), { observe: (request) => seen.push(request), ...options });
  opened.push({ close: () => endpoint.closeNow() });
  return endpoint.url;
}

async function upstreamThat(handler: Parameters<typeof startUpstream>[0]): Promise<Upstream> {
  const upstream = await startUpstream(handler);
  opened.push(upstream);
  return upstream;
}

function proxyTo({ url }: Upstream) {
  return { proxy: { targetUrl: url } };
}

/** The one request that was told. */
async function only(): Promise<ServedRequest> {
  return await vi.waitFor(() => {
    expect(seen).toHaveLength(1);
    return seen[0]!;
  });
}
