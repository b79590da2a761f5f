import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { newSecret, type Secret } from "../../src/secret.ts";
import { startTestApi, userManifest, type TestApi } from "../support/dashboard-api.ts";
import { replyManifest, tokenManifest } from "../support/reconciling.ts";
import { startEcho, startUpstream, type Upstream } from "../support/upstream.ts";

const operator = "operator-".padEnd(40, "k");
const caller = "caller-".padEnd(40, "k");
const by = { name: "John Doe", email: "john@example.com" };

/** What the answers to triggers are read as. */
interface Answer {
  readonly succeeded: boolean;
  readonly time: string;
  readonly duration: number;
  readonly revision: number;
  readonly definition: string | null;
  readonly status: number | null;
  readonly statusName: string | null;
  readonly headers: Record<string, string[]>;
  readonly size: number | null;
  readonly body: string | null;
  readonly isBase64: boolean;
  readonly isTruncated: boolean;
  readonly reason: {
    readonly errorCode: number;
    readonly name: string;
    readonly publicErrorCode: number;
    readonly rule: string | null;
    readonly details: string[];
  } | null;
}

let api: TestApi;
let logged: string;
let secret: Secret;
let echo: Upstream;

beforeEach(async () => {
  logged = "";
  const log = pino({ level: "trace" }, { write: (line: string) => void (logged += line) });
  [api, echo] = await Promise.all([
    startTestApi({ OPERATOR: operator, CALLER: caller }, { log }),
    startEcho(),
  ]);
  const all = ["automation.execute", "definitions.read", "tokens.read", "tokens.edit"];
  await commit({
    "apis/operator.yaml": userManifest("operator", "OPERATOR", all),
    "apis/caller.yaml": userManifest("caller", "CALLER", ["automation.execute"]),
    "apis/internal.yaml": tokenManifest("internal"),
    "apis/other.yaml": tokenManifest("other"),
    "apis/elsewhere.yaml": tokenManifest("elsewhere", "env: NOWHERE"),
    "apis/hello.yaml": replyManifest("hello", "hello", "hi", ["internal"]),
  });
  secret = await issue("internal");
  await vi.waitUntil(async () => (await api.request("/users/me", operator)).ok);
});

afterEach(() => Promise.all([api.close(), echo.close()]));

test("calls a definition by its name, its ids and its route, and tells what came", async () => {
  const [object] = await api.store.objects("ApiDefinition");
  const listed = await (await api.request("/apis/hello", operator)).json();
  const { id, api_id } = (listed as { api_definition: { id: string; api_id: string } }).api_definition;

  for (const call of [
    { definition: "hello" },
    { definition: object!.id },
    { definition: id },
    { definition: api_id },
    { route: "HELLO" },
    { route: "/api/custom/hello" },
  ]) {
    const answer = await trigger({ ...call, secret: secret.reveal() });

    expect(answer).toMatchObject({
      succeeded: true,
      revision: 1,
      definition: "hello",
      status: 200,
      statusName: "OK",
      size: 2,
      body: "hi",
      isBase64: false,
      isTruncated: false,
      reason: null,
    });
    expect(Math.abs(Date.parse(answer.time) - Date.now())).toBeLessThan(60_000);
    expect(answer.duration).toBeGreaterThanOrEqual(0);
    expect(answer.headers["x-gitway-revision"]).toEqual(["1"]);
  }
});

test("a script gets method, parameters, query, headers and body, and its own status is no failure", async () => {
  await commit({
    "apis/script.yaml": definition("script", "things/{thing}/{part}", "{ script: { file: script.js } }"),
    "apis/script.js": `export default ({ method, routeParameters, query, headers, rawBody }) => ({
      status: 404,
      body: JSON.stringify([method, routeParameters, query, headers["x-a"], headers.authorization, rawBody]),
    });`,
  });

  const answer = await trigger({
    definition: "script",
    parameters: { thing: "a/b", part: "ü" },
    method: "PUT",
    query: { q: ["1", "2"] },
    headers: { "X-A": "b" },
    body: "text",
    secret: secret.reveal(),
  });

  expect(answer).toMatchObject({ succeeded: true, status: 404, statusName: "Not Found", reason: null });
  expect(JSON.parse(answer.body!)).toEqual([
    "PUT",
    { thing: "a%2Fb", part: "%C3%BC" },
    { q: ["1", "2"] },
    "b",
    null,
    "text",
  ]);
});

test("a proxy sends what it would send for a client, and never the secret", async () => {
  await commit({
    "apis/proxy.yaml": definition("proxy", "proxy", proxyTo(echo.url), "  match: prefix\n"),
    "apis/open.yaml": definition("open", "open", proxyTo(echo.url), "  keyless: true\n"),
    "apis/keyed.yaml": definition(
      "keyed",
      "keyed",
      proxyTo(echo.url),
      "  authentication: { header: X-Key }\n",
    ),
  });

  for (const [definition, route] of [
    ["proxy", "proxy/below?x=1"],
    ["open", undefined],
    ["keyed", undefined],
  ] as const) {
    const answer = await trigger({ definition, route, secret: secret.reveal(), body: "{}" });

    expect(answer).toMatchObject({ succeeded: true, status: 200, definition });
    expect(answer.body).not.toContain(secret.reveal());
    expect(JSON.parse(answer.body!)).toMatchObject({
      method: "POST",
      headers: { "x-forwarded-for": "127.0.0.1", "content-type": "application/json" },
      body: "{}",
    });
  }
  expect(echo.requests[0]?.url).toBe("/below?x=1");
});

test("an address that no proxy may reach is not reached from here either", async () => {
  await commit({ "apis/cloud.yaml": definition("cloud", "cloud", proxyTo("http://169.254.169.254/latest")) });

  expect(await trigger({ definition: "cloud", secret: secret.reveal() })).toMatchObject({
    succeeded: false,
    status: 502,
    reason: { errorCode: 2009, name: "TargetNotAllowed", publicErrorCode: 2009, rule: null },
  });
});

describe("a token that lets nobody in is told apart", () => {
  test("by the codes that the public 401 hides", async () => {
    const other = await issue("other");
    const [revoked, expired] = [await issue("internal"), await issue("internal")];
    const credentials = await api.store.credentials("internal");
    await api.store.revokeCredentials({ token: "internal", by, id: credentials[1]!.id });
    const fresh = newSecret();
    await api.store.rotateCredential({ token: "internal", hash: fresh.hash(), by, overlap: 0 });

    for (const [given, errorCode, name, publicErrorCode] of [
      [{}, 2, "InvalidSecret", 1008],
      [{ secret: "" }, 2, "InvalidSecret", 1008],
      [{ secret: "with spaces and\nline feeds" }, 2, "InvalidSecret", 1008],
      [{ secret: "short" }, 2, "InvalidSecret", 1010],
      [{ secret: newSecret().reveal() }, 4, "TokenNotFound", 1010],
      [{ secret: other.reveal() }, 6, "TokenNotAllowed", 1010],
      [{ as: "other" }, 6, "TokenNotAllowed", 1010],
      [{ secret: expired.reveal() }, 2019, "TokenExpired", 1010],
      [{ secret: revoked.reveal() }, 2020, "TokenRevoked", 1010],
    ] as const) {
      const answer = await trigger({ definition: "hello", ...given });

      expect([given, answer]).toMatchObject([
        given,
        { succeeded: false, status: 401, reason: { errorCode, name, publicErrorCode, rule: "token" } },
      ]);
      expect(JSON.parse(answer.body!)).toMatchObject({ errors: [{ errorCode: publicErrorCode }] });
    }
    expect(await trigger({ definition: "hello", secret: fresh.reveal() })).toMatchObject({ succeeded: true });
  });

  test("also where no definition has the path, and when it is disabled since", async () => {
    expect(await trigger({ route: "nothing", secret: newSecret().reveal() })).toMatchObject({
      status: 401,
      definition: null,
      reason: { errorCode: 4 },
    });
    expect(await trigger({ route: "nothing", secret: secret.reveal() })).toMatchObject({
      status: 404,
      reason: { errorCode: 5, name: "DefinitionNotFound" },
    });
    const disabled = tokenManifest("internal").replace("spec: {", "spec: { disabled: true,");

    await commit({ "apis/internal.yaml": disabled });

    expect(await trigger({ definition: "hello", secret: secret.reveal() })).toMatchObject({
      revision: 2,
      reason: { errorCode: 14, name: "TokenDisabled" },
    });
    expect(await trigger({ definition: "hello", as: "internal" })).toMatchObject({
      reason: { errorCode: 14 },
    });
  });
});

test("any other refusal has its public code, and says why to readers only", async () => {
  await commit({
    "apis/post.yaml": definition("post", "post", "{ reply: {} }", "  methods: [POST]\n"),
    "apis/local.yaml": definition(
      "local",
      "local",
      "{ reply: {} }",
      "  ipAllowList: { addresses: [192.0.2.1] }\n",
    ),
    "apis/asleep.yaml": definition("asleep", "asleep", "{ reply: {} }", "  active: false\n"),
  });

  for (const [call, errorCode, detail] of [
    [{ definition: "post" }, 3, /takes POST, and not GET/],
    [{ definition: "local" }, 2008, /127\.0\.0\.1, is not in the 'ipAllowList'/],
    [{ definition: "asleep" }, 5, /not active/],
  ] as const) {
    const asked = { ...call, secret: secret.reveal() };
    const told = await trigger(asked);
    const untold = await trigger(asked, caller);

    expect(told).toMatchObject({ succeeded: false, reason: { errorCode, publicErrorCode: errorCode } });
    expect(told.reason?.details.join(" ")).toMatch(detail);
    expect(untold).toMatchObject({ definition: null, reason: { errorCode, details: [] } });
  }
});

test("nobody gives another address for their own", async () => {
  await commit({
    "apis/local.yaml": definition(
      "local",
      "local",
      "{ reply: {} }",
      "  ipAllowList: { addresses: [192.0.2.1] }\n",
    ),
  });

  for (const name of ["x-forwarded-for", "Forwarded", "transfer-encoding", "Content-Length"])
    expect(await refused({ definition: "local", headers: { [name]: "192.0.2.1" } })).toEqual([
      400,
      `The header '${name}' is not for callers to set.`,
    ]);
});

describe("as a token", () => {
  test("comes who may issue a secret of it", async () => {
    expect(await trigger({ definition: "hello", as: "internal" })).toMatchObject({
      succeeded: true,
      body: "hi",
    });
    expect((await refused({ definition: "hello", as: "internal" }, caller))[0]).toBe(403);
    expect((await refused({ definition: "hello", as: "elsewhere" }))[0]).toBe(409);
    expect(await refused({ definition: "hello", as: "nobody" })).toEqual([404, "Token not found"]);
    expect(await api.store.credentials("internal")).toHaveLength(1);
  });
});

describe("what an answer holds", () => {
  test("is cut at a MiB, and its size told", async () => {
    const large = await startUpstream((_request, response) => response.end("x".repeat(2 * 1024 * 1024)));
    await commit({ "apis/large.yaml": definition("large", "large", proxyTo(large.url)) });

    const answer = await trigger({ definition: "large", secret: secret.reveal() });

    expect(answer).toMatchObject({ succeeded: true, size: 2 * 1024 * 1024, isTruncated: true });
    expect(answer.body).toHaveLength(1024 * 1024);
    await large.close();
  });

  test("is not read on for ever", async () => {
    const endless = await startUpstream((_request, response) => {
      const write = () => {
        while (!response.destroyed && response.write(Buffer.alloc(64 * 1024, "x")));
        response.once("drain", write);
      };
      write();
    });
    await commit({ "apis/endless.yaml": definition("endless", "endless", proxyTo(endless.url)) });

    const answer = await trigger({ definition: "endless", secret: secret.reveal() });

    expect(answer).toMatchObject({ succeeded: true, status: 200, size: null, isTruncated: true });
    await endless.close();
  });

  test("that breaks off is a failure of the target", async () => {
    const breaking = await startUpstream((_request, response) => {
      response.write("begun");
      setImmediate(() => response.destroy());
    });
    await commit({ "apis/breaking.yaml": definition("breaking", "breaking", proxyTo(breaking.url)) });

    const answer = await trigger({ definition: "breaking", secret: secret.reveal() });

    expect(answer).toMatchObject({
      succeeded: false,
      isTruncated: true,
      reason: { errorCode: 2011, name: "UpstreamFailed" },
    });
    await breaking.close();
  });

  test("that is bytes comes as base64", async () => {
    const bytes = await startUpstream((_request, response) => response.end(Buffer.from([0xff, 0xfe, 0])));
    await commit({ "apis/bytes.yaml": definition("bytes", "bytes", proxyTo(bytes.url)) });

    expect(await trigger({ definition: "bytes", secret: secret.reveal() })).toMatchObject({
      size: 3,
      body: "//4A",
      isBase64: true,
    });
    await bytes.close();
  });
});

test("triggers are no use of a token and count on no limit", async () => {
  const limited = tokenManifest("internal").replace(
    "spec: {",
    "spec: { rateLimit: { limit: 1, window: 1h },",
  );
  await commit({ "apis/internal.yaml": limited });

  for (let count = 0; count < 3; count++)
    expect(await trigger({ definition: "hello", secret: secret.reveal() })).toMatchObject({ status: 200 });

  expect((await api.store.credentials("internal"))[0]?.lastUsed).toBeNull();
});

test("so many at once are let in, and a caller who goes away ends one", async () => {
  let open = 0;
  const hanging = await startUpstream((_request, response) => {
    open++;
    response.once("close", () => open--);
  });
  await commit({ "apis/hanging.yaml": definition("hanging", "hanging", proxyTo(hanging.url)) });
  const stop = new AbortController();
  const call = { definition: "hanging", secret: secret.reveal() };
  const calls = Array.from({ length: 8 }, () => post(call, operator, stop.signal).catch(() => null));
  await expect.poll(() => open).toBe(8);

  expect((await refused({ definition: "hello", secret: secret.reveal() }))[0]).toBe(503);
  stop.abort();
  await Promise.all(calls);

  await expect.poll(() => open).toBe(0);
  await expect
    .poll(async () => (await post({ definition: "hello", secret: secret.reveal() }, operator)).status)
    .toBe(200);
  await hanging.close();
});

test("triggering is off with the console, says so, and is in no document", async () => {
  await api.close();
  api = await startTestApi({ OPERATOR: operator }, { consoleIsOn: false });
  await commit({ "apis/operator.yaml": userManifest("operator", "OPERATOR", ["automation.execute"]) });
  await vi.waitUntil(async () => (await api.request("/users/me", operator)).ok);

  expect(await refused({ route: "hello" })).toEqual([
    404,
    "The console is off, and this belongs to it: set the option softLaunch.UserDefinableAPI to true.",
  ]);
  const document = await (await api.request("/openapi.json", operator)).json();
  expect(Object.keys((document as { paths: object }).paths)).not.toContain("/api/trigger");
});

test("what is wrong with a request is said, and the secret is nowhere", async () => {
  for (const [call, status, message] of [
    [{ definition: "none" }, 404, "API definition does not exist"],
    [
      { definition: "hello", route: "nothing" },
      409,
      "The path does not lead to 'hello', but to no definition.",
    ],
    [{ definition: "hello", parameters: { id: "1" } }, 400, "'parameters' names 'id'"],
    [{ route: "a/../b" }, 400, "no path that a request can have"],
    [{ route: "hello\r\nx: y" }, 400, "no path that a request can have"],
    [{ secret: "x" }, 400, "Say what to call"],
    [{ route: "hello", headers: { host: "a b" } }, 400, "no path that a request can have"],
  ] as const) {
    const [answered, said] = await refused({ secret: secret.reveal(), ...call });

    expect([call, answered, said]).toEqual([call, status, expect.stringContaining(message)]);
  }
  await trigger({ definition: "hello", secret: secret.reveal() });
  expect(logged).toContain('"by":"operator Doe","as":null,"definition":"hello","status":200');
  expect(logged).not.toContain(secret.reveal());
  expect(logged).not.toContain(operator);
});

async function post(call: object, key: string, signal?: AbortSignal): Promise<Response> {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify(call);
  return api.request("/trigger", key, { method: "POST", body, headers, ...(signal && { signal }) });
}

async function trigger(call: object, key = operator): Promise<Answer> {
  const answer = await post(call, key);
  const body = (await answer.json()) as Answer;
  expect([answer.status, body]).toEqual([200, expect.objectContaining({ succeeded: expect.any(Boolean) })]);
  return body;
}

async function refused(call: object, key = operator): Promise<[status: number, message: string]> {
  const answer = await post(call, key);
  return [answer.status, ((await answer.json()) as { Message: string }).Message];
}

async function issue(token: string): Promise<Secret> {
  const issued = newSecret();
  await api.store.issueCredential({ token, hash: issued.hash(), by });
  return issued;
}

function definition(name: string, route: string, action: string, more = ""): string {
  const tokens = more.includes("keyless") ? "" : "  tokens: [internal]\n";
  return `apiVersion: gitway/v1
kind: ApiDefinition
metadata: { name: ${name} }
spec:
  route: ${route}
${tokens}${more}  action: ${action}
`;
}

function proxyTo(url: string): string {
  return `{ proxy: { targetUrl: "${url}" } }`;
}

async function commit(files: Record<string, string | null>): Promise<void> {
  await api.repository.commit({ files });
  const { status } = await api.pass({ allowPrune: true });
  expect(status.quarantined).toEqual([]);
}
