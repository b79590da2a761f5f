import { createHmac } from "node:crypto";
import { connect } from "node:net";

import { pino } from "pino";
import { afterEach, describe, expect, test } from "vitest";

import { createMetrics } from "../../src/dashboard/metrics.ts";
import { startDashboard, type Dashboard, type Health } from "../../src/dashboard/server.ts";
import { Secret } from "../../src/secret.ts";

const secretText = "a secret that forges sign with 0123456789";
const healthy: Health = {
  ready: true,
  reason: null,
  servedRevision: 3,
  servedFrom: "store",
  appliedRevision: 3,
  state: "synced",
};

let dashboard: Dashboard | null = null;
let wakes: string[] = [];
let logged = "";

afterEach(async () => {
  await dashboard?.close();
  dashboard = null;
  wakes = [];
  logged = "";
});

describe("health", () => {
  test("/healthz says that the process lives", async () => {
    const url = await start();

    const answer = await fetch(`${url}/healthz`);

    expect([answer.status, await answer.json()]).toEqual([200, { alive: true }]);
  });

  test("/readyz says where the process stands", async () => {
    const url = await start();

    const answer = await fetch(`${url}/readyz`);

    expect([answer.status, await answer.json()]).toEqual([200, healthy]);
  });

  test("/readyz is a 503 with the reason while the process is not ready", async () => {
    const health = { ...healthy, ready: false, reason: "the first pass has not ended", servedRevision: null };
    const url = await start({ health: () => Promise.resolve(health) });

    const answer = await fetch(`${url}/readyz`);

    expect([answer.status, await answer.json()]).toEqual([503, health]);
  });

  test("a failure is a 500 that tells nothing", async () => {
    const url = await start({ health: () => Promise.reject(new Error("inner matters")) });

    const answer = await fetch(`${url}/readyz`);

    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain("inner matters");
    expect(logged).toContain("inner matters");
  });

  test("answers carry headers that keep browsers careful, and none that share", async () => {
    const url = await start();

    const { headers } = await fetch(`${url}/healthz`, { headers: { origin: "https://evil.example.com" } });

    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("access-control-allow-origin")).toBeNull();
  });

  test("other methods are a 405, and other paths a 404", async () => {
    const url = await start();

    expect((await fetch(`${url}/healthz`, { method: "POST", body: "x" })).status).toBe(405);
    expect((await fetch(`${url}/metrics`, { method: "DELETE" })).status).toBe(405);
    expect((await fetch(`${url}/nothing`)).status).toBe(404);
  });
});

test("/metrics is what has been counted", async () => {
  const url = await start();

  const answer = await fetch(`${url}/metrics`);

  expect(answer.headers.get("content-type")).toContain("text/plain");
  expect(await answer.text()).toContain("process_cpu_user_seconds_total");
});

describe("the webhook receiver", () => {
  const body = JSON.stringify({ ref: "refs/heads/main" });

  test.each([
    ["github", { "x-hub-signature-256": `sha256=${sign(body)}` }],
    ["gitlab", { "x-gitlab-token": secretText }],
    ["gitea", { "x-gitea-signature": sign(body) }],
    ["generic", { "x-gitway-signature": `sha256=${sign(body)}` }],
  ])("takes what %s sends, at its own path and at the common one", async (provider, headers) => {
    const url = await start();

    const own = await post(`${url}/webhook/${provider}`, body, headers);
    const common = await post(`${url}/webhook`, body, headers);

    expect([own.status, common.status]).toEqual([202, 202]);
    expect(wakes).toEqual(["webhook", "webhook"]);
  });

  test.each<[string, Record<string, string>]>([
    ["no signature", {}],
    ["a wrong one", { "x-hub-signature-256": `sha256=${sign("other")}` }],
    ["one with another secret", { "x-hub-signature-256": `sha256=${sign(body, "other")}` }],
    ["one without its prefix", { "x-hub-signature-256": sign(body) }],
    ["half of one", { "x-gitea-signature": sign(body).slice(0, 32) }],
    ["one and more", { "x-gitea-signature": `${sign(body)}00` }],
    ["one that is no hex", { "x-gitea-signature": "z".repeat(64) }],
    ["an empty one", { "x-gitea-signature": "" }],
    ["another algorithm", { "x-hub-signature-256": `sha1=${sign(body)}` }],
    ["a wrong token", { "x-gitlab-token": `${secretText} `.replace(" ", "x") }],
    ["an empty token", { "x-gitlab-token": "" }],
  ])("refuses %s", async (_, headers) => {
    const url = await start();

    const answer = await post(`${url}/webhook`, body, headers);

    expect(answer.status).toBe(401);
    expect(wakes).toEqual([]);
  });

  test("refuses the proof of one forge at the path of another", async () => {
    const url = await start();

    expect((await post(`${url}/webhook/github`, body, { "x-gitlab-token": secretText })).status).toBe(401);
  });

  test("takes Gitea's signature also when its copy for GitHub's readers is wrong", async () => {
    const url = await start();
    const headers = { "x-hub-signature-256": "sha256=00", "x-gitea-signature": sign(body) };

    expect((await post(`${url}/webhook`, body, headers)).status).toBe(202);
  });

  test("signs over the bytes as they came, whatever they are", async () => {
    const url = await start();
    const bytes = Buffer.from([0, 255, 254, 13, 10, 0]);
    const signature = createHmac("sha256", secretText).update(bytes).digest("hex");

    const answer = await fetch(`${url}/webhook/gitea`, {
      method: "POST",
      body: bytes,
      headers: { "x-gitea-signature": signature, "content-type": "application/x-nonsense" },
    });

    expect(answer.status).toBe(202);
  });

  test("a replay is harmless: it wakes, and that is all", async () => {
    const url = await start();
    const headers = { "x-gitea-signature": sign(body) };

    const answers = [
      await post(`${url}/webhook`, body, headers),
      await post(`${url}/webhook`, body, headers),
    ];

    expect(answers.map((answer) => answer.status)).toEqual([202, 202]);
  });

  test("explains itself when no secret is configured, or nothing here could be woken", async () => {
    const url = await start({ webhook: { secret: null, wake: () => {} } });
    const refused = await post(`${url}/webhook`, body, {});
    await dashboard?.close();

    const elsewhere = await post(`${await start({ webhook: null })}/webhook`, body, {});

    expect([refused.status, elsewhere.status]).toEqual([403, 404]);
    expect(await refused.text()).toContain("webhook.secretEnv");
    expect(await elsewhere.text()).toContain("controller");
  });

  test.each(["nothing", "__proto__", "constructor", "%2e%2e"])("knows no provider %s", async (name) => {
    const url = await start();

    expect((await post(`${url}/webhook/${name}`, body, {})).status).toBe(404);
  });

  test.each(["GET", "PUT", "DELETE", "OPTIONS", "HEAD"])("refuses %s", async (method) => {
    const url = await start();

    const answer = await fetch(`${url}/webhook/github`, { method });

    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST"]);
  });

  test("refuses an announced length beyond the limit without reading", async () => {
    const url = await start();

    const answer = await raw(url, [
      "POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000000\r\n\r\nfirst bytes",
    ]);

    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  });

  test("stops reading an endless body", async () => {
    const url = await start();
    const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;

    const answer = await raw(url, [
      "POST /webhook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
      ...Array.from({ length: 40 }, () => chunk),
    ]);

    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(wakes).toEqual([]);
  });

  test.each([
    ["two lengths", "POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"],
    [
      "length and chunks",
      "POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["a length that is none", "POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n"],
    ["no HTTP at all", "\u0000\u0001\u0002\r\n\r\n"],
  ])("refuses %s", async (_, text) => {
    const url = await start();

    expect(await raw(url, [text])).toMatch(/^HTTP\/1\.1 400 /);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  test("a caller who leaves half way does no harm", async () => {
    const url = await start();
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await new Promise((resolve) =>
      socket.write("POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf", resolve),
    );

    socket.destroy();

    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect(wakes).toEqual([]);
  });

  test("no secret is logged", async () => {
    const url = await start();

    await post(`${url}/webhook`, body, { "x-gitlab-token": `${secretText}?` });
    await post(`${url}/webhook`, body, { "x-gitlab-token": secretText });

    expect(logged).toContain("refused");
    expect(logged).not.toContain(secretText);
  });
});

describe("starting and closing", () => {
  test("a port in use is said to be in use", async () => {
    const url = await start();

    const second = startDashboard({ ...defaults(), port: Number(new URL(url).port) });

    await expect(second).rejects.toMatchObject({
      code: "port-in-use",
      message: expect.stringContaining("is in use"),
    });
  });

  test("an address of somebody else can't be used", async () => {
    await expect(startDashboard({ ...defaults(), host: "192.0.2.1" })).rejects.toMatchObject({
      code: "port-in-use",
      message: expect.stringContaining("EADDRNOTAVAIL"),
    });
  });

  test("closing ends connections that idle", async () => {
    const url = await start();
    await fetch(`${url}/healthz`);

    await dashboard?.close();
    dashboard = null;

    await expect(fetch(`${url}/healthz`)).rejects.toThrow("fetch failed");
  });
});

function defaults() {
  const log = pino({ base: null }, { write: (line: string) => void (logged += line) });
  return {
    host: "127.0.0.1",
    port: 0,
    hosts: [],
    health: () => Promise.resolve(healthy),
    metrics: createMetrics(
      () => null,
      async () => null,
    ).exposition,
    api: { keys: { userOf: () => null, settled: async () => {} }, routes: [] },
    webhook: { secret: new Secret(secretText), wake: (reason: string) => void wakes.push(reason) },
    log,
  };
}

async function start(options: Partial<Parameters<typeof startDashboard>[0]> = {}): Promise<string> {
  dashboard = await startDashboard({ ...defaults(), ...options });
  return dashboard.url;
}

function post(url: string, body: string, headers: Record<string, string>) {
  return fetch(url, { method: "POST", body, headers });
}

function sign(body: string, secret = secretText): string {
  return createHmac("sha256", secret).update(body).digest("hex");
}

/** Sends text as it stands and gives what comes back until the other side closes. */
function raw(url: string, parts: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let answer = "";
    socket.on("data", (data) => {
      answer += data.toString("latin1");
      if (answer.includes("\r\n\r\n")) socket.destroy();
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
    for (const part of parts) socket.write(part);
  });
}
