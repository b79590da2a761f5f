import type { Socket } from "node:net";

import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";

import type { Endpoint } from "../../src/endpoint/endpoint.ts";
import { createTargetGuard } from "../../src/target-guard.ts";
import { definition, serve, state } from "../support/serving.ts";
import { rawConnection, startRawUpstream, type Upstream } from "../support/upstream.ts";

/** Whatever nobody has caught. */
const uncaught: unknown[] = [];
const note = (error: unknown) => void uncaught.push(error);
beforeAll(() => process.on("unhandledRejection", note).on("uncaughtException", note));
afterAll(() => void process.off("unhandledRejection", note).off("uncaughtException", note));

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close();
  // What is still to be thrown is thrown by now.
  await new Promise((resolve) => setImmediate(resolve));
  if (uncaught.length > 0) throw new AggregateError(uncaught.splice(0), "An error was caught by nobody.");
});

/** How an upstream's connection ends. */
const endings: readonly [string, (socket: Socket) => void][] = [
  ["ends", (socket) => socket.end()],
  ["is destroyed", (socket) => socket.destroy()],
  ["is reset", (socket) => socket.resetAndDestroy()],
];

/** What callers ask, and what they have sent of it when nothing more comes. */
const requests: readonly [string, string][] = [
  ["a GET", "GET /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"],
  ["a HEAD", "HEAD /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"],
  ["a POST", "POST /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"],
  [
    "a POST whose body is not all there",
    "POST /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
  ],
  [
    "a handshake",
    "GET /p HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eHh4eHh4eHh4eHh4eHh4eA==\r\n\r\n",
  ],
];

/** What an upstream has said when its connection ends; null when it ended before it was asked. */
const beforeAnswer: readonly [string, string | null][] = [
  ["before it is asked", null],
  ["before the first byte", ""],
  ["in the version", "HTT"],
  ["in the status line", "HTTP/1.1 2"],
  ["after the status line", "HTTP/1.1 200 OK\r\n"],
  ["in a header", "HTTP/1.1 200 OK\r\nContent-Length: 1"],
  ["between headers", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n"],
  ["after a hint", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"],
];

/** The same after the head of an answer, of which a HEAD sees all there is. */
const withinAnswer: readonly [string, string][] = [
  ["after the head", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"],
  ["in the body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"],
  ["in the size of a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1"],
  ["in a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhello"],
  ["after a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"],
  ["before the end of the last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"],
];

describe.each(requests)("%s to an upstream whose connection", (_request, request) => {
  describe.each(endings)("%s", (_ending, end) => {
    test.each(beforeAnswer)("%s is a 502", async (_when, said) => {
      const endpoint = await proxied((socket) => failAfter(socket, said, end));

      const answer = await rawConnection(endpoint.url, request).ended;

      expect(answer).toMatch(/^HTTP\/1.1 502 [^]*x-request-id: /i);
      if (!request.startsWith("HEAD")) expect(answer).toContain('"errorCode":2011,');
      await isIdle(endpoint);
    });

    test.each(withinAnswer)("%s never gets an answer that looks whole", async (_when, said) => {
      const endpoint = await proxied((socket) => failAfter(socket, said, end));

      const answer = await rawConnection(endpoint.url, request).ended;

      // A reset may overtake what was sent before it.
      const isWhole = request.startsWith("HEAD")
        ? /^HTTP\/1.1 (?:200|502) /.test(answer)
        : !/^HTTP\/1.1 200 /.test(answer) || !answer.endsWith("\r\n0\r\n\r\n");
      expect([isWhole, answer]).toEqual([true, answer]);
      expect(answer).not.toMatch(/hello[^]*HTTP\/1.1/);
      await isIdle(endpoint);
    });
  });
});

describe("a connection that served a call", () => {
  const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

  test.each(endings)("and %s with its answer is not used again", async (_ending, end) => {
    const endpoint = await proxied((socket) => socket.on("data", () => socket.write(ok, () => end(socket))));

    const answers = [];
    for (let index = 0; index < 20; index++) answers.push(await status(`${endpoint.url}/p`));

    // A reset may overtake the answer.
    expect(new Set(answers).size).toBeLessThanOrEqual(2);
    expect(answers.every((one) => one === 200 || (_ending === "is reset" && one === 502))).toBe(true);
    await isIdle(endpoint);
  });

  test.each(endings)(
    "and %s when it is asked again is no failure of a call that changes nothing",
    async (_ending, end) => {
      const upstream = await onceEach(end);
      const endpoint = await proxiedTo(upstream.url);

      const answers = [];
      for (const method of ["GET", "GET", "HEAD", "OPTIONS", "GET"])
        answers.push(await status(`${endpoint.url}/p`, { method }));

      expect(answers).toEqual([200, 200, 200, 200, 200]);
      await isIdle(endpoint);
    },
  );

  test.each(endings)(
    "and %s when it is asked again fails a call that may change something, once",
    async (_ending, end) => {
      const upstream = await onceEach(end);
      const endpoint = await proxiedTo(upstream.url);

      const answers = [];
      for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
        await status(`${endpoint.url}/p`);
        answers.push(await status(`${endpoint.url}/p`, { method, body: "hello" }));
      }

      expect(answers).toEqual([502, 502, 502, 502]);
      expect(upstream.asked.filter((line) => !line.startsWith("GET"))).toHaveLength(4);
      await isIdle(endpoint);
    },
  );

  test("and fails each time it is asked again is asked no third time", async () => {
    let asked = 0;
    const endpoint = await proxied((socket) =>
      socket.on("data", () => {
        asked++;
        if (asked === 1) socket.write(ok);
        else socket.end("HTTP/1.1 2");
      }),
    );

    expect(await status(`${endpoint.url}/p`)).toBe(200);
    expect(await status(`${endpoint.url}/p`)).toBe(502);
    expect(asked).toBe(3);
  });

  test("and says something unasked is not believed", async () => {
    const endpoint = await proxied((socket) =>
      socket.on("data", () => {
        socket.write(ok);
        setImmediate(() => socket.end("HTTP/1.1 408 Request Timeout\r\nContent-Length: 4\r\n\r\nlate"));
      }),
    );

    const answers = [];
    for (let index = 0; index < 20; index++) answers.push(await status(`${endpoint.url}/p`));

    expect(new Set(answers)).toEqual(new Set([200]));
  });

  /** Answers the first request of each connection, and ends it at the second. */
  async function onceEach(end: (socket: Socket) => void) {
    const asked: string[] = [];
    const upstream = await startRawUpstream((socket) => {
      let served = 0;
      socket.on("data", (data) => {
        const line = /^[A-Z]+ \//.exec(data.toString("latin1"))?.[0];
        if (line === undefined) return;
        asked.push(line);
        if (served++ > 0) end(socket);
        else socket.write(line.startsWith("HEAD") ? ok.slice(0, -2) : ok);
      });
    });
    opened.push(upstream);
    return { url: upstream.url, asked };
  }
});

describe("a caller that goes away", () => {
  const upstreams: readonly [string, string][] = [
    ["says nothing", ""],
    ["has begun to answer", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"],
    ["agrees", "HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"],
  ];

  test.each(
    requests.flatMap(([name, request]) =>
      upstreams.flatMap(([state, said]) =>
        (["destroy", "resetAndDestroy"] as const).map((leave) => ({ name, request, state, said, leave })),
      ),
    ),
  )(
    "from $name by $leave, while the upstream $state, leaves nothing behind",
    async ({ request, said, leave }) => {
      let sockets = 0;
      let gone = 0;
      const upstream = await startRawUpstream((socket) => {
        sockets++;
        socket.once("close", () => gone++);
        socket.once("data", () => socket.write(said));
      });
      opened.push(upstream);
      const endpoint = await proxiedTo(upstream.url, "30s");
      const client = rawConnection(endpoint.url, request);
      await vi.waitFor(() => expect(sockets).toBe(1));

      client.socket[leave]();

      await isIdle(endpoint);
      // The client that Gitway uses may open one more, and gives it up unused.
      await vi.waitFor(() => expect(gone).toBe(sockets));
    },
  );

  test.each(requests)(
    "from %s while the target's name is looked up leaves nothing behind",
    async (_name, request) => {
      let found = () => {};
      const targets = createTargetGuard(undefined, (_hostname, _options, callback) => {
        found = () => callback(null, [{ address: "127.0.0.1", family: 4 }]);
      });
      const upstream = await startRawUpstream((socket) => socket.resume());
      opened.push(upstream);
      const endpoint = await proxiedTo(`http://upstream.example.com:${upstream.port}`, "30s", targets);
      const client = rawConnection(endpoint.url, request);
      await vi.waitFor(() => expect(found.name).toBe("found"));

      client.socket.resetAndDestroy();
      await isIdle(endpoint);
      found();
    },
  );
});

test.each(requests)("%s that is under way when the endpoint is cut off ends", async (_name, request) => {
  let asked = false;
  const upstream = await startRawUpstream((socket) => socket.once("data", () => (asked = true)));
  opened.push(upstream);
  const endpoint = await proxiedTo(upstream.url, "30s");
  const client = rawConnection(endpoint.url, request);
  await vi.waitFor(() => expect(asked).toBe(true));

  await endpoint.closeNow();

  expect(await client.ended).not.toContain("HTTP/1.1 200");
});

/** Says this once it is asked, and ends; without anything to say, ends at once. */
function failAfter(socket: Socket, said: string | null, end: (socket: Socket) => void): void {
  if (said === null) return end(socket);
  socket.once("data", () => (said === "" ? end(socket) : socket.write(said, () => end(socket))));
}

async function isIdle(endpoint: Endpoint): Promise<void> {
  await vi.waitFor(() => expect([endpoint.openRequests(), endpoint.openWebSockets()]).toEqual([0, 0]));
}

async function status(url: string, init: RequestInit = {}): Promise<number> {
  const response = await fetch(url, init);
  await response.arrayBuffer();
  return response.status;
}

async function proxied(onSocket: (socket: Socket) => void): Promise<Endpoint> {
  const upstream: Upstream = await startRawUpstream(onSocket);
  opened.push(upstream);
  return await proxiedTo(upstream.url);
}

async function proxiedTo(
  targetUrl: string,
  timeout = "20s",
  targets = createTargetGuard(),
): Promise<Endpoint> {
  const action = { proxy: { targetUrl, timeout } };
  const endpoint = await serve(state([definition("p", { listenPath: "/p", action })]), { targets });
  opened.push({ close: () => endpoint.closeNow() });
  return endpoint;
}
