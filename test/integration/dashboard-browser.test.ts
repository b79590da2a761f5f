import { createHmac } from "node:crypto";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { administrator } from "../../src/dashboard/access/acting-user.ts";
import type { ApiRoute } from "../../src/dashboard/api/api-route.ts";
import { createMetrics } from "../../src/dashboard/metrics.ts";
import { type Dashboard, startDashboard } from "../../src/dashboard/server.ts";
import { silentLog } from "../../src/log.ts";
import { Secret } from "../../src/secret.ts";
import { plainRequest } from "../support/plain-request.ts";

const key = "administrator-".padEnd(40, "k");
const webhookSecret = "a secret that forges sign with 0123456789";

let dashboard: Dashboard;
let handled: string[] = [];

beforeAll(async () => {
  dashboard = await startDashboard({
    host: "127.0.0.1",
    port: 0,
    hosts: ["gitway.example.com"],
    health: async () => ({
      ready: true,
      reason: null,
      servedRevision: null,
      servedFrom: null,
      appliedRevision: null,
      state: "unknown",
    }),
    metrics: createMetrics(
      () => null,
      async () => null,
    ).exposition,
    webhook: { secret: new Secret(webhookSecret), wake: () => {} },
    api: {
      keys: {
        userOf: (given) => (given.equals(new Secret(key)) ? administrator : null),
        settled: async () => {},
      },
      routes: (["GET", "POST", "PUT", "DELETE"] as const).map(route),
    },
    log: silentLog(),
  });
});

afterAll(() => dashboard.close());

describe("a host that is none of the dashboard's", () => {
  test.each([
    "evil.example.com",
    "evil.example.com:3000",
    "127.0.0.1.evil.example",
    "192.0.2.7",
    "[2001:db8::1]",
  ])("%s is a 421 that says what to do, whatever the method, the path and the key", async (host) => {
    for (const [method, path] of [
      ["GET", "/api/thing"],
      ["POST", "/api/thing"],
      ["GET", "/api/nothing"],
      ["GET", "/nothing"],
      ["GET", "/healthz/../api/thing"],
    ] as const) {
      const answer = await ask(path, { method, host });

      expect([method, path, answer.status, answer.body]).toEqual([
        method,
        path,
        421,
        { Status: "Error", Message: expect.stringMatching(/'.*'.*dashboard\.hosts/), Meta: null },
      ]);
    }
    expect(handled).toEqual([]);
  });

  test("is refused also beside an absolute address", async () => {
    const answer = await ask("http://localhost/api/thing", { host: "evil.example.com" });

    expect(answer.status).toBe(421);
  });

  test("is no matter for probes, scrapers and forges", async () => {
    const host = "evil.example.com";
    const signature = createHmac("sha256", webhookSecret).update("{}").digest("hex");

    expect((await ask("/healthz", { host })).status).toBe(200);
    expect((await ask("/readyz", { host })).status).toBe(200);
    expect((await ask("/metrics", { host })).status).toBe(200);
    for (const path of ["/webhook", "/webhook/gitea"]) {
      const headers = { "x-gitea-signature": signature, "sec-fetch-site": "cross-site" };
      expect((await ask(path, { method: "POST", host, headers, body: "{}" })).status).toBe(202);
    }
  });
});

test.each([
  "localhost:3000",
  "LOCALHOST",
  "127.0.0.1:1",
  "[::1]:3000",
  "gitway.example.com",
  "gitway.example.com:8443",
])("a host of its own, %s, is served", async (host) => {
  expect((await ask("/api/thing", { host })).status).toBe(200);
  expect((await ask("/api/thing", { method: "PUT", host })).status).toBe(200);
});

describe("a page of another origin", () => {
  test.each<[string, Record<string, string>]>([
    ["by what the browser says", { "sec-fetch-site": "cross-site", origin: "https://evil.example.com" }],
    ["another port of this host", { "sec-fetch-site": "same-site", origin: "http://localhost:8080" }],
    ["whatever the browser says that it does not know", { "sec-fetch-site": "neighbour" }],
    ["by its origin", { origin: "https://evil.example.com" }],
    ["by the port of its origin", { origin: "http://localhost:8080" }],
    ["by a port of a listed host", { origin: "http://gitway.example.com:8080" }],
    ["that has no origin", { origin: "null" }],
    ["whose origin is none", { origin: "evil" }],
    ["whose origin is longer than the listed one", { origin: "https://gitway.example.com.evil.example" }],
  ])("may write nothing: %s", async (_, headers) => {
    handled = [];
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
      const answer = await ask("/api/thing", { method, host: "localhost:3000", headers });

      expect([method, answer.status, answer.body]).toEqual([
        method,
        403,
        { Status: "Error", Message: expect.stringMatching(/page of another site/), Meta: null },
      ]);
    }
    expect(handled).toEqual([]);
  });

  test.each<[string, string, Record<string, string>]>([
    [
      "of the same origin",
      "localhost:3000",
      { "sec-fetch-site": "same-origin", origin: "http://localhost:3000" },
    ],
    ["that the user opened", "localhost:3000", { "sec-fetch-site": "none" }],
    ["of the same origin, by an older browser", "localhost:3000", { origin: "http://localhost:3000" }],
    ["behind a proxy that ends TLS", "gitway.example.com:443", { origin: "https://gitway.example.com" }],
    ["behind a proxy that changes the host", "127.0.0.1:3000", { origin: "https://gitway.example.com" }],
  ])("is not one %s", async (_, host, headers) => {
    expect((await ask("/api/thing", { method: "POST", host, headers })).status).toBe(200);
  });

  test("is never told that it may share: no answer has a header of CORS", async () => {
    const origin = "https://evil.example.com";
    for (const [method, path] of [
      ["GET", "/api/thing"],
      ["OPTIONS", "/api/thing"],
      ["POST", "/api/thing"],
      ["OPTIONS", "/healthz"],
      ["GET", "/metrics"],
      ["OPTIONS", "/webhook"],
    ] as const) {
      const headers = { origin, "access-control-request-method": "PUT" };
      const { headers: given } = await ask(path, { method, host: "localhost", headers });
      expect(Object.keys(given).filter((name) => name.startsWith("access-control"))).toEqual([]);
    }
  });
});

function route(method: ApiRoute["method"]): ApiRoute {
  return {
    method,
    path: "/thing",
    access: { all: [] },
    summary: "",
    answer: "Envelope",
    handle: (context) => {
      handled.push(method);
      return context.json({});
    },
  };
}

function ask(
  path: string,
  {
    method = "GET",
    host,
    headers = {},
    body,
  }: { method?: string; host: string; headers?: Record<string, string>; body?: string },
) {
  return plainRequest(dashboard.url, path, {
    method,
    headers: { host, authorization: key, ...headers },
    ...(body === undefined ? {} : { body }),
  });
}
