import { afterEach, describe, expect, test } from "vitest";

import type { UsageStore } from "../../src/endpoint/call-usage.ts";
import type { Endpoint } from "../../src/endpoint/endpoint.ts";
import {
  bearer,
  credential,
  definition,
  errorCode,
  scripted,
  serve,
  state,
  token,
  type Scripted,
} from "../support/serving.ts";
import { rawConnection, startEcho } from "../support/upstream.ts";

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close();
});

/** Names that are cheap to make and that a table of numbers or texts may put in one place. */
const families: [string, (index: number) => string][] = [
  ["words", (index) => `k${index}`],
  ["numbers", (index) => String(index)],
  ["numbers of one remainder", (index) => String(index * 65_536)],
  ["names of one letter in other places", (index) => `${"a".repeat(index % 64)}b${index}`],
];

describe("a dictionary of parameters", () => {
  const counting = "export default ({ parameters }) => ({ body: Object.keys(parameters).length })";

  test.each(families)("may have ten thousand %s, and no more", async (_what, name) => {
    const endpoint = await started([scripted("it", counting, { keyless: true }, { input: "parameters" })]);

    const most = await post(endpoint, "/api/custom/it", objectOf(10_000, name));
    const more = await post(endpoint, "/api/custom/it", objectOf(10_001, name));

    expect([most.status, await most.json()]).toEqual([200, 10_000]);
    expect([more.status, await errorCode(more)]).toEqual([400, 10]);
  });

  test.each([
    ["a million names", objectOf(1_000_000, (index) => `k${index}`)],
    ["nothing but brackets", "[".repeat(5_000_000)],
    ["nothing but lists", `[${"[],".repeat(2_000_000)}[]]`],
  ])("is refused before it is read when it has %s", async (_what, body) => {
    const endpoint = await started([scripted("it", counting, { keyless: true }, { input: "parameters" })]);

    const response = await post(endpoint, "/api/custom/it", body);

    expect([response.status, await errorCode(response)]).toEqual([400, 10]);
  });

  test("may have one large value, whatever that holds", async () => {
    const endpoint = await started([scripted("it", counting, { keyless: true }, { input: "parameters" })]);
    const value = JSON.stringify(Array.from({ length: 100_000 }, (_, index) => ({ [index]: "," })));

    const response = await post(endpoint, "/api/custom/it", JSON.stringify({ value }));

    expect([response.status, await response.json()]).toEqual([200, 1]);
  });
});

describe("a batch", () => {
  test.each([
    ["a member of a million names", `{"requests":[],"x":${objectOf(600_000, (index) => `k${index}`)}}`],
    ["a million requests that are none", `{"requests":[${"{},".repeat(1_000_000)}{}]}`],
    [
      "headers without end",
      `{"requests":[${Array.from({ length: 100 }, () => `{"relative_url":"x","headers":${objectOf(1000, (index) => `h${index}`)}}`).join(",")}]}`,
    ],
  ])("is refused before it is read when it has %s", async (_what, body) => {
    const endpoint = await started([definition("it", { listenPath: "/it", batch: { enabled: true } })]);

    const response = await post(endpoint, "/it/tyk/batch/", body);

    expect([response.status, await errorCode(response)]).toEqual([400, 2030]);
  });

  test("may have as many requests as it may, with many headers and large bodies", async () => {
    const batch = { enabled: true, maxRequests: 1000 };
    const endpoint = await started([definition("it", { listenPath: "/it", batch })]);
    const headers = JSON.parse(objectOf(40, (index) => `x-${index}`, '"1"')) as object;
    const body = JSON.stringify(Array.from({ length: 500 }, (_, index) => index));
    const requests = Array.from({ length: 1000 }, () => ({
      method: "POST",
      relative_url: "a",
      headers,
      body,
    }));

    const response = await post(endpoint, "/it/tyk/batch/", JSON.stringify({ requests }));

    const units = (await response.json()) as { code: number }[];
    expect(units.map(({ code }) => code)).toEqual(requests.map(() => 200));
  });
});

describe("a request", () => {
  test.each(families)("may have as many headers as fit, named by %s", async (_what, name) => {
    const headers = fill(14_000, (index) => `${name(index)}: 1\r\n`);
    const source = "export default ({ headers }) => ({ body: Object.keys(headers).length })";
    const endpoint = await started([scripted("it", source, { keyless: true })]);

    const answer = await ask(endpoint, "/api/custom/it", headers.join(""));

    expect(answer).toMatch(new RegExp(`^HTTP/1.1 200 [^]*\r\n\r\n${headers.length + 2}$`));
  });

  test.each(families)("may have as many parameters as fit, named by %s", async (_what, name) => {
    const parameters = fill(14_000, (index) => `&${name(index)}`);
    const source = "export default ({ query }) => ({ body: Object.keys(query).length })";
    const spec = { keyless: true, limits: { query: "16KiB" } };
    const endpoint = await started([scripted("it", source, spec)]);

    const answer = await ask(endpoint, `/api/custom/it?${parameters.join("")}`);

    expect(answer).toMatch(new RegExp(`^HTTP/1.1 200 [^]*\r\n\r\n${parameters.length}$`));
  });

  test.each([
    ["one header many times", "", "a: 1\r\n".repeat(2300)],
    ["names of headers that are to go no further", "", `Connection: ${"a,".repeat(7000)}\r\n`],
    ["forwarded addresses", "", `X-Forwarded-For: ${"127.0.0.1,".repeat(1400)}\r\n`],
    ["cookies", "", `Cookie: ${"a=1;".repeat(2500)}\r\n`],
    ["a version many times", `?${"v=1&".repeat(3500)}`, ""],
    ["a token many times", `?${"key=x&".repeat(2300)}`, ""],
    ["segments", "/a".repeat(7000), ""],
  ])("may have %s, and is served", async (_what, rest, headers) => {
    const upstream = await startEcho();
    opened.push(upstream);
    const endpoint = await started([
      definition("it", {
        listenPath: "/it",
        tokens: ["internal"],
        action: { proxy: { targetUrl: upstream.url } },
        authentication: { queryParameter: "key", cookie: "c" },
        versions: { location: "query", key: "v", strip: true, default: "1", entries: [{ name: "1" }] },
        paths: { blocked: [{ path: "/b/{x}/{y}/{z}/c" }, { path: "/{a}/{b}/{c}/{d}", match: "exact" }] },
      }),
    ]);

    const answer = await ask(endpoint, `/it${rest}`, `Authorization: ${bearer.authorization}\r\n${headers}`);

    expect(answer).toMatch(rest.includes("key=") ? /^HTTP\/1.1 401 / : /^HTTP\/1.1 200 /);
  });
});

test("a body in a million parts takes little more memory than its bytes", async () => {
  const endpoint = await started([definition("it", { listenPath: "/it", batch: { enabled: true } })]);
  const head =
    "POST /it/tyk/batch HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
  const before = process.memoryUsage().heapUsed;
  let most = 0;

  const { ended } = rawConnection(endpoint.url, `${head}${"1\r\n \r\n".repeat(1_000_000)}0\r\n\r\n`);
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage().heapUsed - before)), 10);
  const answer = await ended;
  clearInterval(timer);

  expect(answer).toMatch(/^HTTP\/1.1 400 /);
  expect(most).toBeLessThan(64 * 1024 * 1024);
});

test("what callers send does not become a key that is counted or kept", async () => {
  const keys = new Set<string>();
  const credentials = new Set<number>();
  const usageStore: UsageStore = {
    shareHits: async (hits) => {
      for (const { key } of hits) keys.add(key);
      return { mark: "1", hits: [] };
    },
    forgetLimits: async () => {},
    raiseNotices: async () => [],
    noteLastUse: async (uses) => {
      for (const { id } of uses) credentials.add(id);
    },
  };
  const rateLimit = { limit: 10_000, window: "1h" };
  const it = definition("it", { listenPath: "/it", tokens: ["internal"], rateLimit });
  const from = state([it], { tokens: [token("internal", { rateLimit })] });
  const endpoint = await serve(from, { usageStore, trustedProxies: ["127.0.0.0/8"] });

  for (let index = 0; index < 200; index++) {
    const headers = {
      authorization: `Bearer ${index}`,
      "x-forwarded-for": `10.0.0.${index}`,
      cookie: `a=${index}`,
    };
    await (await fetch(`${endpoint.url}/it/${index}?q=${index}`, { headers })).text();
    await (await fetch(`${endpoint.url}/api/custom/${index}`, { headers })).text();
    await (
      await fetch(`${endpoint.url}/it/${index}?q=${index}`, { headers: { ...headers, ...bearer } })
    ).text();
  }
  await endpoint.close();

  expect([...keys].sort()).toEqual([`api/${it.id}`, `rate/${from.tokens[0]!.id}`]);
  expect([...credentials]).toEqual([credential("internal", bearer.authorization.slice(7)).id]);
});

async function started(
  definitions: readonly (ReturnType<typeof definition> | Scripted)[],
): Promise<Endpoint> {
  const endpoint = await serve(state(definitions));
  opened.push({ close: () => endpoint.closeNow() });
  return endpoint;
}

async function post(endpoint: Endpoint, path: string, body: string): Promise<Response> {
  return await fetch(endpoint.url + path, {
    method: "POST",
    body,
    headers: { "content-type": "application/json" },
  });
}

async function ask(endpoint: Endpoint, target: string, headers = ""): Promise<string> {
  const head = `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`;
  return await rawConnection(endpoint.url, head).ended;
}

function objectOf(size: number, name: (index: number) => string, value = "1"): string {
  return `{${Array.from({ length: size }, (_, index) => `"${name(index)}":${value}`).join(",")}}`;
}

/** As many parts as fit into so many bytes. */
function fill(size: number, part: (index: number) => string): string[] {
  const parts: string[] = [];
  for (let left = size, index = 0; left > 0; index++) {
    parts.push(part(index));
    left -= part(index).length;
  }
  return parts;
}
