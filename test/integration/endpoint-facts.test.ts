import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Endpoint } from "../../src/endpoint/endpoint.ts";
import type { ApiDefinitionSpec } from "../../src/manifest/api-definition.generated.ts";
import { apiIdOf } from "../../src/manifest/dashboard-ids.ts";
import { credential, definition, secret, serve, state, token } from "../support/serving.ts";
import { rawConnection, startUpstream, type Upstream } from "../support/upstream.ts";

/**
 * What a caller gets, in the notation of these facts: `METHOD target[ | header: value]… => status[ code][ upstream]`.
 * `<key>` stands for a token that is let in, `<wrong>` for none.
 */
type Fact = string;

let upstream: Upstream;
let endpoint: Endpoint | null = null;
beforeEach(async () => {
  upstream = await startUpstream((_request, response) => response.end("from the upstream"));
});
afterEach(async () => {
  await endpoint?.closeNow();
  endpoint = null;
  await upstream.close();
});

type Spec = Omit<Partial<ApiDefinitionSpec>, "action"> & {
  readonly to?: string;
  readonly proxy?: NonNullable<ApiDefinitionSpec["action"]>["proxy"];
};

const p: Spec = { listenPath: "/p", to: "/base" };
const closed: Spec = { ...p, tokens: ["internal"] };
const readAbove = {
  default: "1",
  fallbackToDefault: true,
  entries: [{ name: "1" }, { name: "old", expires: "2001-01-01" }],
};
const reply = (body: string) => ({ action: "reply" as const, status: 200, body });

const facts: readonly [about: string, specs: readonly Spec[], facts: readonly Fact[]][] = [
  [
    "the path at the target",
    [p],
    [
      "GET /p => 200 /base",
      "GET /p/ => 200 /base",
      "GET /p/x => 200 /base/x",
      "GET /p/x/ => 200 /base/x/",
      "GET //p///x//y => 200 /base/x/y",
      "GET /p/a%2Fb => 200 /base/a%2Fb",
      "GET /p/a%20b%3F => 200 /base/a%20b%3F",
      "GET /%70/x => 200 /base/x",
      "GET /p/p/p => 200 /base/p/p",
      "GET /p?a=1&b => 200 /base?a=1&b",
      "GET /p/?a=%20+ => 200 /base?a=%20+",
      "GET /p/x? => 200 /base/x",
      "GET /p/%F0%9F%98%80 => 200 /base/%F0%9F%98%80",
      "GET /p/a;b=c => 200 /base/a;b=c",
      "GET /p/a@b:c!$&'()*+,= => 200 /base/a@b:c!$&'()*+,=",
    ],
  ],
  [
    "a target with a query, a slash and escapes of its own",
    [{ ...p, to: "/b%20c/?k=v" }],
    ["GET /p/x?k=w => 200 /b%20c/x?k=v&k=w", "GET /p => 200 /b%20c?k=v", "GET /p/x/ => 200 /b%20c/x/?k=v"],
  ],
  [
    "a path that is not stripped",
    [{ ...p, proxy: { stripPath: false } }],
    ["GET /p => 200 /base/p", "GET //p//x/ => 200 /base/p/x/", "GET /%70/x => 200 /base/%70/x"],
  ],
  [
    "slashes that are kept",
    [{ ...p, to: "/base/", proxy: { keepTrailingSlash: true } }],
    ["GET /p => 200 /base/", "GET /p/ => 200 /base/", "GET /p/x => 200 /base/x", "GET /p/x/ => 200 /base/x/"],
  ],
  [
    "the root as listen path",
    [{ listenPath: "/", to: "" }],
    ["GET / => 200 /", "GET /x/y/ => 200 /x/y/", "GET // => 200 /", "GET /api/custom/x => 401 1008"],
  ],
  [
    "a listen path with a placeholder",
    [{ listenPath: "/p/{id}/q", to: "/base" }],
    [
      "GET /p/5/q/r => 200 /base/r",
      "GET /p//q/r => 404 5",
      "GET /p/a%2Fb/q => 200 /base",
      "GET /p/5 => 404 5",
    ],
  ],
  [
    "whole segments and case",
    [p, { route: "Encoders/{Id}", keyless: true, to: "/r" }],
    [
      "GET /pp => 404 5",
      "GET /P => 404 5",
      "GET /p;x => 404 5",
      "GET /p%2Fx => 404 5",
      "GET /api/custom/ENCODERS/a => 200 /r",
      "GET /API/Custom/encoders/a/ => 200 /r",
      "GET /api//custom//encoders//a => 200 /r",
      "GET /api/custom/encoders => 401 1008",
      "GET /api/custom/encoders/a/b => 200 /r/b",
      "GET /api/custom%2Fencoders/a => 404 5",
    ],
  ],
  [
    "paths that could be read as others",
    [{ listenPath: "/", to: "" }],
    [
      "GET /p/../x => 400 2001",
      "GET /p/%2e%2e/x => 400 2001",
      "GET /p/.%2E => 400 2001",
      "GET /p/..;/x => 400 2001",
      "GET /./x => 400 2001",
      "GET /p/..%2fx => 400 2001",
      "GET /p/..%5cx => 400 2001",
      "GET /p\\..\\x => 400 2001",
      "GET /p/%00 => 400 2001",
      "GET /p/%0d%0ax => 400 2001",
      "GET /p/%zz => 400 2001",
      "GET /p/% => 400 2001",
      "GET /p/%c0%af => 400 2001",
      "GET /p/%ed%a0%80 => 400 2001",
      "GET /p#x => 400 2001",
      "GET *  => 400 2001",
      "GET /p/... => 200 /p/...",
      "GET /p/.well-known => 200 /p/.well-known",
      "GET /p?x=../.. => 200 /p?x=../..",
    ],
  ],
  [
    "the most specific of several",
    [
      { listenPath: "/a", to: "/1" },
      { listenPath: "/a/b", to: "/2" },
      { listenPath: "/a/{x}", match: "exact", to: "/3" },
      { route: "items/{id}", keyless: true, to: "/4" },
      { route: "items/special", keyless: true, to: "/5" },
      { route: "foo/{bar}", match: "exact", keyless: true, to: "/6" },
      { route: "{foo}/bar", match: "exact", keyless: true, to: "/7" },
    ],
    [
      "GET /a => 200 /1",
      "GET /a/b => 200 /2",
      "GET /a/b/c => 200 /2/c",
      "GET /a/bc => 200 /3",
      "GET /a/bc/d => 200 /1/bc/d",
      "GET /api/custom/items/7 => 200 /4",
      "GET /api/custom/Items/SPECIAL => 200 /5",
      "GET /api/custom/foo/bar => 200 /6",
      "GET /api/custom/fo/bar => 200 /7",
    ],
  ],
  [
    "a domain of its own",
    [
      { listenPath: "/p", domain: "api.example.com", to: "/1" },
      { listenPath: "/p", to: "/2" },
      { listenPath: "/q", to: "/3" },
    ],
    [
      "GET /p | Host: api.example.com => 200 /1",
      "GET /p | Host: API.Example.com:8080 => 200 /1",
      "GET /p | Host: api.example.com. => 200 /1",
      "GET /p | Host: other.example.com => 200 /2",
      "GET /q | Host: api.example.com => 200 /3",
      "GET http://api.example.com/p | Host: other.example.com => 200 /1",
      "GET /p | Host: a b => 400 2001",
    ],
  ],
  [
    "a version in a header",
    [
      {
        ...closed,
        versions: {
          location: "header",
          key: "X-Version",
          strip: true,
          entries: [
            { name: "v1" },
            { name: "old", expires: "2001-01-01" },
            { name: "v2", expires: "2999-12-31T23:59:59Z", paths: { blocked: [{ path: "/b" }] } },
          ],
        },
      },
    ],
    [
      "GET /p => 403 2013",
      "GET /p | x-version: v9 => 403 2014",
      "GET /p | x-version: V1 => 403 2014",
      "GET /p | x-version: old => 403 2015",
      "GET /p | x-version: v1 => 401 1008",
      "GET /p | X-VERSION:   v1   | authorization: <key> => 200 /base",
      "GET /p/b | x-version: v1 | authorization: <key> => 200 /base/b",
      "GET /p/b | x-version: v2 | authorization: <key> => 403 2016",
      "GET /p/a | x-version: v2 | authorization: <key> => 200 /base/a",
    ],
  ],
  [
    "a version in the query",
    [
      {
        ...p,
        versions: {
          location: "query",
          key: "v",
          strip: true,
          default: "1",
          fallbackToDefault: true,
          entries: [{ name: "1" }, { name: "2", targetUrl: "<upstream>/two?k=1" }],
        },
      },
    ],
    [
      "GET /p/x => 200 /base/x",
      "GET /p/x?v=2 => 200 /two/x?k=1",
      "GET /p/x?v=2&v=1&a=%20 => 200 /two/x?k=1&a=%20",
      "GET /p/x?%76=2 => 200 /two/x?k=1",
      "GET /p/x?V=2 => 200 /base/x?V=2",
      "GET /p/x?v=9 => 200 /base/x",
      "GET /p/x?v= => 200 /base/x",
    ],
  ],
  [
    "a version that the upstream gets to read",
    [
      { ...p, versions: { location: "query", key: "v", ...readAbove } },
      { ...p, listenPath: "/h", versions: { location: "header", key: "X-V", ...readAbove } },
    ],
    [
      "GET /p/x?v=1&v=old => 403 2014",
      "GET /p/x?v=old&v=1 => 403 2014",
      "GET /p/x?v=1&%76=9 => 403 2014",
      "GET /p/x?v=1&v=1 => 200 /base/x?v=1&v=1",
      "GET /h/x | x-v: 1 | x-v: old => 403 2014",
      "GET /h/x | x-v: 9, old => 403 2014",
      "GET /h/x | x-v: 1 | X-V: 1 => 200 /base/x",
      "GET /h/x | x-v: 9 => 200 /base/x",
    ],
  ],
  [
    "a version in the path, stripped",
    [{ ...p, versions: { location: "path", strip: true, entries: [{ name: "v1" }, { name: "v 2" }] } }],
    [
      "GET /p/v1/x => 200 /base/x",
      "GET /p/v1 => 200 /base",
      "GET /p/v1/ => 200 /base",
      "GET /p/%761/x => 200 /base/x",
      "GET /p/v%202/x => 200 /base/x",
      "GET /p//v1//x => 200 /base/x",
      "GET /p => 403 2013",
      "GET /p/x/v1 => 403 2014",
      "GET /p/V1/x => 403 2014",
    ],
  ],
  [
    "a version in the path, kept",
    [
      {
        ...p,
        versions: { location: "path", default: "v1", entries: [{ name: "v1" }, { name: "v2" }] },
        paths: { blocked: [{ path: "/secret" }] },
      },
    ],
    [
      "GET /p/v2/x => 200 /base/v2/x",
      "GET /p/v2/secret/x => 403 2016",
      "GET /p/v2/x/secret => 200 /base/v2/x/secret",
      "GET /p => 200 /base",
      "GET /p/secret => 403 2014",
    ],
  ],
  [
    "lists together",
    [
      {
        ...closed,
        paths: {
          ignored: [{ path: "/all" }, { path: "/open" }],
          blocked: [
            { path: "/all" },
            { path: "/both" },
            { path: "/split", methods: { POST: { action: "none" } } },
          ],
          allowed: [
            { path: "/all" },
            { path: "/both" },
            { path: "/split", methods: { GET: { action: "none" } } },
            { path: "/only/{id}/x", match: "exact" },
            { path: "/Case", ignoreCase: true },
            { path: "/gone", disabled: true },
            { path: "/never", methods: {} },
          ],
        },
      },
    ],
    [
      "GET /p/all => 200 /base/all",
      "GET /p/open/below => 200 /base/open/below",
      "GET /p/openly => 403 2016",
      "GET /p/both | authorization: <key> => 403 2016",
      "GET /p/split | authorization: <key> => 200 /base/split",
      "GET /p/split => 401 1008",
      "POST /p/split | authorization: <key> => 403 2016",
      "HEAD /p/split | authorization: <key> => 403",
      "GET /p/only/7/x | authorization: <key> => 200 /base/only/7/x",
      "GET /p/only/7/x/ | authorization: <key> => 200 /base/only/7/x/",
      "GET /p/only/7/x/y | authorization: <key> => 403 2016",
      "GET /p/only/x | authorization: <key> => 403 2016",
      "GET /p/cASE | authorization: <key> => 200 /base/cASE",
      "GET /p/ALL => 403 2016",
      "GET /p/gone | authorization: <key> => 403 2016",
      "GET /p/never | authorization: <key> => 403 2016",
      "GET /p | authorization: <key> => 403 2016",
    ],
  ],
  [
    "disguised paths",
    [{ ...closed, paths: { ignored: [{ path: "/open" }], blocked: [{ path: "/admin" }] } }],
    [
      "GET /p/%61dmin | authorization: <key> => 403 2016",
      "GET /p//admin | authorization: <key> => 403 2016",
      "GET /p/admin%2Fx | authorization: <key> => 403 2016",
      "GET /p/admin;x | authorization: <key> => 403 2016",
      "GET /p/x%2Fadmin | authorization: <key> => 200 /base/x%2Fadmin",
      "GET /p/open%2f..%2fadmin | authorization: <key> => 400 2001",
      "GET /p/open%2fx => 403 2016",
      "GET /p/open;x => 403 2016",
      "GET /p/open/x;y => 200 /base/open/x;y",
      "GET /p/OPEN => 401 1008",
    ],
  ],
  [
    "answers of paths",
    [
      {
        ...closed,
        ipAllowList: { addresses: ["10.0.0.1"] },
        paths: {
          ignored: [
            { path: "/a", methods: { GET: reply("first") } },
            { path: "/a", methods: { GET: reply("second") } },
          ],
          blocked: [{ path: "/b", methods: { GET: reply("blocked"), PUT: { action: "none" } } }],
          allowed: [{ path: "/c", methods: { GET: reply("allowed") } }],
        },
      },
    ],
    [
      "GET /p/a/x => 200 first",
      "GET /p/b => 200 blocked",
      "GET /p/c => 200 allowed",
      "PUT /p/b => 403 2016",
      "POST /p/c => 403 2016",
      "POST /p/a => 403 2016",
    ],
  ],
  [
    "what ignoring does not leave out",
    [
      { ...closed, ipBlockList: { addresses: ["127.0.0.0/8"] }, paths: { ignored: [{ path: "/" }] } },
      {
        listenPath: "/q",
        to: "/q",
        tokens: ["internal"],
        rateLimit: { limit: 1, window: "1h" },
        paths: { ignored: [{ path: "/" }] },
      },
    ],
    ["GET /p/x => 403 2008", "GET /q => 200 /q", "GET /q => 429 2018"],
  ],
  [
    "the place of a token",
    [{ ...closed, authentication: { header: "X-Key", queryParameter: "key", cookie: "key" } }],
    [
      "GET /p => 401 1008",
      "GET /p | x-key: <key> => 200 /base",
      "GET /p | x-key: Bearer <key> => 200 /base",
      "GET /p | x-key: bEARER   <key> => 200 /base",
      "GET /p?key=<key>&a=1 => 200 /base?a=1",
      "GET /p?k%65y=<key> => 200 /base",
      "GET /p?KEY=<key> => 401 1008",
      "GET /p | cookie: a=1; key=<key>; b=2 => 200 /base",
      "GET /p | cookie: Key=<key> => 401 1008",
      "GET /p?key=<key> | x-key: <wrong> => 200 /base",
      "GET /p?key=<wrong> | x-key: <key> => 401 1010",
      "GET /p?key=<key> | cookie: key=<wrong> => 401 1010",
      "GET /p?key= | x-key: <key> => 200 /base",
      "GET /p?key=<wrong>&key=<key> => 401 1010",
      "GET /p | authorization: <key> => 401 1008",
    ],
  ],
  [
    "the form of a token",
    [closed, { route: "r", to: "/r", tokens: ["internal"] }, { route: "other", to: "/o", tokens: [] }],
    [
      "GET /p | authorization: <key> => 200 /base",
      "GET /p | authorization: BEARER <key> => 200 /base",
      "GET /p | authorization: Basic <key> => 401 1010",
      "GET /api/custom/r | authorization: <key> => 401 1008",
      "GET /api/custom/r | authorization: bearer   <key> => 200 /r",
      "GET /api/custom/r | authorization: Bearer <key> x => 401 1008",
      "GET /api/custom/r | authorization: Bearer <wrong> => 401 1010",
      "GET /api/custom/other | authorization: Bearer <key> => 401 1010",
      "GET /api/custom/none | authorization: Bearer <wrong> => 401 1010",
      "GET /api/custom/none | authorization: Bearer <key> => 404 5",
      "GET /api/custom | authorization: Bearer <key> => 400 1",
      "GET /api/custom/ | authorization: Bearer <key> => 400 1",
      "GET /api/custom => 401 1008",
      "GET /p | authorization: Bearer <old> => 401 1010",
      "GET /p | authorization: Bearer <off> => 401 1010",
    ],
  ],
  [
    "a rate limit and a quota",
    [
      { ...closed, tokens: ["slow", "few"] },
      { listenPath: "/o", to: "/o", keyless: true },
    ],
    [
      "GET /p | authorization: <few> => 200 /base",
      "GET /p | authorization: <few> => 200 /base",
      "GET /p | authorization: <few> => 403 2017",
      "GET /o | authorization: <few> => 200 /o",
      "GET /p | authorization: <slow> => 200 /base",
      "GET /api/custom/none | authorization: Bearer <slow> => 404 5",
      "GET /p | authorization: <slow> => 429 1014",
      "GET /api/custom/none | authorization: Bearer <slow> => 429 1014",
      "GET /p => 401 1008",
    ],
  ],
  [
    "methods",
    [
      { ...p, methods: ["GET", "POST"] },
      { listenPath: "/all", to: "/all" },
    ],
    [
      "HEAD /p => 405",
      "OPTIONS /p | origin: http://x | access-control-request-method: GET => 405 3",
      "DELETE /p => 405 3",
      "get /p => 400 2001",
      "OPTIONS /all => 200 /all",
      "TRACE /all => 405 3",
      "CONNECT x:80 => 405 3",
      "PROPFIND /all => 200 /all",
    ],
  ],
  [
    "an API by its id",
    [
      { ...closed, batch: { enabled: true } },
      { route: "r", to: "/r", tokens: ["internal"] },
    ],
    [
      "GET /<id 0>/x | authorization: <key> => 200 /base/<id 0>/x",
      "GET /<ID 0>/x | authorization: <key> => 404 5",
      "GET /<id 0> => 401 1008",
      "GET /<id 1> | authorization: <key> => 404 5",
      "GET /p/tyk/batch/ => 405 3",
      "GET /<id 0>/tyk/batch => 405 3",
      "GET /p/tyk/batch/x | authorization: <key> => 200 /base/tyk/batch/x",
      "GET /p/TYK/batch | authorization: <key> => 200 /base/TYK/batch",
    ],
  ],
  [
    "what can't be served",
    [
      { ...p, active: false },
      { listenPath: "/ended", to: "/e", tokens: ["internal"], expires: "2001-01-01" },
      { listenPath: "/oauth", to: "/o", keyless: true, authentication: { oauth2: true } },
    ],
    [
      "GET /p => 404 5",
      "GET /ended => 403 2007",
      "GET /oauth | authorization: <key> => 401 1010",
      "GET /oauth => 401 1008",
    ],
  ],
];

describe("it is a fact about", () => {
  test.each(facts)("%s", async (_about, specs, list) => {
    endpoint = await served(specs);

    const seen = [];
    for (const fact of list) seen.push(await observed(fact));

    expect(seen).toEqual(list);
  });
});

const names: Readonly<Record<string, string>> = { key: secret, wrong: "w".repeat(40) };
const others = ["old", "off", "slow", "few"];
const secretOf = (name: string) => names[name] ?? name.repeat(14);

async function served(specs: readonly Spec[]): Promise<Endpoint> {
  const definitions = specs.map(({ to = "", proxy, ...spec }, index) => {
    const text = JSON.stringify({ ...spec, action: { proxy: { targetUrl: `<upstream>${to}`, ...proxy } } });
    return definition(`api-${index}`, JSON.parse(text.replaceAll("<upstream>", upstream.url)));
  });
  const tokens = [
    token("internal"),
    token("old", { expires: "2001-01-01" }),
    token("off", { disabled: true }),
    token("slow", { rateLimit: { limit: 2, window: "1h" } }),
    token("few", { quota: { limit: 2, window: "1d" } }),
  ];
  const credentials = [
    credential("internal", secret),
    ...others.map((name) => credential(name, secretOf(name))),
  ];
  return await serve(state(definitions, { tokens, credentials }));
}

/** The fact about this request, as it was seen. */
async function observed(fact: Fact): Promise<Fact> {
  const [asked = "", expected = ""] = fact.split(" => ");
  const [line = "", ...headers] = filled(asked).split(" | ");
  const host = headers.some((header) => /^host:/i.test(header)) ? [] : ["Host: x"];
  const head = [`${line} HTTP/1.1`, ...host, ...headers, "Connection: close"];
  const before = upstream.requests.length;
  const answer = await rawConnection(endpoint!.url, `${head.join("\r\n")}\r\n\r\n`).ended;
  const reached = upstream.requests.slice(before).map(({ url }) => url);
  const status = /^HTTP\/1.1 (\d+)/.exec(answer)?.[1] ?? "none";
  const code = /"errorCode":(\d+)/.exec(answer)?.[1];
  const body = answer.slice(answer.indexOf("\r\n\r\n") + 4);
  const isOwn = reached.length === 0 && status === "200";
  const seen = [status, code ?? [], reached, isOwn ? body : []].flat().join(" ");
  return `${asked} => ${seen === filled(expected) ? expected : seen}`;
}

/** With what stands for secrets and ids. */
function filled(text: string): string {
  const id = (index: string) => apiIdOf(definition(`api-${index}`, {}).id, undefined);
  return text
    .replaceAll(/<id (\d)>/g, (_, index: string) => id(index))
    .replaceAll(/<ID (\d)>/g, (_, index: string) => id(index).toUpperCase())
    .replaceAll(/<(\w+)>/g, (_, name: string) => secretOf(name));
}
