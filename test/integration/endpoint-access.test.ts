import { afterEach, describe, expect, test } from "vitest";

import type { Endpoint } from "../../src/endpoint/endpoint.ts";
import type { ApiDefinitionSpec } from "../../src/manifest/api-definition.generated.ts";
import {
  bearer,
  credential,
  definition,
  errorCode,
  secret,
  serve,
  state,
  token,
  withMiddleware,
} from "../support/serving.ts";

let endpoint: Endpoint;
afterEach(() => endpoint.closeNow());

describe("a reply", () => {
  test("is answered with its status, headers and body, and names the revision", async () => {
    const reply = { status: 201, headers: { "content-type": "text/csv", "x-a": "b" }, body: "ö" };
    endpoint = await serve(state([definition("it", { route: "r", action: { reply } })], { revision: 42 }));

    const response = await get("/api/custom/r");

    expect(response.status).toBe(201);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/csv",
      "x-a": "b",
      "content-length": "2",
      "x-gitway-revision": "42",
    });
    expect(await response.text()).toBe("ö");
  });

  test("to HEAD has the length and no body", async () => {
    endpoint = await serve(state([definition("it", { route: "r", action: { reply: { body: "four" } } })]));

    const response = await get("/api/custom/r", { method: "HEAD" });

    expect(response.headers.get("content-length")).toBe("4");
    expect(await response.text()).toBe("");
  });

  test.each([204, 205, 304])("with status %i has no body", async (status) => {
    endpoint = await serve(
      state([definition("it", { route: "r", action: { reply: { status, body: "x" } } })]),
    );

    const response = await get("/api/custom/r");

    expect(response.status).toBe(status);
    expect(await response.text()).toBe("");
    expect((await get("/api/custom/r")).status).toBe(status);
  });

  test("can't break its framing", async () => {
    const headers = { "Content-Length": "1", "Transfer-Encoding": "chunked", connection: "x-a", "x-a": "1" };
    endpoint = await serve(
      state([definition("it", { route: "r", action: { reply: { headers, body: "abc" } } })]),
    );

    const response = await get("/api/custom/r");

    expect(response.headers.get("content-length")).toBe("3");
    expect(await response.text()).toBe("abc");
  });

  test("with a malformed header is the API's fault", async () => {
    const headers = { "x-a": "1\r\nset-cookie: a=b" };
    endpoint = await serve(state([definition("it", { route: "r", action: { reply: { headers } } })]));

    const response = await get("/api/custom/r");

    expect(response.headers.get("set-cookie")).toBeNull();
    await expectError(response, 500, 1013);
  });
});

describe("below the base", () => {
  const definitions = [
    definition("mine", { route: "mine", tokens: ["internal"] }),
    definition("theirs", { route: "theirs", tokens: ["partner"] }),
    definition("nobodys", { route: "nobodys", tokens: [] }),
    definition("custom", {
      route: "custom",
      tokens: ["internal"],
      authentication: { header: "X-Key", queryParameter: "key" },
    }),
    definition("inactive", { route: "inactive", tokens: ["internal"], active: false }),
    definition("inactive-open", { route: "inactive-open", keyless: true, active: false }),
    definition("open", { route: "open", keyless: true }),
    definition("old", { route: "old", tokens: ["internal"], expires: "2001-01-01 00:00" }),
    definition("limited", { route: "limited", tokens: ["internal"], ipAllowList: { addresses: [] } }),
    definition("posts", { route: "posts", tokens: ["internal"], methods: ["POST"] }),
    definition("unhonoured", {
      route: "unhonoured",
      tokens: ["internal"],
      paths: { blocked: [{ path: "/" }] },
    }),
  ];
  const tokens = [token("internal"), token("partner"), token("off", { disabled: true })];
  const credentials = [
    credential("internal", secret),
    credential("off", "o".repeat(40)),
    credential("internal", "e".repeat(40), "2001-01-01T00:00:00Z"),
  ];

  test("a valid token gets through to its own APIs only", async () => {
    endpoint = await serve(state(definitions, { tokens, credentials }));

    expect((await get("/api/custom/mine", { headers: bearer })).status).toBe(200);
    await expectError(await get("/api/custom/theirs", { headers: bearer }), 401, 1010);
    await expectError(await get("/api/custom/nobodys", { headers: bearer }), 401, 1010);
    await expectError(await get("/api/custom/none", { headers: bearer }), 404, 5);
    await expectError(await get("/api/custom/inactive", { headers: bearer }), 404, 5);
    await expectError(await get("/api/custom", { headers: bearer }), 400, 1);
  });

  test.each([
    ["no header", {}, 1008],
    ["another scheme", { authorization: "Basic eDp5" }, 1008],
    ["a bare secret", { authorization: secret }, 1008],
    ["an unknown token", { authorization: `Bearer ${"x".repeat(40)}` }, 1010],
    ["a disabled token", { authorization: `Bearer ${"o".repeat(40)}` }, 1010],
    ["an expired token", { authorization: `Bearer ${"e".repeat(40)}` }, 1010],
    ["the hash of a token", { authorization: `Bearer ${credentials[0]!.hash}` }, 1010],
    ["a wrong token in another place", { "x-key": "wrong" }, 1008],
  ])("a caller with %s can't tell which routes exist", async (_what, headers, code) => {
    endpoint = await serve(state(definitions, { tokens, credentials }));
    const paths = definitions.map(({ spec }) => spec.route!).filter((route) => route !== "open");

    const answers = await Promise.all(
      ["", "none", "inactive-open", ...paths].map(async (route) => {
        const response = await get(`/api/custom/${route}`, { headers });
        return {
          status: response.status,
          challenge: response.headers.get("www-authenticate"),
          body: await response.text(),
        };
      }),
    );

    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 401, challenge: "Bearer" });
    expect(JSON.parse(answers[0]!.body)).toMatchObject({ errors: [{ errorCode: code, faultingNode: 7 }] });
  });

  test("a keyless API is open to all, with any token or none", async () => {
    endpoint = await serve(state(definitions, { tokens, credentials }));

    expect((await get("/api/custom/open")).status).toBe(200);
    expect((await get("/api/custom/open", { headers: { authorization: "Bearer wrong" } })).status).toBe(200);
  });

  test("a definition may read its token elsewhere", async () => {
    endpoint = await serve(state(definitions, { tokens, credentials }));

    expect((await get("/api/custom/custom", { headers: { "x-key": secret } })).status).toBe(200);
    expect((await get(`/api/custom/custom?key=${secret}`)).status).toBe(200);
    await expectError(await get("/api/custom/custom", { headers: bearer }), 401, 1010);
  });
});

describe("a rule", () => {
  test.each<[string, Partial<ApiDefinitionSpec>, number, number]>([
    ["expired", { expires: "2001-01-01T00:00:00Z" }, 403, 2007],
    ["of unreadable expiry", { expires: "whenever" }, 403, 2007],
    ["with a blocked path", { paths: { blocked: [{ path: "/" }] } }, 403, 2016],
    ["with other allowed paths", { paths: { allowed: [{ path: "/x" }] } }, 403, 2016],
    ["with versions", { versions: { location: "header", key: "v", entries: [{ name: "v1" }] } }, 403, 2013],
    [
      "of another version",
      { versions: { location: "query", key: "abc", entries: [{ name: "v1" }] } },
      403,
      2014,
    ],
    [
      "of an expired version",
      { versions: { location: "query", key: "abc", entries: [{ name: "1", expires: "2001-01-01" }] } },
      403,
      2015,
    ],
    ["for addresses that nobody vouches for", { ipAllowList: { addresses: ["10.0.0.1"] } }, 403, 2008],
    ["with missing middleware before", { middleware: { pre: [{ file: "x.js" }] } }, 500, 15],
    ["with missing middleware after", { middleware: { post: [{ file: "x.js" }] } }, 500, 15],
    ["with basic authentication", { authentication: { basic: true } }, 401, 1008],
    ["with OAuth 2", { authentication: { oauth2: true } }, 401, 1008],
    ["with signatures", { authentication: { signature: true } }, 401, 1008],
    ["with an empty allow list", { ipAllowList: { addresses: [] } }, 403, 2008],
    ["for other addresses", { ipAllowList: { addresses: ["10.0.0.0/8", "::1"] } }, 403, 2008],
    [
      "with an allow list that can't be read",
      { ipAllowList: { addresses: ["bob", "127.0.0.1/x"] } },
      403,
      2008,
    ],
    [
      "for blocked addresses",
      { ipAllowList: { addresses: ["0.0.0.0/0"] }, ipBlockList: { addresses: ["127.0.0.0/8"] } },
      403,
      2008,
    ],
    ["for other methods", { methods: ["POST"] }, 405, 3],
    ["with a short query limit", { limits: { query: "3B" } }, 414, 1011],
  ])("keeps everybody out of an API that is %s", async (_what, spec, status, code) => {
    endpoint = await serve(state([definition("it", { listenPath: "/it", keyless: true, ...spec })]));

    const response = await get("/it?abc=1", {
      headers: { "x-forwarded-for": "10.0.0.1", "x-real-ip": "10.0.0.1" },
    });

    await expectError(response, status, code);
  });

  test.each<[string, Partial<ApiDefinitionSpec>]>([
    ["not expired yet", { expires: "2999-01-01 00:00" }],
    ["for this address", { ipAllowList: { addresses: ["127.0.0.1"] } }],
    ["for this network", { ipAllowList: { addresses: ["127.0.0.0/8"] } }],
    ["with a list that is not enforced", { ipAllowList: { enabled: false, addresses: [] } }],
    ["with empty path lists", { paths: { allowed: [], blocked: [] } }],
    ["with empty middleware", { middleware: { pre: [], post: [] } }],
  ])("lets everybody into an API that is %s", async (_what, spec) => {
    endpoint = await serve(state([definition("it", { listenPath: "/it", keyless: true, ...spec })]));

    expect((await get("/it")).status).toBe(200);
    expect((await get("/it")).status).toBe(200);
  });

  test("says which methods are taken", async () => {
    endpoint = await serve(state([definition("it", { listenPath: "/it", methods: ["GET", "PUT"] })]));

    const response = await get("/it", { method: "DELETE" });

    expect(response.headers.get("allow")).toBe("GET, PUT");
  });

  test("lets other kinds of authentication not be passed with a good token either", async () => {
    const spec = { route: "it", tokens: ["internal"], authentication: { oauth2: true } };
    endpoint = await serve(state([definition("it", spec)]));

    await expectError(await get("/api/custom/it", { headers: bearer }), 401, 1010);
  });

  test.each<[string, string, Partial<ApiDefinitionSpec>]>([
    ["is open to all", "GET", { keyless: true }],
    ["asks for no token at the path", "GET", { paths: { ignored: [{ path: "/" }] } }],
    [
      "answers at the path",
      "GET",
      { paths: { allowed: [{ path: "/", methods: { GET: { action: "reply", body: "hello" } } }] } },
    ],
    [
      "asks for no token at the path of the version",
      "GET",
      {
        versions: {
          location: "header",
          key: "v",
          default: "1",
          entries: [{ name: "1", paths: { ignored: [{ path: "/" }] } }],
        },
      },
    ],
    ["takes batches", "POST", { batch: { enabled: true } }],
    ["has ended", "GET", { expires: "2001-01-01" }],
    ["is blocked", "GET", { paths: { blocked: [{ path: "/" }] } }],
  ])(
    "of a kind of authentication that can't be checked refuses all calls of an API that %s",
    async (_what, method, spec) => {
      const closed = { tokens: ["internal"], authentication: { basic: true }, ...spec };
      const body = method === "POST" ? '{"requests":[]}' : null;
      for (const place of [{ listenPath: "/it" }, { route: "it", match: "prefix" as const }]) {
        endpoint = await serve(state([definition("it", { ...place, ...closed })]));
        const path = `${place.listenPath ?? "/api/custom/it"}/tyk/batch/`;

        await expectError(await get(path, { method, body }), 401, 1008);
        await expectError(await get(path, { method, body, headers: bearer }), 401, 1010);
        await endpoint.closeNow();
      }
    },
  );

  test("of a kind of authentication that can't be checked comes before middleware that answers", async () => {
    const closed = { listenPath: "/it", keyless: true, authentication: { signature: true } };
    const answering = withMiddleware(closed, {
      pre: ["export default () => ({ status: 200, body: 'hello' })"],
    });
    endpoint = await serve(state([answering]));

    await expectError(await get("/it"), 401, 1008);
  });

  test("refuses a definition whose token is gone", async () => {
    endpoint = await serve(state([definition("it", { route: "it", tokens: ["internal"] })], { tokens: [] }));

    await expectError(await get("/api/custom/it", { headers: bearer }), 401, 1010);
  });
});

describe("outside the base", () => {
  test("a path that nobody holds is not found, without a token", async () => {
    endpoint = await serve(state([definition("it", { listenPath: "/it", active: false })]));

    await expectError(await get("/none"), 404, 5);
    await expectError(await get("/it"), 404, 5);
  });

  test("a token may come without a scheme", async () => {
    endpoint = await serve(state([definition("it", { listenPath: "/it", tokens: ["internal"] })]));

    expect((await get("/it", { headers: { authorization: secret } })).status).toBe(200);
    expect((await get("/it", { headers: bearer })).status).toBe(200);
    await expectError(await get("/it"), 401, 1008);
    await expectError(await get("/it", { headers: { authorization: "wrong" } }), 401, 1010);
  });
});

describe("the endpoint", () => {
  test("says which port is taken and what to do", async () => {
    endpoint = await serve(state([]));
    const { port } = new URL(endpoint.url);

    const second = serve(state([]), { port: Number(port) });

    await expect(second).rejects.toMatchObject({
      code: "port-in-use",
      message: expect.stringContaining(port),
    });
    await expect(second).rejects.toThrow(/GITWAY_ENDPOINT_PORT/);
  });

  test("says that it can't listen on an address of another machine", async () => {
    endpoint = await serve(state([]));

    await expect(serve(state([]), { host: "192.0.2.1" })).rejects.toMatchObject({ code: "config-invalid" });
  });
});

async function get(path: string, init?: RequestInit): Promise<Response> {
  return await fetch(endpoint.url + path, init);
}

async function expectError(response: Response, status: number, code: number): Promise<void> {
  expect(response.status).toBe(status);
  expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
  expect(await errorCode(response)).toBe(code);
}
