import type { RequestListener } from "node:http";

import { afterEach, describe, expect, test } from "vitest";

import { dashboardAddress, fetchDump } from "../../src/cli/import/fetch-dump.ts";
import { Secret } from "../../src/secret.ts";
import { seed } from "../support/exchanging.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";

const key = "7a7b140f-2480-4d5a-4e78-24049e3ba7f8";
const servers: Upstream[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

test("asks for all definitions and webhooks, with the key", async () => {
  const asked: string[] = [];
  const url = await serve((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    const hooks = { hooks: [{ id: "54be6c0beba6db07a6000002", name: "H", target_path: "http://x/" }] };
    response.end(
      `\uFEFF${JSON.stringify(request.url?.startsWith("/below/api/apis") ? seed("list-response") : hooks)}`,
    );
  });

  const { items, problems } = await fetchDump(dashboardAddress(`${url}/below`), new Secret(key));

  expect(asked).toEqual([`GET /below/api/apis?p=-2 ${key}`, `GET /below/api/hooks?p=-2 ${key}`]);
  expect(items.map(({ file, pointer, title }) => [file, pointer, title])).toEqual([
    [`${url}/below/api/apis?p=-2`, "/apis/0", "Nitrous Test"],
    [`${url}/below/api/hooks?p=-2`, "/hooks/0", "H"],
  ]);
  expect(problems).toEqual([]);
});

test("an empty Dashboard has nothing", async () => {
  const url = await serve((request, response) => {
    response.end(JSON.stringify(request.url?.startsWith("/api/apis") ? { apis: null } : { hooks: [] }));
  });

  expect(await fetchDump(dashboardAddress(url), new Secret(key))).toEqual({ items: [], problems: [] });
});

describe("is told when", () => {
  test("it leads elsewhere, where the key does not go", async () => {
    let visits = 0;
    const elsewhere = await serve((_, response) => {
      visits++;
      response.end("{}");
    });
    const url = await serve((_, response) => response.writeHead(302, { location: elsewhere }).end());

    await expect(fetchDump(dashboardAddress(url), new Secret(key))).rejects.toMatchObject({
      code: "dashboard-unreachable",
      message: expect.stringMatching(/answered 302: it leads elsewhere/) as string,
    });
    expect(visits).toBe(0);
  });

  test.each<[string, RequestListener, RegExp]>([
    ["the key is refused", (_, response) => response.writeHead(403).end("no"), /403: the key opens nothing/],
    ["it is something else", (_, response) => response.writeHead(404).end(), /404: is that the address/],
    ["it answers another list", (_, response) => response.end('{"apis":{}}'), /answered no list 'apis'/],
    ["it answers a page", (_, response) => response.end('{"apis":[],"pages":3}'), /first of 3 pages/],
    [
      "it breaks off",
      (_, response) => response.writeHead(200, { "content-length": 9 }).end("{"),
      /can't be read/,
    ],
    ["it hangs up", (request) => request.socket.destroy(), /can't be read: ECONNRESET/],
    [
      "it answers without end",
      (_, response) => {
        const chunk = Buffer.alloc(1024 * 1024, " ");
        const more = () => response.write(chunk, () => response.destroyed || more());
        more();
      },
      /larger than 64 MiB/,
    ],
  ])("%s", async (_, listener, message) => {
    const address = dashboardAddress(await serve(listener));

    const failure: Error = await fetchDump(address, new Secret(key)).then(
      () => new Error("no failure"),
      (error: Error) => error,
    );

    expect(failure).toMatchObject({
      code: "dashboard-unreachable",
      message: expect.stringMatching(message) as string,
    });
    expect(failure.message).not.toContain(key);
  });

  test("nobody is there", async () => {
    await expect(fetchDump(new URL("http://127.0.0.1:1/"), new Secret(key))).rejects.toMatchObject({
      code: "dashboard-unreachable",
      message: "http://127.0.0.1:1/api/apis?p=-2 can't be read: ECONNREFUSED.",
    });
  });

  test("it answers no JSON: a problem of its answer", async () => {
    const url = await serve((_, response) => response.end("<html>"));

    const { problems } = await fetchDump(dashboardAddress(url), new Secret(key));

    expect(problems[0]).toMatchObject({ code: "syntax", file: `${url}/api/apis?p=-2` });
  });
});

test.each([
  "https://jo:secret@example.com",
  "https://example.com/?key=x",
  "https://example.com/#x",
  "http://",
])("%s is no address of a Dashboard", (text) => {
  expect(() => dashboardAddress(text)).toThrow(/must be like https/);
});

async function serve(listener: RequestListener): Promise<string> {
  const server = await startUpstream(listener);
  servers.push(server);
  return server.url;
}
