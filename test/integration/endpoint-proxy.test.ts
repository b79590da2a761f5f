import { createHash, type Hash } from "node:crypto";
import { once } from "node:events";
import { request as httpRequest } from "node:http";

import { afterEach, describe, expect, test, vi } from "vitest";

import type { Endpoint } from "../../src/endpoint/endpoint.ts";
import type { ApiDefinitionSpec, ProxyAction } from "../../src/manifest/api-definition.generated.ts";
import { createTargetGuard } from "../../src/target-guard.ts";
import { bearer, definition, errorCode, secret, serve, state, withMiddleware } from "../support/serving.ts";
import { rawConnection, startRawUpstream, startUpstream, type Upstream } from "../support/upstream.ts";

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close();
});

describe("a proxied request", () => {
  test("reaches the target with its path, query, method, headers and body", async () => {
    const upstream = await echo();
    const endpoint = await proxied({ targetUrl: `${upstream.url}/base/?k=v` });

    const response = await fetch(`${endpoint.url}/p/a%2Fb//c/?x=%20&x=2`, {
      method: "POST",
      body: "hello",
      headers: { "x-a": "1", accept: "text/html" },
    });

    expect(await response.json()).toMatchObject({
      method: "POST",
      url: "/base/a%2Fb/c/?k=v&x=%20&x=2",
      body: "hello",
      headers: { "x-a": "1", accept: "text/html", host: new URL(upstream.url).host, "content-length": "5" },
    });
  });

  test.each(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])(
    "may be a %s",
    async (method) => {
      const upstream = await echo();
      const endpoint = await proxied({ targetUrl: upstream.url });

      const response = await fetch(`${endpoint.url}/p`, { method });

      expect(response.status).toBe(200);
      expect(upstream.requests[0]?.method).toBe(method);
    },
  );

  test("may not be a TRACE", async () => {
    const upstream = await echo();
    const endpoint = await proxied({ targetUrl: upstream.url });

    const answer = await raw(endpoint, "TRACE /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

    expect(answer).toMatch(/^HTTP\/1.1 405 /);
    expect(upstream.requests).toHaveLength(0);
  });

  test.each([
    [{ stripPath: false }, "/p/x/", "/p/x/"],
    [{ stripPath: true }, "/p/x/", "/x/"],
    [{ stripPath: true }, "/p/", "/"],
    [{ keepTrailingSlash: true }, "/p/", "/"],
  ])("has its path stripped as %j says: %s becomes %s", async (action, path, expected) => {
    const upstream = await echo();
    const endpoint = await proxied({ targetUrl: upstream.url, ...action });

    await fetch(endpoint.url + path);

    expect(upstream.requests[0]?.url).toBe(expected);
  });

  test("below the base loses base and route", async () => {
    const upstream = await echo();
    const action = { proxy: { targetUrl: `${upstream.url}/v2` } };
    const endpoint = await started(
      state([definition("p", { route: "video/{id}", action, tokens: ["internal"] })]),
    );

    await fetch(`${endpoint.url}/api/custom/Video/7/status`, { headers: bearer });

    expect(upstream.requests[0]?.url).toBe("/v2/status");
  });

  test("tells who asked, and does not believe what the caller says of that", async () => {
    const upstream = await echo();
    const endpoint = await proxied({ targetUrl: upstream.url, hostHeader: "preserve" });

    await raw(
      endpoint,
      "GET /p HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\nX-Forwarded-For: 1.2.3.4\r\n" +
        "X-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nForwarded: for=1.2.3.4\r\nX-Real-IP: 1.2.3.4\r\n\r\n",
    );

    const { headers } = upstream.requests[0]!;
    expect(headers).toMatchObject({
      host: "api.example.com",
      "x-forwarded-for": "1.2.3.4, 127.0.0.1",
      "x-forwarded-host": "api.example.com",
      "x-forwarded-proto": "http",
    });
    expect(headers).not.toHaveProperty("forwarded");
    expect(headers).not.toHaveProperty("x-real-ip");
  });

  test("tells what a trusted proxy says of host and scheme", async () => {
    const upstream = await echo();
    const endpoint = await started(proxyTo(upstream, {}), { trustedProxies: ["127.0.0.1"] });

    const said = {
      "x-forwarded-for": "192.0.2.7",
      "x-forwarded-proto": "https",
      "x-forwarded-host": "a.example.com",
    };
    await fetch(`${endpoint.url}/p`, { headers: said });
    await fetch(`${endpoint.url}/p`, { headers: { "x-forwarded-proto": "gopher, https" } });

    expect(upstream.requests[0]!.headers).toMatchObject({
      ...said,
      "x-forwarded-for": "192.0.2.7, 127.0.0.1",
    });
    expect(upstream.requests[1]!.headers).toMatchObject({
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-proto": "http",
      "x-forwarded-host": new URL(endpoint.url).host,
    });
  });

  test("has the host that its target names, and not another in its header", async () => {
    const upstream = await echo();
    const endpoint = await proxied({ targetUrl: upstream.url, hostHeader: "preserve" });

    await raw(
      endpoint,
      "GET http://a.example.com:8080/p HTTP/1.1\r\nHost: b.example.com\r\nConnection: close\r\n\r\n",
    );

    expect(upstream.requests[0]!.headers).toMatchObject({
      host: "a.example.com:8080",
      "x-forwarded-host": "a.example.com:8080",
    });
  });

  test("carries no hop-by-hop headers, in either direction", async () => {
    const upstream = await startUpstream((_request, response) => {
      response.writeHead(200, {
        connection: "x-hop",
        "x-hop": "1",
        "keep-alive": "timeout=9",
        "x-end": "1",
        "set-cookie": ["a=1", "b=2"],
      });
      response.end("ok");
    });
    opened.push(upstream);
    const endpoint = await proxied({ targetUrl: upstream.url });

    const answer = await raw(
      endpoint,
      "GET /p HTTP/1.1\r\nHost: x\r\nConnection: close, X-Hop, Content-Length\r\nX-Hop: 1\r\nTE: trailers\r\nKeep-Alive: 5\r\n" +
        "Proxy-Authorization: Basic eA==\r\nProxy-Connection: x\r\nX-End: 1\r\nX-End: 2\r\n\r\n",
    );

    const { headers } = upstream.requests[0]!;
    expect(headers["x-end"]).toBe("1, 2");
    for (const name of ["x-hop", "te", "keep-alive", "proxy-authorization", "proxy-connection"])
      expect(headers).not.toHaveProperty(name);
    expect(answer.toLowerCase()).not.toContain("x-hop");
    expect(answer).toContain("x-end: 1");
    expect(answer.match(/set-cookie: /g)).toHaveLength(2);
  });

  test.each<[string, Partial<ApiDefinitionSpec>, string, Record<string, string>]>([
    ["header", {}, "", bearer],
    ["header of its own", { authentication: { header: "X-Key" } }, "", { "x-key": secret }],
    ["query", { authentication: { queryParameter: "key" } }, `?a=1&k%65y=${secret}&b=2`, {}],
    ["cookie", { authentication: { cookie: "key" } }, "", { cookie: `a=1; key=${secret}; b=2` }],
  ])("does not carry the token on: %s", async (_what, spec, query, headers) => {
    const upstream = await echo();
    const endpoint = await proxied(
      { targetUrl: upstream.url },
      { keyless: false, tokens: ["internal"], ...spec },
    );

    const response = await fetch(`${endpoint.url}/p${query}`, { headers });
    const seen = await response.text();

    expect(response.status).toBe(200);
    expect(seen).not.toContain(secret);
    if (query) expect(JSON.parse(seen)).toMatchObject({ url: "/?a=1&b=2" });
    if (headers.cookie) expect(JSON.parse(seen)).toMatchObject({ headers: { cookie: "a=1; b=2" } });
  });

  test("of an open API carries what the caller signs in with", async () => {
    const upstream = await echo();
    const endpoint = await proxied({ targetUrl: upstream.url });

    await fetch(`${endpoint.url}/p`, { headers: { authorization: "Basic eDp5" } });

    expect(upstream.requests[0]?.headers.authorization).toBe("Basic eDp5");
  });

  test("goes to the targets in turn", async () => {
    const upstreams = [await echo(), await echo()];
    const endpoint = await proxied({ targets: upstreams.map(({ url }) => url) });

    for (let index = 0; index < 6; index++) await (await fetch(`${endpoint.url}/p`)).text();

    expect(upstreams.map(({ requests }) => requests.length)).toEqual([3, 3]);
  });
});

describe("a proxied answer", () => {
  test("comes with its status and headers, and redirects are not followed", async () => {
    const upstream = await startUpstream((_request, response) => {
      response.writeHead(302, { location: "/elsewhere", "x-gitway-revision": "999", "x-latin": "caf\u00e9" });
      response.end(Buffer.from("moved"));
    });
    opened.push(upstream);
    const endpoint = await proxied({ targetUrl: upstream.url });

    const response = await fetch(`${endpoint.url}/p`, { redirect: "manual" });

    expect(response.status).toBe(302);
    expect(response.headers.get("location")).toBe("/elsewhere");
    expect(response.headers.get("x-latin")).toBe("caf\u00e9");
    expect(response.headers.get("x-gitway-revision")).toBe("1");
  });

  test.each([204, 304])("may have no body: %i", async (status) => {
    const upstream = await startUpstream((_request, response) => response.writeHead(status).end());
    opened.push(upstream);
    const endpoint = await proxied({ targetUrl: upstream.url });

    expect((await fetch(`${endpoint.url}/p`)).status).toBe(status);
    expect((await fetch(`${endpoint.url}/p`)).status).toBe(status);
  });

  test.each([
    [304, '"a"', "99"],
    [204, '"a"', null],
  ])("may be a %i that says the length of what it does not send", async (status, etag, length) => {
    const upstream = await startRawUpstream((socket) =>
      socket.on("data", () =>
        socket.write(`HTTP/1.1 ${status} X\r\nETag: "a"\r\nContent-Length: 99\r\n\r\n`),
      ),
    );
    opened.push(upstream);
    const { url } = await proxied({ targetUrl: upstream.url }, { limits: { responseBody: "10B" } });

    for (let time = 0; time < 2; time++) {
      const response = await fetch(`${url}/p`, { headers: { "if-none-match": '"a"' } });

      const { headers } = response;
      expect([response.status, headers.get("etag"), headers.get("content-length")]).toEqual([
        status,
        etag,
        length,
      ]);
      expect(await response.text()).toBe("");
    }
  });

  test("to HEAD keeps its length", async () => {
    const upstream = await startUpstream((_request, response) =>
      response.writeHead(200, { "content-length": "123" }).end(),
    );
    opened.push(upstream);
    const endpoint = await proxied({ targetUrl: upstream.url });

    const response = await fetch(`${endpoint.url}/p`, { method: "HEAD" });

    expect(response.headers.get("content-length")).toBe("123");
  });

  test("comes without the hints that came before it", async () => {
    const upstream = await startRawUpstream((socket) =>
      socket.once("data", () => {
        socket.write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      }),
    );
    opened.push(upstream);
    const endpoint = await proxied({ targetUrl: upstream.url });

    const response = await fetch(`${endpoint.url}/p`);

    expect([response.status, response.headers.get("link"), await response.text()]).toEqual([200, null, "ok"]);
  });

  test("may come before the request has been read", async () => {
    const upstream = await startUpstream((_request, response) =>
      response.writeHead(403, { connection: "close" }).end("no"),
    );
    opened.push(upstream);
    const endpoint = await proxied({ targetUrl: upstream.url });
    const call = httpRequest(`${endpoint.url}/p`, { method: "POST" });
    call.on("error", () => {});
    call.write("the first part of a body that never ends");

    const [response] = await once(call, "response");

    expect(response.statusCode).toBe(403);
    call.destroy();
  });
});

describe("streaming", () => {
  const chunk = Buffer.alloc(1024 * 1024, "x");
  const chunks = 150;
  const digest = Array.from({ length: chunks })
    .reduce<Hash>((hash) => hash.update(chunk), createHash("sha256"))
    .digest("hex");

  test("hands the headers of an answer on before its first byte", async () => {
    const upstream = await startUpstream((_request, response) => response.flushHeaders());
    opened.push(upstream);
    const endpoint = await proxied({ targetUrl: upstream.url });

    const response = await fetch(`${endpoint.url}/p`);

    expect(response.status).toBe(200);
  });

  test("hands the first byte of an answer on before the last was sent", async () => {
    let finish = () => {};
    const upstream = await startUpstream((_request, response) => {
      response.write("first");
      finish = () => response.end("last");
    });
    opened.push(upstream);
    const endpoint = await proxied({ targetUrl: upstream.url });

    const { body } = await fetch(`${endpoint.url}/p`);
    const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
    const first = await reader.read();
    finish();
    const last = await reader.read();

    expect([first.value, last.value]).toEqual(["first", "last"]);
  });

  test("hands the first byte of a request on before the last was sent", async () => {
    const upstream = await startUpstream((request, response) => {
      request.once("data", (data: Buffer) => {
        response.write(`got ${data.toString()}`);
        request.on("end", () => response.end());
        request.resume();
      });
    });
    opened.push(upstream);
    const endpoint = await proxied({ targetUrl: upstream.url });
    const call = httpRequest(`${endpoint.url}/p`, { method: "POST" });
    call.write("first");

    const [response] = await once(call, "response");
    const [data] = await once(response, "data");
    call.end("last");
    await once(response, "end");

    expect(String(data)).toBe("got first");
  });

  test("passes 150 MB up and down, in less memory", async () => {
    const upstream = await startUpstream((request, response) => {
      const hash = createHash("sha256");
      request.on("data", (data: Buffer) => hash.update(data));
      request.on("end", () => {
        response.setHeader("x-hash", hash.digest("hex"));
        let left = request.method === "POST" ? 0 : chunks;
        const more = () => {
          while (left > 0 && response.write(chunk)) left--;
          if (left <= 0) response.end();
          else response.once("drain", () => (left--, more()));
        };
        more();
      });
    });
    opened.push(upstream);
    const endpoint = await proxied({ targetUrl: upstream.url });
    let sent = 0;
    const body = new ReadableStream({
      pull(controller) {
        if (sent++ < chunks) controller.enqueue(chunk);
        else controller.close();
      },
    });
    let most = 0;
    const before = process.memoryUsage().arrayBuffers;
    const sampler = setInterval(
      () => (most = Math.max(most, process.memoryUsage().arrayBuffers - before)),
      2,
    );

    const up = await fetch(`${endpoint.url}/p`, { method: "POST", body, duplex: "half" });
    const down = createHash("sha256");
    for await (const part of (await fetch(`${endpoint.url}/p`)).body!) down.update(part);
    clearInterval(sampler);

    expect(up.headers.get("x-hash")).toBe(digest);
    expect(down.digest("hex")).toBe(digest);
    // Both ends are in this process, too, and what is garbage lies about for a while on a busy machine.
    expect(most).toBeLessThan(100 * 1024 * 1024);
  });

  test("stops reading from the upstream when the client stops reading", async () => {
    let written = 0;
    const upstream = await startUpstream((_request, response) => {
      const more = () => {
        while (written < 200 && response.write(chunk)) written++;
        if (written < 200) response.once("drain", () => (written++, more()));
      };
      more();
    });
    opened.push(upstream);
    const endpoint = await proxied({ targetUrl: upstream.url });
    const client = rawConnection(endpoint.url, "GET /p HTTP/1.1\r\nHost: x\r\n\r\n");
    await vi.waitFor(() => expect(client.text().length).toBeGreaterThan(0));

    client.socket.pause();
    let last = -1;
    await vi.waitFor(
      () => {
        const before = last;
        last = written;
        expect(last).toBe(before);
      },
      { interval: 300, timeout: 10_000 },
    );

    expect(written).toBeLessThan(100);
    client.socket.destroy();
  });

  test("ends the upstream's request when the client goes away, before the answer", async () => {
    let gone = false;
    const upstream = await startUpstream((request) => request.socket.on("close", () => (gone = true)));
    opened.push(upstream);
    const endpoint = await proxied({ targetUrl: upstream.url });
    const leaving = new AbortController();
    const outcome = fetch(`${endpoint.url}/p`, { signal: leaving.signal }).catch(String);
    await vi.waitFor(() => expect(upstream.requests).toHaveLength(1));

    leaving.abort();

    expect(await outcome).toContain("aborted");
    await vi.waitFor(() => expect(gone).toBe(true));
  });

  test("asks the upstream nothing when the client went away while middleware ran", async () => {
    const upstream = await startUpstream((_request, response) => response.end("answer"));
    opened.push(upstream);
    const slow =
      "export default ({ headers }) => { const end = Date.now() + Number(headers['x-ms']); while (Date.now() < end); };";
    const spec = { listenPath: "/p", action: { proxy: { targetUrl: upstream.url } } };
    // With one worker, what follows is served after what came before.
    const endpoint = await serve(state([withMiddleware(spec, { post: [slow] })]), { scriptWorkers: 1 });
    opened.push({ close: () => endpoint.closeNow() });
    const ask = (milliseconds: string, signal?: AbortSignal) =>
      fetch(`${endpoint.url}/p/${milliseconds}`, {
        headers: { "x-ms": milliseconds },
        signal: signal ?? null,
      });
    const leaving = new AbortController();
    const outcome = ask("500", leaving.signal).catch(String);
    await vi.waitFor(() => expect(endpoint.scriptLoad().running).toBe(1));

    leaving.abort();

    expect(await outcome).toContain("aborted");
    expect(await (await ask("0")).text()).toBe("answer");
    expect(upstream.requests.map(({ url }) => url)).toEqual(["/0"]);
  });

  test("ends the upstream's request when the client goes away, in the middle of the answer", async () => {
    let gone = false;
    const upstream = await startUpstream((request, response) => {
      response.write("first");
      request.socket.on("close", () => (gone = true));
    });
    opened.push(upstream);
    const endpoint = await proxied({ targetUrl: upstream.url });
    const leaving = new AbortController();
    const { body } = await fetch(`${endpoint.url}/p`, { signal: leaving.signal });
    await body!.getReader().read();

    leaving.abort();

    await vi.waitFor(() => expect(gone).toBe(true));
  });

  test("never lets an upload that was cut off look complete", async () => {
    let ended = false;
    let aborted = false;
    const upstream = await startUpstream((request) => {
      request.resume();
      request.on("end", () => (ended = true));
      request.on("error", () => (aborted = true));
    });
    opened.push(upstream);
    const endpoint = await proxied({ targetUrl: upstream.url });
    const client = rawConnection(
      endpoint.url,
      "POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    );
    await vi.waitFor(() => expect(upstream.requests).toHaveLength(1));

    client.socket.destroy();

    await vi.waitFor(() => expect(aborted).toBe(true));
    expect(ended).toBe(false);
  });
});

describe("an upload", () => {
  const times = { headers: 400, request: 400 };

  test("may take as long as it goes on", async () => {
    const upstream = await echo();
    const endpoint = await started(proxyTo(upstream, { timeout: "5s" }), { times });
    const parts = 20;

    const answer = await drip(endpoint, "x".repeat(2048), parts);

    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(answer).toContain("x".repeat(2048 * parts));
  });

  test("that comes too slowly is cut off", async () => {
    const upstream = await echo();
    const endpoint = await started(proxyTo(upstream, { timeout: "5s" }), { times });

    const answer = await drip(endpoint, "x");

    expect(answer).toMatch(/^HTTP\/1.1 408 [^]*"errorCode":2002,/);
  });

  test("that stops coming is a 408, since it is not the upstream that is late", async () => {
    const upstream = await startUpstream((request) => request.resume());
    opened.push(upstream);
    const endpoint = await started(proxyTo(upstream, { timeout: "300ms" }));

    const { ended } = rawConnection(
      endpoint.url,
      "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello",
    );

    expect(await ended).toMatch(/^HTTP\/1.1 408 [^]*"errorCode":2002,/);
  });

  test("that has come, without an answer, is a 504", async () => {
    const upstream = await startUpstream((request) => request.resume());
    opened.push(upstream);
    const endpoint = await started(proxyTo(upstream, { timeout: "300ms" }));

    await expectError(await fetch(`${endpoint.url}/p`, { method: "POST", body: "hello" }), 504, 2012);
  });
});

describe("an upstream that", () => {
  test("does not exist is a 502", async () => {
    const upstream = await echo();
    await upstream.close();
    opened.pop();
    const endpoint = await proxied({ targetUrl: upstream.url });

    await expectError(await fetch(`${endpoint.url}/p`), 502, 2010);
  });

  test("has no name is a 502", async () => {
    const endpoint = await proxied({ targetUrl: "http://upstream.invalid" });

    await expectError(await fetch(`${endpoint.url}/p`), 502, 2010);
  });

  test.each([
    "http://169.254.169.254/latest",
    "http://[fe80::1]/",
    "http://0.0.0.0:1/",
    "http://2852039166/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[2002:a9fe:a9fe::]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://169.254.169.254./",
  ])("may not be reached is a 502: %s", async (targetUrl) => {
    const endpoint = await proxied({ targetUrl });

    await expectError(await fetch(`${endpoint.url}/p`), 502, 2009);
  });

  test("leads elsewhere at the next look-up is reached only where it may be", async () => {
    const upstream = await startUpstream((_request, response) =>
      response.writeHead(200, { connection: "close" }).end(),
    );
    opened.push(upstream);
    let answer: readonly string[] = ["127.0.0.1"];
    const asked: string[] = [];
    const targets = createTargetGuard(undefined, (hostname, _options, callback) => {
      asked.push(hostname);
      callback(
        null,
        answer.map((address) => ({ address, family: 4 })),
      );
    });
    const proxy = { targetUrl: `http://rebound.example.com:${upstream.port}` };
    const endpoint = await started(state([definition("p", { listenPath: "/p", action: { proxy } })]), {
      targets,
    });

    expect((await fetch(`${endpoint.url}/p`)).status).toBe(200);
    answer = ["169.254.169.254"];
    await expectError(await fetch(`${endpoint.url}/p`), 502, 2009);
    answer = ["127.0.0.1", "100.100.100.200"];
    await expectError(await fetch(`${endpoint.url}/p`), 502, 2009);
    answer = ["127.0.0.1"];
    expect((await fetch(`${endpoint.url}/p`)).status).toBe(200);
    expect(asked).toEqual(Array.from({ length: 4 }, () => "rebound.example.com"));
  });

  test("sends callers to a denied address is not followed there", async () => {
    const location = "http://169.254.169.254/latest";
    const upstream = await startUpstream((_request, response) => response.writeHead(307, { location }).end());
    opened.push(upstream);
    const endpoint = await proxied({ targetUrl: upstream.url });

    const response = await fetch(`${endpoint.url}/p`, { redirect: "manual" });

    expect([response.status, response.headers.get("location")]).toEqual([307, location]);
  });

  test("is in a denied range is a 502, unless it is allowed", async () => {
    const upstream = await echo();
    const deny = ["127.0.0.0/8"];
    const from = state([
      definition("p", { listenPath: "/p", action: { proxy: { targetUrl: upstream.url } } }),
    ]);
    const closed = await started(from, { targets: createTargetGuard({ allow: [], deny }) });
    const open = await started(from, { targets: createTargetGuard({ allow: ["127.0.0.1"], deny }) });

    await expectError(await fetch(`${closed.url}/p`), 502, 2009);
    expect((await fetch(`${open.url}/p`)).status).toBe(200);
  });

  test("stalls is a 504", async () => {
    const endpoint = await rawProxied(() => {});

    await expectError(await fetch(`${endpoint.url}/p`), 504, 2012);
  });

  test("stalls in its headers is a 504", async () => {
    const endpoint = await rawProxied((socket) => socket.write("HTTP/1.1 200 OK\r\nx-a: "));

    await expectError(await fetch(`${endpoint.url}/p`), 504, 2012);
  });

  test("is silent within its answer for too long is cut off", async () => {
    const upstream = await startUpstream((_request, response) => response.write("data: 1\n\n"));
    opened.push(upstream);
    const endpoint = await proxied({ targetUrl: upstream.url, idleTimeout: "300ms" });

    const response = await fetch(`${endpoint.url}/p`);

    await expect(response.text()).rejects.toThrow("terminated");
  });

  test("stalls while the client goes on sending is a 504", async () => {
    const upstream = await startRawUpstream((socket) => socket.pause());
    opened.push(upstream);
    const endpoint = await proxied({ targetUrl: upstream.url, timeout: "500ms" });
    const body = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) });

    const response = await fetch(`${endpoint.url}/p`, {
      method: "POST",
      body,
      duplex: "half",
    }).catch(() => null);

    expect(response?.status ?? 504).toBe(504);
  });

  test.each([
    ["hangs up", ""],
    ["speaks no HTTP", "SSH-2.0-OpenSSH_9.6\r\n"],
    ["has a broken status", "HTTP/1.1 abc OK\r\n\r\n"],
    ["changes the protocol", "HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"],
    ["changes to no protocol", "HTTP/1.1 101 x\r\n\r\n"],
    ["has a broken header", "HTTP/1.1 200 OK\r\nx y: z\r\n\r\n"],
    ["has two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"],
    [
      "switches protocols unasked",
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
    ],
    ["has endless headers", `HTTP/1.1 200 OK\r\n${"x-a: aaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n".repeat(5000)}\r\n`],
  ])("%s is a 502", async (_what, text) => {
    const endpoint = await rawProxied((socket) => socket.once("data", () => socket.end(text)));

    await expectError(await fetch(`${endpoint.url}/p`), 502, 2011);
  });

  test.each([
    ["lies about its length", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort"],
    ["breaks off in a chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n20\r\nshort"],
    ["breaks off between chunks", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nshort\r\n"],
    ["has a broken chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nshort\r\nzz\r\n"],
  ])("%s takes the client's connection along", async (_what, text) => {
    const endpoint = await rawProxied((socket) => socket.once("data", () => socket.end(text)));

    const response = await fetch(`${endpoint.url}/p`);

    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow("terminated");
  });

  test("sends more than it announced leaks none of it into the next answer", async () => {
    const endpoint = await rawProxied((socket) =>
      socket.on("data", () =>
        socket.write(
          "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil",
        ),
      ),
    );

    const bodies = [];
    for (let index = 0; index < 3; index++)
      bodies.push(await (await fetch(`${endpoint.url}/p`)).text().catch(() => ""));

    expect(bodies).not.toContain("evil");
  });

  test("answers beyond the definition's limit is refused, or cut off when it did not say so", async () => {
    const upstream = await startUpstream((request, response) => {
      if (request.url === "/announced") response.setHeader("content-length", 11);
      response.write("1234567890");
      response.end("1");
    });
    opened.push(upstream);
    const endpoint = await proxied({ targetUrl: upstream.url }, { limits: { responseBody: "10B" } });

    await expectError(await fetch(`${endpoint.url}/p/announced`), 500, 17);
    await expect(fetch(`${endpoint.url}/p/streamed`).then((response) => response.text())).rejects.toThrow(
      "terminated",
    );
  });

  test("answers beyond the definition's limit at once is refused, also when it did not say so", async () => {
    const endpoint = await rawProxied(
      (socket) =>
        socket.on("data", () =>
          socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nb\r\n12345678901\r\n0\r\n\r\n"),
        ),
      { limits: { responseBody: "10B" } },
    );

    await expectError(await fetch(`${endpoint.url}/p`), 500, 17);
    await expectError(await fetch(`${endpoint.url}/p`), 500, 17);
  });

  test("gets no more of a request than the definition's limit", async () => {
    const upstream = await echo();
    const endpoint = await proxied({ targetUrl: upstream.url }, { limits: { requestBody: "10B" } });
    const body = new Blob(["12345678901"]).stream();

    await expectError(await fetch(`${endpoint.url}/p`, { method: "POST", body: "12345678901" }), 413, 1009);
    await expectError(await fetch(`${endpoint.url}/p`, { method: "POST", body, duplex: "half" }), 413, 1009);
  });
});

async function echo(): Promise<Upstream> {
  const upstream = await startUpstream((request, response) => {
    let body = "";
    request.on("data", (data: Buffer) => (body += data.toString()));
    request.on("end", () => {
      const { method, url, headers } = request;
      response.end(JSON.stringify({ method, url, headers, body }));
    });
  });
  opened.push(upstream);
  return upstream;
}

function proxyTo(upstream: Upstream, proxy: ProxyAction) {
  const action = { proxy: { targetUrl: upstream.url, ...proxy } };
  return state([definition("p", { listenPath: "/p", action })]);
}

/** Uploads parts one after the other, so many or without end, and gives the answer. */
async function drip(endpoint: Endpoint, part: string, parts = Infinity): Promise<string> {
  const { socket, ended } = rawConnection(
    endpoint.url,
    "POST /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n",
  );
  let left = parts;
  const timer = setInterval(() => {
    if (left-- > 0) socket.write(`${part.length.toString(16)}\r\n${part}\r\n`);
    else {
      clearInterval(timer);
      socket.write("0\r\n\r\n");
    }
  }, 50);
  const answer = await ended;
  clearInterval(timer);
  return answer;
}

async function proxied(proxy: ProxyAction, spec: Partial<ApiDefinitionSpec> = {}): Promise<Endpoint> {
  return await started(state([definition("p", { listenPath: "/p", action: { proxy }, ...spec })]));
}

async function rawProxied(
  onSocket: Parameters<typeof startRawUpstream>[0],
  spec: Partial<ApiDefinitionSpec> = {},
): Promise<Endpoint> {
  const upstream = await startRawUpstream(onSocket);
  opened.push(upstream);
  return await proxied({ targetUrl: upstream.url, timeout: "500ms" }, spec);
}

async function started(...args: Parameters<typeof serve>): Promise<Endpoint> {
  const endpoint = await serve(...args);
  opened.push({ close: () => endpoint.closeNow() });
  return endpoint;
}

async function raw(endpoint: Endpoint, text: string): Promise<string> {
  return await rawConnection(endpoint.url, text).ended;
}

async function expectError(response: Response, status: number, code: number): Promise<void> {
  expect([response.status, await errorCode(response)]).toEqual([status, code]);
}
