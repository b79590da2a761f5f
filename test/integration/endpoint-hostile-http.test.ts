import { connect } from "node:net";

import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import type { Endpoint } from "../../src/endpoint/endpoint.ts";
import { definition, scripted, serve, state } from "../support/serving.ts";
import { rawConnection, startUpstream, type Upstream } from "../support/upstream.ts";

let endpoint: Endpoint;
let upstream: Upstream;
beforeAll(async () => {
  upstream = await startUpstream((request, response) => {
    request.resume();
    request.on("end", () => response.end("upstream"));
  });
  const definitions = [
    definition("it", { listenPath: "/it" }),
    definition("proxy", { listenPath: "/proxy", action: { proxy: { targetUrl: upstream.url } } }),
    scripted("script", "export default ({ rawBody }) => ({ body: rawBody })"),
  ];
  endpoint = await serve(state(definitions), { times: { headers: 400, request: 800 } });
});
afterAll(async () => {
  await endpoint.closeNow();
  await upstream.close();
});

describe("a request that is no proper HTTP", () => {
  test.each([
    ["is no request", "hello\r\n\r\n", 400, 2001],
    ["has no host", "GET /it HTTP/1.1\r\nConnection: close\r\n\r\n", 400, 2001],
    ["has two hosts", "GET /it HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n", 400, 2001],
    ["has a bad host", "GET /it HTTP/1.1\r\nHost: a/b\r\nConnection: close\r\n\r\n", 400, 2001],
    ["has a space in a header name", "GET /it HTTP/1.1\r\nHost: x\r\nX y: z\r\n\r\n", 400, 2001],
    [
      "has a space before the colon",
      "POST /it HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\nhello",
      400,
      2001,
    ],
    ["folds a header", "GET /it HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\nX-: \u0000\r\n\r\n", 400, 2001],
    ["has a bare line feed", "GET /it HTTP/1.1\nHost: x\n\nGET /it HTTP/1.1\n\n\u0000", 400, 2001],
    ["has a NUL in a header", "GET /it HTTP/1.1\r\nHost: x\r\nX: a\u0000b\r\n\r\n", 400, 2001],
    ["has a carriage return in a header", "GET /it HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n", 400, 2001],
    ["has an unknown version", "GET /it HTTP/9.9\r\nHost: x\r\n\r\n", 400, 2001],
    [
      "has length and chunks",
      "POST /proxy HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /it HTTP/1.1\r\nHost: x\r\n\r\n",
      400,
      2001,
    ],
    [
      "has two lengths",
      "POST /proxy HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
      400,
      2001,
    ],
    ["has a negative length", "POST /proxy HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400, 2001],
    [
      "has a length that is a list",
      "POST /proxy HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\nhello",
      400,
      2001,
    ],
    [
      "has chunks of another coding",
      "POST /proxy HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\nConnection: close\r\n\r\n0\r\n\r\n",
      501,
      2005,
    ],
    [
      "has an unclear coding",
      "POST /proxy HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\nConnection: close\r\n\r\n0\r\n\r\n",
      400,
      2001,
    ],
    [
      "has the coding twice",
      "POST /proxy HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\nConnection: close\r\n\r\n0\r\n\r\n",
      400,
      2001,
    ],
    [
      "has headers beyond 16 KiB",
      `GET /it HTTP/1.1\r\nHost: x\r\nX: ${"a".repeat(20_000)}\r\n\r\n`,
      431,
      2003,
    ],
    ["has a path beyond 16 KiB", `GET /${"a".repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431, 2003],
    ["wants a tunnel", "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n", 405, 3],
    [
      "wants a WebSocket where there is none",
      "GET /it HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n",
      501,
      2004,
    ],
    [
      "wants a WebSocket and has no host",
      "GET /proxy HTTP/1.1\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n",
      400,
      2001,
    ],
    [
      "wants a WebSocket and has two hosts",
      "GET /proxy HTTP/1.1\r\nHost: x\r\nHost: y\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
      400,
      2001,
    ],
    [
      "wants a WebSocket and leaves the path",
      "GET /it/../proxy HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
      400,
      2001,
    ],
    ["asks about the server", "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 400, 2001],
    ["leaves the path", "GET /it/../proxy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 400, 2001],
    [
      "leaves the path in disguise",
      "GET /proxy/%2e%2e%2fit HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
      400,
      2001,
    ],
    ["has a broken escape", "GET /it%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 400, 2001],
    ["has an encoded NUL", "GET /it%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 400, 2001],
    [
      "has raw bytes in its path",
      "GET /it/\u00e9 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
      400,
      2001,
    ],
    [
      "has an unknown expectation",
      "GET /it HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nConnection: close\r\n\r\n",
      417,
      2019,
    ],
    [
      "has a body and an unknown expectation",
      "POST /proxy HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
      417,
      2019,
    ],
  ])("because it %s is refused", async (_what, text, status, code) => {
    const before = upstream.requests.length;

    const answer = await exchange(text);

    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toContain(`"errorCode":${code},`);
    expect(answer).toMatch(/^x-request-id: [0-9a-f]{12}\r$/m);
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(upstream.requests).toHaveLength(before);
  });

  test.each([
    ["is no hexadecimal", "zz\r\nhello\r\n0\r\n\r\n"],
    ["is negative", "-5\r\nhello\r\n0\r\n\r\n"],
    ["is too large to count", "fffffffffffffffffffff\r\nhello\r\n0\r\n\r\n"],
    ["is not followed by its end", "5\r\nhelloXX0\r\n\r\n"],
  ])("because the size of a chunk %s reaches nobody as a whole", async (_what, chunks) => {
    const head =
      "POST /script HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n";

    const answer = await exchange(head.replace("/script", "/api/custom/script") + chunks);

    expect(answer).toMatch(/^HTTP\/1\.1 500 [^]*"errorCode":1007,/);
    expect(answer).not.toContain("hello");
  });

  test("because its body ends too early is told so", async () => {
    const head =
      "POST /api/custom/script HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\n";
    const connection = rawConnection(endpoint.url, `${head}hello`);
    connection.socket.end();

    expect(await connection.ended).toMatch(/^HTTP\/1\.1 500 [^]*"errorCode":1007,/);
  });

  test("is cut off when its headers come too slowly", async () => {
    const connection = rawConnection(endpoint.url, "GET /it HTTP/1.1\r\nHost: x\r\n");
    const drip = setInterval(() => connection.socket.write("X-A: b\r\n"), 100);

    const answer = await connection.ended;
    clearInterval(drip);

    expect(answer).toMatch(/^HTTP\/1.1 408 /);
    expect(answer).toContain('"errorCode":2002,');
  });

  test("is cut off when its body comes too slowly", async () => {
    const head =
      "POST /api/custom/script HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\n";
    const connection = rawConnection(endpoint.url, head);
    const drip = setInterval(() => connection.socket.write("x"), 100);

    const answer = await connection.ended;
    clearInterval(drip);

    expect(answer).toMatch(/^HTTP\/1.1 408 /);
  });
});

test("a tunnel that is refused is told what is taken instead", async () => {
  const answer = await exchange("CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n");

  expect(answer).toMatch(/^allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r$/m);
});

test.each([
  ["a tunnel", "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n"],
  ["what is no HTTP", "hello\r\n\r\n"],
  ["a WebSocket", "GET /proxy HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"],
  ["a page", "GET /it HTTP/1.1\r\nHost: x\r\n\r\n"],
])("a client that asks for %s and resets its connection costs nobody anything", async (_what, text) => {
  for (let tries = 0; tries < 30; tries++) {
    const { socket, ended } = rawConnection(endpoint.url, text);
    socket.once(tries % 2 === 0 ? "connect" : "data", () => setImmediate(() => socket.resetAndDestroy()));
    await ended;
  }

  expect((await fetch(`${endpoint.url}/it`)).status).toBe(200);
});

describe("a client", () => {
  test("may send requests one after the other without waiting", async () => {
    const one =
      "POST /api/custom/script HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\n";
    const last = "GET /it HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

    const answer = await exchange(`${one}1${one}2${one}3${last}`);

    const bodies = answer.split("\r\n\r\n").map((part) => part.split("HTTP/1.1")[0]);
    expect(bodies).toEqual(["", "1", "2", "3", "it"]);
  });

  test("gets the answer to a request before that to the nonsense behind it", async () => {
    const answer = await exchange("GET /it HTTP/1.1\r\nHost: x\r\n\r\nhello\r\n\r\n");

    expect([...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual(["200", "400"]);
  });

  test("may offer HTTP/2, which is not taken", async () => {
    const answer = await exchange(
      "POST /api/custom/script HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n" +
        "Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello",
    );

    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(answer).toMatch(/hello$/);
  });

  test.each([
    ["a body", "POST /proxy HTTP/1.1", "Content-Length: 5\r\n", "hello"],
    ["a body although it is a GET", "GET /proxy HTTP/1.1", "Content-Length: 5\r\n", "hello"],
    ["chunks", "GET /proxy HTTP/1.1", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"],
  ])("that offers WebSocket with %s is served without", async (_what, line, framing, body) => {
    const answer = await exchange(
      `${line}\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n${framing}\r\n${body}`,
    );

    expect(answer).toMatch(/^HTTP\/1.1 200 [^]*upstream/);
    expect(upstream.requests.at(-1)?.headers).not.toHaveProperty("upgrade");
  });

  test("may speak HTTP/1.0", async () => {
    expect(await exchange("GET /it HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1.1 200 [^]*it$/);
    expect(await exchange("GET /it HTTP/1.0\r\nExpect: tea\r\n\r\n")).toMatch(/^HTTP\/1.1 200 [^]*it$/);
    expect(await exchange("GET /proxy HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1.1 200 [^]*upstream$/);
  });

  test("may name the whole URL", async () => {
    expect(await exchange("GET http://x/it HTTP/1.1\r\nHost: y\r\nConnection: close\r\n\r\n")).toMatch(
      / 200 /,
    );
  });

  test("is asked for a body only when it will be read", async () => {
    const head = (path: string) =>
      `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`;
    const refused = rawConnection(endpoint.url, head("/none"));
    const taken = rawConnection(endpoint.url, head("/api/custom/script"));
    const proxied = rawConnection(endpoint.url, head("/proxy"));

    await vi.waitFor(() => expect(taken.text()).toContain("100 Continue"));
    await vi.waitFor(() => expect(proxied.text()).toContain("100 Continue"));
    taken.socket.write("hello");
    proxied.socket.write("hello");

    expect(await refused.ended).toMatch(/^HTTP\/1.1 404 /);
    await vi.waitFor(() => expect(taken.text()).toMatch(/ 200 OK[^]*hello$/));
    await vi.waitFor(() => expect(proxied.text()).toMatch(/ 200 OK[^]*upstream/));
    taken.socket.destroy();
    proxied.socket.destroy();
  });

  test("that is refused can read why, though it is still sending", async () => {
    const response = await fetch(`${endpoint.url}/none`, {
      method: "POST",
      body: new Uint8Array(2 * 1024 * 1024),
    });

    expect(response.status).toBe(404);
  });

  test("that is refused and never stops sending is cut off", async () => {
    const socket = connect(Number(new URL(endpoint.url).port), "127.0.0.1");
    socket.on("error", () => {});
    socket.write("POST /none HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n");
    const chunk = Buffer.alloc(65_536);
    const send = () => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on("drain", send);

    send();

    await new Promise((resolve) => socket.once("close", resolve));
    expect(socket.bytesWritten).toBeLessThan(100_000_000);
  });

  test("that connects and says nothing does not stop others", async () => {
    const idle = Array.from({ length: 50 }, () => rawConnection(endpoint.url, "GET /it"));

    expect((await fetch(`${endpoint.url}/it`)).status).toBe(200);

    for (const { socket } of idle) socket.destroy();
  });
});

/** Sends bytes on a connection of its own and reads until the other side closes. */
async function exchange(text: string): Promise<string> {
  return await rawConnection(endpoint.url, text).ended;
}
