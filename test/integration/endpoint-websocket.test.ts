import { afterEach, describe, expect, test, vi } from "vitest";

import type { Endpoint } from "../../src/endpoint/endpoint.ts";
import type { EndpointEvent } from "../../src/endpoint/request-handler.ts";
import type { ServedRequest } from "../../src/endpoint/served-request.ts";
import type { ApiDefinitionSpec, ProxyAction } from "../../src/manifest/api-definition.generated.ts";
import { createTargetGuard } from "../../src/target-guard.ts";
import {
  bearer,
  credential,
  definition,
  feedOf,
  scripted,
  secret,
  serve,
  state,
  token,
  withMiddleware,
} from "../support/serving.ts";
import { rawConnection, startRawUpstream, startUpstream, type RawConnection } from "../support/upstream.ts";
import {
  agree,
  frameOf,
  type OnHandshake,
  openWebSocket,
  startWebSocketUpstream,
  textFrame,
  type WebSocketUpstream,
} from "../support/web-socket.ts";

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close();
});

const protectedSpec: Partial<ApiDefinitionSpec> = { keyless: false, tokens: ["internal"] };

describe("a WebSocket", () => {
  test("passes messages of any size both ways, and closes with the code that either end gives", async () => {
    const upstream = await startEcho();
    const endpoint = await proxied({ targetUrl: upstream.url });
    const client = openWebSocket(`${endpoint.url}/p`);
    await client.opened;
    const large = new Uint8Array(1_000_000).map((_, index) => index % 251);

    client.socket.send("hello");
    client.socket.send(large);
    await vi.waitFor(() => expect(client.messages).toHaveLength(2));
    client.socket.close(4001, "bye");

    expect(client.messages[0]).toBe("hello");
    expect(Buffer.compare(Buffer.from(client.messages[1] as ArrayBuffer), Buffer.from(large))).toBe(0);
    expect(await client.closed).toEqual({ code: 4001, reason: "bye" });
  });

  test("is asked for at the upstream as any request is, with what belongs to the handshake", async () => {
    const upstream = await startEcho();
    const endpoint = await proxied({ targetUrl: `${upstream.url}/base?k=v` });

    const client = openWebSocket(`${endpoint.url}/p/chat/7?x=1`, ["chat", "other"]);
    await client.opened;

    const { url, headers } = upstream.requests[0]!;
    expect(url).toBe("/base/chat/7?k=v&x=1");
    expect(headers).toMatchObject({
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-protocol": "chat, other",
      host: new URL(upstream.url).host,
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-host": new URL(endpoint.url).host,
      "x-request-id": expect.any(String),
    });
    expect(client.socket.protocol).toBe("chat");
    client.socket.close();
    await client.closed;
  });

  test("is agreed to with the upstream's headers and Gitway's own, and no others about the connection", async () => {
    const upstream = await startUpstreamOf((request, socket) =>
      agree(
        request,
        socket,
        "",
        "X-A: 1\r\nKeep-Alive: timeout=5\r\nContent-Length: 5\r\nX-Request-Id: forged\r\n",
      ),
    );
    const endpoint = await proxied({ targetUrl: upstream.url });

    const connection = shake(endpoint, "/p");
    await vi.waitFor(() => expect(connection.text()).toMatch(/\r\n\r\n$/));

    const [status, ...headers] = connection.text().trimEnd().toLowerCase().split("\r\n");
    const names = headers.map((header) => header.split(":")[0]);
    expect(status).toBe("http/1.1 101 switching protocols");
    expect(new Set(names).size).toBe(names.length);
    expect(headers).toEqual(
      expect.arrayContaining(["connection: upgrade", "upgrade: websocket", "x-a: 1", "x-gitway-revision: 1"]),
    );
    for (const name of ["keep-alive", "content-length", "transfer-encoding"])
      expect(names).not.toContain(name);
    expect(connection.text()).not.toContain("forged");
    connection.socket.destroy();
  });

  test.each<[string, Partial<ApiDefinitionSpec>, string, Record<string, string>]>([
    ["header", {}, "", bearer],
    ["header of its own", { authentication: { header: "X-Key" } }, "", { "x-key": secret }],
    ["query", { authentication: { queryParameter: "key" } }, `?a=1&key=${secret}`, {}],
    ["cookie", { authentication: { cookie: "key" } }, "", { cookie: `a=1; key=${secret}` }],
  ])("is let in with a token in the %s, which is not handed on", async (_what, spec, query, headers) => {
    const upstream = await startEcho();
    const endpoint = await proxied({ targetUrl: upstream.url }, { ...protectedSpec, ...spec });

    const client = openWebSocket(`${endpoint.url}/p${query}`, { headers });
    await client.opened;

    const { url, rawHeaders } = upstream.requests[0]!;
    expect(`${url} ${rawHeaders.join(" ")}`).not.toContain(secret);
    client.socket.close();
    await client.closed;
  });

  test("goes to the targets in turn", async () => {
    const upstreams = [await startEcho(), await startEcho()];
    const endpoint = await proxied({ targets: upstreams.map(({ url }) => url) });

    for (let index = 0; index < 4; index++) {
      const client = openWebSocket(`${endpoint.url}/p`);
      await client.opened;
      client.socket.close();
      await client.closed;
    }

    expect(upstreams.map(({ requests }) => requests.length)).toEqual([2, 2]);
  });

  test("may be asked for behind other requests on the same connection", async () => {
    const upstream = await startUpstreamOf(
      (request, socket) => agree(request, socket, "agreed"),
      (request, response) => setImmediate(() => response.end(`page ${request.url}`)),
    );
    const endpoint = await proxied({ targetUrl: upstream.url });

    const { text, socket } = rawConnection(
      endpoint.url,
      `GET /p/1 HTTP/1.1\r\nHost: x\r\n\r\nGET /p/2 HTTP/1.1\r\nHost: x\r\n\r\n${handshake("/p/3")}`,
    );

    await vi.waitFor(() => expect(text()).toMatch(/page \/1[^]*page \/2[^]* 101 [^]*agreed$/));
    socket.destroy();
  });

  test("passes what either end sends with the handshake", async () => {
    const upstream = await startUpstreamOf((request, socket, head) => {
      agree(request, socket, "first of the upstream;");
      let text = "";
      const take = (chunk: Buffer) => {
        text += chunk.toString();
        if (text.endsWith(";")) socket.end(`got ${text}`);
      };
      take(head);
      socket.on("data", take);
    });
    const endpoint = await proxied({ targetUrl: upstream.url });

    const answer = await rawConnection(endpoint.url, `${handshake("/p")}first of the client;`).ended;

    expect(answer).toMatch(/\r\n\r\nfirst of the upstream;got first of the client;$/);
  });
});

describe("a handshake", () => {
  const refused: [string, Partial<ApiDefinitionSpec>, number, number][] = [
    ["no token", protectedSpec, 401, 1008],
    ["an expired API", { expires: "2001-01-01" }, 403, 2007],
    ["a blocked path", { paths: { blocked: [{ path: "/x" }] } }, 403, 2016],
    ["another address", { ipAllowList: { addresses: ["10.0.0.1"] } }, 403, 2008],
    ["no version", { versions: { location: "header", key: "v", entries: [{ name: "1" }] } }, 403, 2013],
    ["another method", { methods: ["POST"] }, 405, 3],
    ["a long query", { limits: { query: "1B" } }, 414, 1011],
    ["a target that may not be reached", target("http://169.254.169.254"), 502, 2009],
    ["a target that is not there", target("http://127.0.0.1:1"), 502, 2010],
    ["a target without a name", target("http://upstream.invalid"), 502, 2010],
    ["an unchecked kind of authentication", { authentication: { oauth2: true } }, 401, 1008],
  ];

  test.each(refused)("is refused as any request is: with %s", async (_what, spec, status, code) => {
    const upstream = await startEcho();
    const served: ServedRequest[] = [];
    const endpoint = await proxied({ targetUrl: upstream.url }, spec, { observe: (one) => served.push(one) });

    const plain = await fetch(`${endpoint.url}/p/x?a=1`);
    const answer = await shake(endpoint, "/p/x?a=1").ended;

    expect(plain.status).toBe(status);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*\r\nconnection: close\r\n`, "i"));
    expect(answer.split("\r\n\r\n")[1]).toBe(await plain.text());
    expect(answer).toContain(`"errorCode":${code},`);
    expect(upstream.requests).toHaveLength(0);
    await vi.waitFor(() => expect(served).toHaveLength(2));
    const [one, other] = served.map(({ status, isBrokenOff, decision, path }) => ({
      status,
      isBrokenOff,
      decision,
      path,
    }));
    expect(other).toEqual(one);
    expect(other?.isBrokenOff).toBe(false);
  });

  test.each([
    ["a reply", definition("it", { listenPath: "/p", tokens: ["internal"] })],
    ["a script", scripted("it", "export default () => ({})", { route: "p", tokens: ["internal"] })],
  ])("is not for %s, which only callers with a token learn", async (_what, served) => {
    const endpoint = await started(state([served]));
    const path = "blobs" in served ? "/api/custom/p" : "/p";

    expect(await shake(endpoint, path).ended).toMatch(/^HTTP\/1.1 401 /);
    const answer = await shake(endpoint, path, `Authorization: Bearer ${secret}\r\n`).ended;

    expect(answer).toMatch(/^HTTP\/1.1 501 [^]*"errorCode":2004,/);
  });

  test("is answered where a path has an answer of its own, or middleware gives one", async () => {
    const upstream = await startEcho();
    const action = { proxy: { targetUrl: upstream.url } };
    const reply = { action: "reply" as const, status: 418, body: "a teapot" };
    const endpoint = await started(
      state([
        definition("it", {
          listenPath: "/p",
          action,
          paths: { ignored: [{ path: "/tea", methods: { GET: reply } }] },
        }),
        withMiddleware(
          {},
          { pre: ["export default () => ({ reply: { status: 403, body: 'not you' } })"] },
          { definition: definition("other", { listenPath: "/q", action }), blobs: [] },
        ),
      ]),
    );

    expect(await shake(endpoint, "/p/tea").ended).toMatch(/^HTTP\/1.1 418 [^]*a teapot$/);
    expect(await shake(endpoint, "/q").ended).toMatch(/^HTTP\/1.1 403 [^]*not you$/);
    expect(upstream.requests).toHaveLength(0);
  });

  test("counts against the limits, and is an event when it is refused", async () => {
    const upstream = await startEcho();
    const events: EndpointEvent[] = [];
    const emit = (event: EndpointEvent) => void events.push(event);
    const spec = { listenPath: "/p", tokens: ["internal"], action: { proxy: { targetUrl: upstream.url } } };
    const tokens = [token("internal", { rateLimit: { limit: 1, window: "1h" } })];
    const endpoint = await started(state([definition("p", spec)], { tokens }), { emit });
    const first = openWebSocket(`${endpoint.url}/p`, { headers: bearer });
    await first.opened;

    const answer = await shake(endpoint, "/p", `Authorization: Bearer ${secret}\r\n`).ended;
    await shake(endpoint, "/p").ended;

    expect(answer).toMatch(/^HTTP\/1.1 429 [^]*retry-after: /i);
    expect(events.map(({ on }) => on)).toEqual(["RatelimitExceeded", "AuthFailure"]);
    first.socket.close();
    await first.closed;
  });

  test("that the upstream refuses has the upstream's answer", async () => {
    const body = "x".repeat(1_000_000);
    const upstream = await startUpstream((_request, response) =>
      response.writeHead(403, { "x-why": "closed" }).end(body),
    );
    opened.push(upstream);
    const endpoint = await proxied({ targetUrl: upstream.url });

    const answer = await shake(endpoint, "/p").ended;

    expect(answer).toMatch(/^HTTP\/1.1 403 [^]*x-why: closed/);
    expect(answer.length).toBeGreaterThan(body.length);
    expect(endpoint.openWebSockets()).toBe(0);
    await vi.waitFor(() => expect(upstream.requests[0]!.socket.destroyed).toBe(true));
  });

  test("that the upstream refuses with too large an answer is a 500", async () => {
    const upstream = await startUpstream((_request, response) =>
      response.writeHead(403, { "content-length": 8 }).end("too long"),
    );
    opened.push(upstream);
    const endpoint = await proxied({ targetUrl: upstream.url }, { limits: { responseBody: "3B" } });

    expect(await shake(endpoint, "/p").ended).toMatch(/^HTTP\/1.1 500 [^]*"errorCode":17,/);
  });

  test("that the upstream refuses, and then says no more, is cut off", async () => {
    const upstream = await startUpstream((_request, response) =>
      response.writeHead(403, { "content-length": 8 }).write("not"),
    );
    opened.push(upstream);
    const endpoint = await proxied({ targetUrl: upstream.url, idleTimeout: "300ms" });

    expect(await shake(endpoint, "/p").ended).toMatch(/^HTTP\/1.1 403 [^]*\r\n\r\nnot$/);
  });

  test.each([
    [
      "changes to another protocol",
      "HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
      502,
      2011,
    ],
    ["speaks no HTTP", "SSH-2.0-OpenSSH_9.6\r\n", 502, 2011],
    ["stalls", "", 504, 2012],
    ["changes to no protocol", "HTTP/1.1 101 x\r\n\r\n", 502, 2011],
  ])("of an upstream that %s is refused", async (_what, text, status, code) => {
    const upstream = await startRawUpstream((socket) => socket.write(text));
    opened.push(upstream);
    const endpoint = await proxied({ targetUrl: upstream.url, timeout: "500ms" });

    const answer = await shake(endpoint, "/p").ended;

    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*"errorCode":${code},`));
    expect(endpoint.openWebSockets()).toBe(0);
  });

  test("is judged by where the name of its target leads at that time", async () => {
    const upstream = await startEcho();
    let address = "127.0.0.1";
    const targets = createTargetGuard(undefined, (_hostname, _options, callback) =>
      callback(null, [{ address, family: 4 }]),
    );
    const targetUrl = `http://rebound.example.com:${new URL(upstream.url).port}`;
    const endpoint = await proxied({ targetUrl }, {}, { targets });
    const client = openWebSocket(`${endpoint.url}/p`);
    await client.opened;

    address = "169.254.169.254";

    expect(await shake(endpoint, "/p").ended).toMatch(/^HTTP\/1.1 502 [^]*"errorCode":2009,/);
    client.socket.close();
    await client.closed;
  });

  test("whose client goes away is given up at the upstream", async () => {
    const upstream = await startUpstreamOf(() => {});
    const endpoint = await proxied({ targetUrl: upstream.url });
    const { socket } = shake(endpoint, "/p");
    await vi.waitFor(() => expect(upstream.sockets).toHaveLength(1));

    socket.resetAndDestroy();

    await vi.waitFor(() =>
      expect(upstream.sockets[0]!.destroyed || upstream.sockets[0]!.readableEnded).toBe(true),
    );
    await vi.waitFor(() => expect(endpoint.openWebSockets()).toBe(0));
  });

  test("beyond the number of places is refused until one is free", async () => {
    const upstream = await startEcho();
    const endpoint = await proxied({ targetUrl: upstream.url }, {}, { webSockets: 1 });
    const first = openWebSocket(`${endpoint.url}/p`);
    await first.opened;

    const answer = await shake(endpoint, "/p").ended;
    first.socket.close();
    await vi.waitFor(() => expect(endpoint.openWebSockets()).toBe(0));
    const second = openWebSocket(`${endpoint.url}/p`);
    await second.opened;

    expect(answer).toMatch(/^HTTP\/1.1 503 [^]*retry-after: [^]*"errorCode":2006,/i);
    second.socket.close();
    await second.closed;
  });
});

describe("an open WebSocket", () => {
  test("is one line of the log, once it is over, and no request under way", async () => {
    const upstream = await startEcho();
    const served: ServedRequest[] = [];
    const spec = { ...protectedSpec };
    const endpoint = await proxied({ targetUrl: upstream.url }, spec, { observe: (one) => served.push(one) });
    const client = openWebSocket(`${endpoint.url}/p/x`, { headers: bearer });
    await client.opened;

    expect([endpoint.openWebSockets(), endpoint.openRequests(), served.length]).toEqual([1, 0, 0]);
    client.socket.close();
    await vi.waitFor(() => expect(served).toHaveLength(1));

    expect(served[0]).toMatchObject({
      method: "GET",
      path: "/p/x",
      status: 101,
      isBrokenOff: false,
      decision: { definition: "p", token: "internal", code: null },
    });
    expect(endpoint.openWebSockets()).toBe(0);
  });

  test.each(["upstream", "client"])("is not read faster than the other end takes it: %s", async (slow) => {
    const chunk = Buffer.alloc(64 * 1024);
    let written = 0;
    const flood = (socket: {
      write(data: Buffer): boolean;
      once(event: "drain", then: () => void): void;
    }) => {
      const more = () => {
        while (socket.write(chunk)) written += chunk.length;
        written += chunk.length;
        socket.once("drain", more);
      };
      more();
    };
    const upstream = await startUpstreamOf((request, socket) => {
      agree(request, socket);
      if (slow === "client") flood(socket);
      else socket.pause();
    });
    const endpoint = await proxied({ targetUrl: upstream.url });
    const { socket, text } = shake(endpoint, "/p");
    await vi.waitFor(() => expect(text()).toContain(" 101 "));
    socket.pause();
    if (slow === "upstream") flood(socket);

    let before = -1;
    await vi.waitFor(
      () => {
        const [last, now] = [before, (before = written)];
        expect(now).toBe(last);
      },
      { interval: 300, timeout: 10_000 },
    );

    expect(written).toBeLessThan(50_000_000);
    socket.destroy();
  });

  test.each<[string, (client: RawConnection, upstream: WebSocketUpstream) => void]>([
    ["the client ends", ({ socket }) => socket.end()],
    ["the client is gone", ({ socket }) => socket.resetAndDestroy()],
    ["the upstream ends", (_client, { sockets }) => sockets[0]!.end()],
    ["the upstream is gone", (_client, { sockets }) => sockets[0]!.resetAndDestroy()],
  ])("ends at both ends when %s", async (_what, end) => {
    const upstream = await startUpstreamOf((request, socket) => {
      agree(request, socket);
      socket.resume().once("end", () => socket.end());
    });
    const endpoint = await proxied({ targetUrl: upstream.url });
    const client = shake(endpoint, "/p");
    await vi.waitFor(() => expect(client.text()).toContain(" 101 "));

    end(client, upstream);

    await client.ended;
    await vi.waitFor(() =>
      expect(upstream.sockets[0]!.readableEnded || upstream.sockets[0]!.destroyed).toBe(true),
    );
    await vi.waitFor(() => expect(endpoint.openWebSockets()).toBe(0));
  });

  test("has what an end sent last, before it ended", async () => {
    const last = "x".repeat(2_000_000);
    const upstream = await startUpstreamOf((request, socket) => {
      agree(request, socket);
      socket.end(last);
    });
    const endpoint = await proxied({ targetUrl: upstream.url });

    const answer = await shake(endpoint, "/p").ended;

    expect(answer.endsWith(`\r\n\r\n${last}`)).toBe(true);
  });

  test("on which nothing passes for too long is closed", async () => {
    const upstream = await startEcho();
    const endpoint = await proxied({ targetUrl: upstream.url, idleTimeout: "300ms" });
    const client = openWebSocket(`${endpoint.url}/p`);
    await client.opened;

    expect((await client.closed).code).toBe(1006);
    await vi.waitFor(() => expect(endpoint.openWebSockets()).toBe(0));
  });

  test("on which something passes now and then stays open, whichever way it goes", async () => {
    let sent = 0;
    const upstream = await startUpstreamOf((request, socket) => {
      agree(request, socket);
      const timer = setInterval(() => {
        if (++sent < 10) return socket.write(frameOf(textFrame, String(sent)));
        clearInterval(timer);
        return socket.end(frameOf(0x88, Buffer.from([0x03, 0xe8])));
      }, 100);
    });
    const endpoint = await proxied({ targetUrl: upstream.url, idleTimeout: "500ms" });

    const client = openWebSocket(`${endpoint.url}/p`);

    expect((await client.closed).code).toBe(1000);
    expect(client.messages).toHaveLength(9);
  });

  test("outlives a new table, also one with another target", async () => {
    const upstreams = [await startEcho(), await startEcho()];
    const it = (targetUrl: string, revision: number) =>
      state([definition("p", { listenPath: "/p", action: { proxy: { targetUrl } } })], { revision });
    const feed = feedOf(it(upstreams[0]!.url, 1));
    const endpoint = await started(feed);
    const client = openWebSocket(`${endpoint.url}/p`);
    await client.opened;

    feed.set(it(upstreams[1]!.url, 2));
    await vi.waitFor(() => expect(endpoint.servedRevision()).toBe(2));
    client.socket.send("still here");

    await vi.waitFor(() => expect(client.messages).toEqual(["still here"]));
    client.socket.close();
    await client.closed;
  });

  const spec = (targetUrl: string, more: Partial<ApiDefinitionSpec> = {}): Partial<ApiDefinitionSpec> => ({
    listenPath: "/p",
    tokens: ["internal"],
    action: { proxy: { targetUrl } },
    ...more,
  });
  type Served = Parameters<typeof state>;

  test.each<[string, (targetUrl: string) => Served]>([
    ["its definition is deleted", () => [[]]],
    ["its definition is inactive", (url) => [[definition("p", spec(url, { active: false }))]]],
    ["its path is another definition's", (url) => [[definition("q", spec(url))]]],
    ["its definition is no proxy", (url) => [[definition("p", spec(url, { action: { reply: {} } }))]]],
    ["its path is blocked", (url) => [[definition("p", spec(url, { paths: { blocked: [{ path: "/" }] } }))]]],
    ["its token is not let in", (url) => [[definition("p", spec(url, { tokens: ["other"] }))]]],
    [
      "its token is disabled",
      (url) => [[definition("p", spec(url))], { tokens: [token("internal", { disabled: true })] }],
    ],
    ["its token is deleted", (url) => [[definition("p", spec(url))], { tokens: [] }]],
    [
      "its secret is revoked",
      (url) => [[definition("p", spec(url))], { credentials: [credential("internal", "z".repeat(40))] }],
    ],
  ])("is closed as soon as %s", async (_what, next) => {
    const upstream = await startEcho();
    const feed = feedOf(state([definition("p", spec(upstream.url))]));
    const endpoint = await started(feed);
    const client = openWebSocket(`${endpoint.url}/p`, { headers: bearer });
    await client.opened;

    const [definitions, rest] = next(upstream.url);
    feed.set(state(definitions, { revision: 2, ...rest }));

    expect((await client.closed).code).toBe(1006);
    await vi.waitFor(() => expect(endpoint.openWebSockets()).toBe(0));
  });

  test("is closed though the secret was revoked while the upstream still thought about it", async () => {
    let agreeNow = () => {};
    const upstream = await startUpstreamOf((request, socket) => {
      socket.resume();
      agreeNow = () => agree(request, socket);
    });
    const feed = feedOf(state([definition("p", spec(upstream.url))]));
    const endpoint = await started(feed);
    const client = openWebSocket(`${endpoint.url}/p`, { headers: bearer });
    await vi.waitFor(() => expect(upstream.requests).toHaveLength(1));

    feed.set(state([definition("p", spec(upstream.url))], { revision: 2, credentials: [] }));
    await vi.waitFor(() => expect(endpoint.servedRevision()).toBe(2));
    agreeNow();

    expect((await client.closed).code).toBe(1006);
  });

  test("ends with the endpoint, which does not wait for it for long", async () => {
    const upstream = await startEcho();
    const endpoint = await proxied({ targetUrl: upstream.url });
    const clients = Array.from({ length: 5 }, () => openWebSocket(`${endpoint.url}/p`));
    for (const client of clients) await client.opened;

    await endpoint.close();

    for (const client of clients) expect((await client.closed).code).toBe(1006);
    expect(upstream.sockets.every(({ readableEnded, destroyed }) => readableEnded || destroyed)).toBe(true);
  });

  test("of a client that does not let go ends with the endpoint all the same", async () => {
    const upstream = await startUpstreamOf((request, socket) => {
      agree(request, socket);
      socket.write(Buffer.alloc(50_000_000));
    });
    const endpoint = await proxied({ targetUrl: upstream.url });
    const client = shake(endpoint, "/p");
    await vi.waitFor(() => expect(client.text()).toContain(" 101 "));
    client.socket.pause();

    await endpoint.close();

    await vi.waitFor(() => expect(endpoint.openWebSockets()).toBe(0));
    client.socket.destroy();
  });
});

function target(targetUrl: string): Partial<ApiDefinitionSpec> {
  return { action: { proxy: { targetUrl } } };
}

async function startEcho(): Promise<WebSocketUpstream> {
  return await startUpstreamOf();
}

async function startUpstreamOf(
  onHandshake?: OnHandshake,
  onRequest?: Parameters<typeof startWebSocketUpstream>[1],
): Promise<WebSocketUpstream> {
  const upstream = await startWebSocketUpstream(onHandshake, onRequest);
  opened.push(upstream);
  return upstream;
}

async function proxied(
  proxy: ProxyAction,
  spec: Partial<ApiDefinitionSpec> = {},
  options: Parameters<typeof serve>[1] = {},
): Promise<Endpoint> {
  return await started(state([definition("p", { listenPath: "/p", action: { proxy }, ...spec })]), options);
}

async function started(...args: Parameters<typeof serve>): Promise<Endpoint> {
  const endpoint = await serve(...args);
  opened.push({ close: () => endpoint.closeNow() });
  return endpoint;
}

/** A bare connection that asks for a WebSocket. */
function shake(endpoint: Endpoint, path: string, headers = ""): RawConnection {
  return rawConnection(endpoint.url, handshake(path, headers));
}

function handshake(path: string, headers = ""): string {
  return (
    `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n` +
    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${headers}\r\n`
  );
}
