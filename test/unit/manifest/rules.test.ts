import { describe, expect, test } from "vitest";

import { parseFile } from "../../../src/manifest/parse/parse-file.ts";
import { patternWords } from "../../../src/manifest/parse/pattern-words.ts";
import { schemas } from "../../../src/schemas.generated.ts";
import { brief, codesOf, definition, problemsOf, readOne, reply, routeBase } from "./reading.ts";

function errorsOf(text: string, path?: string): string[] {
  return problemsOf(readOne(text, path))
    .filter(({ severity }) => severity === "error")
    .map(({ code, path }) => `${code} ${path}`);
}

test("every pattern of the schemas of manifests has words", () => {
  const manifests = ["common", "api-definition", "api-token", "webhook", "user"].map(
    (name) => schemas[`${name}.schema.json`],
  );
  const patterns = [...JSON.stringify(manifests).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)];

  const known = Object.keys(patternWords);
  expect(
    patterns.map(([, pattern]) => JSON.parse(pattern ?? "") as string).filter((p) => !known.includes(p)),
  ).toEqual([]);
});

describe("a route", () => {
  test.each([
    "encoders/status",
    "encoders/{encoderId}/status",
    "{a}/{b}",
    "a",
    "v1.2/x-y_z~",
    "grün/ß",
    "a,b;c=d/@",
  ])("may be %j", (route) => {
    expect(errorsOf(reply(`route: ${JSON.stringify(route)}`))).toEqual([]);
  });

  test.each([
    "",
    " ",
    "/a",
    "a/",
    "a//b",
    "a/do{name}action",
    "orders/{id}-details",
    "{}",
    "{a/b}",
    "{a:int}",
    "{*rest}",
    "{a?}",
    "{a=1}",
    "{{a}}",
    "{a}/{a}",
    "a:b",
    "a<b",
    "a>b",
    "a*",
    "a?b",
    "a b",
    "a\tb",
    "a\\b",
    "a%20b",
    "a#b",
    "./a",
    "a/..",
    "a\u0007",
  ])("may not be %j (UD-APIs 1.2)", (route) => {
    expect(errorsOf(reply(`route: ${JSON.stringify(route)}`))).toEqual(["invalid-route /spec/route"]);
  });

  test("is told every flaw by one sentence that says what to write", () => {
    const messages = ["/a/", "orders/{id}-x", "a/*"].map(
      (route) => problemsOf(readOne(reply(`route: "${route}"`)))[0]?.message,
    );

    expect(messages).toEqual([
      "'spec.route' must not begin or end with a slash: write 'a'.",
      "'spec.route' has the segment '{id}-x': a parameter must fill a whole segment, such as {name}.",
      "'spec.route' holds '*': there are no wildcards; 'match: prefix' takes all below a path.",
    ]);
  });
});

describe("a listen path", () => {
  test.each(["/", "/payments/", "/payments", "/a/{b}/c:d", "/api", "/api/customers/"])(
    "may be %j",
    (path) => {
      expect(errorsOf(reply(`listenPath: ${JSON.stringify(path)}`))).toEqual([]);
    },
  );

  test.each([
    "",
    "a",
    "//",
    "/a//b",
    "/a/../b",
    "/.",
    "/a b",
    "/a?b",
    "/a#b",
    "/a%2fb",
    "/a/*",
    "/{a}/{a}",
    "/x{a}",
    "/a\\b",
  ])("may not be %j", (path) => {
    expect(errorsOf(reply(`listenPath: ${JSON.stringify(path)}`))).toEqual([
      "invalid-listen-path /spec/listenPath",
    ]);
  });

  test.each([
    [
      "/api/custom/a/b/",
      "'spec.listenPath' lies within /api/custom, where the routes are: use 'route: a/b' in its place.",
    ],
    ["/api/custom", "'spec.listenPath' lies within /api/custom, where the routes are: use a route below it."],
    [
      "/API/Custom/",
      "'spec.listenPath' lies within /api/custom, where the routes are: use a route below it.",
    ],
  ])("within the base of the routes, %s, is refused with the route to use", (path, message) => {
    expect(problemsOf(readOne(reply(`listenPath: ${path}`)))).toMatchObject([
      { code: "listen-path-in-base", message },
    ]);
  });
});

describe("a definition", () => {
  test.each([
    ["neither route nor listen path", "action: { reply: {} }", "missing-field /spec/route"],
    [
      "both route and listen path",
      "route: a\nlistenPath: /a\naction: { reply: {} }",
      "exactly-one /spec/listenPath",
    ],
    ["no action", "route: a", "missing-field /spec/action"],
    ["an empty action", "route: a\naction: {}", "exactly-one /spec/action"],
    ["two actions", "route: a\naction: { reply: {}, script: { file: a.js } }", "exactly-one /spec/action"],
    ["a misspelt action", "route: a\naction: { replly: {} }", "unknown-field /spec/action/replly"],
    ["a proxy without target", "route: a\naction: { proxy: {} }", "exactly-one /spec/action/proxy"],
    [
      "a proxy with target and targets",
      "route: a\naction: { proxy: { targetUrl: http://a, targets: [http://a] } }",
      "exactly-one /spec/action/proxy",
    ],
    [
      "a target of another scheme",
      "route: a\naction: { proxy: { targetUrl: ftp://a } }",
      "invalid-format /spec/action/proxy/targetUrl",
    ],
    [
      "a target with a wrong port",
      "route: a\naction: { proxy: { targetUrl: http://a:99999 } }",
      "invalid-format /spec/action/proxy/targetUrl",
    ],
    [
      "a target with a password",
      "route: a\naction: { proxy: { targets: ['http://a', 'http://jo:secret@a/'] } }",
      "secret-in-url /spec/action/proxy/targets/1",
    ],
    [
      "a version's target with a user",
      "route: a\nversions: { location: path, entries: [{ name: v1, targetUrl: 'https://token@a' }] }\naction: { proxy: { targetUrl: http://a } }",
      "secret-in-url /spec/versions/entries/0/targetUrl",
    ],
    [
      "a domain with a port",
      "route: a\ndomain: a.example:80\naction: { reply: {} }",
      "invalid-format /spec/domain",
    ],
    [
      "parameters without run",
      "route: a\naction: { script: { file: a.js, parameters: [a] } }",
      "invalid-value /spec/action/script/parameters",
    ],
    [
      "a version twice",
      "route: a\naction: { reply: {} }\nversions: { location: path, entries: [{ name: v1 }, { name: v1 }] }",
      "duplicate-item /spec/versions/entries/1/name",
    ],
    [
      "an unknown default version",
      "route: a\naction: { reply: {} }\nversions: { location: path, default: v2, entries: [{ name: v1 }] }",
      "invalid-value /spec/versions/default",
    ],
    [
      "versions by header without a key",
      "route: a\naction: { reply: {} }\nversions: { location: header, entries: [{ name: v1 }] }",
      "missing-field /spec/versions/key",
    ],
    [
      "a version that ends never",
      "route: a\naction: { reply: {} }\nversions: { location: path, entries: [{ name: v1, expires: never }] }",
      "invalid-timestamp /spec/versions/entries/0/expires",
    ],
  ])("with %s is broken", (_, spec, expected) => {
    expect(errorsOf(definition(spec))).toEqual([expected]);
  });
});

describe("a moment", () => {
  test.each(["2027-01-31T12:00:00Z", "2027-01-31 12:00", "2028-02-29T23:59:59.5Z", "0001-01-01T00:00:00Z"])(
    "may be %s",
    (text) => {
      expect(codesOf(reply(`route: x\nexpires: ${text}`))).toEqual([]);
    },
  );

  test.each([
    "2027-02-29 12:00",
    "2027-04-31T12:00:00Z",
    "2027-13-01T12:00:00Z",
    "2027-01-01T24:00:00Z",
    "2027-01-01T12:60:00Z",
    "2027-01-01T12:00:60Z",
    "2027-01-01T12:00:00+02:00",
    "2027-01-01",
    "2027-00-10 00:00",
    "tomorrow",
  ])("may not be %s", (text) => {
    expect(errorsOf(reply(`route: x\nexpires: "${text}"`))).toEqual(["invalid-timestamp /spec/expires"]);
  });
});

describe("an address", () => {
  test.each(["127.0.0.1", "10.0.0.0/8", "::1", "2001:db8::/32", "0.0.0.0/0", "::/0", "::ffff:10.0.0.0/104"])(
    "may be %s",
    (address) => {
      expect(codesOf(reply(`route: x\nipAllowList: { addresses: ["${address}"] }`))).toEqual([]);
    },
  );

  test.each([
    "10.0.0",
    "10.0.0.256",
    "10.0.0.0/33",
    "10.0.0.0/",
    "::/129",
    "10.0.0.0/8/8",
    "fe80::1%eth0",
    "bob",
    "10.0.0.0/08",
  ])("may not be %s", (address) => {
    expect(errorsOf(reply(`route: x\nipAllowList: { addresses: ["${address}"] }`))).toEqual([
      "invalid-address /spec/ipAllowList/addresses/0",
    ]);
  });

  test.each(["10.0.0.1/8", "2001:db8::1/32", "::ffff:10.0.0.1/120"])(
    "with host bits, %s, is a warning",
    (address) => {
      expect(
        brief(problemsOf(readOne(reply(`route: x\nipAllowList: { addresses: ["${address}"] }`)))),
      ).toEqual(["6:30 address-host-bits /spec/ipAllowList/addresses/0"]);
    },
  );
});

describe("a target", () => {
  const webhook = (url: string) =>
    `apiVersion: gitway/v1\nkind: Webhook\nmetadata: { name: x }\nspec:\n  url: ${url}\n`;

  test.each([
    "http://169.254.169.254/latest",
    "http://2852039166/",
    "http://0xa9.0xfe.0xa9.0xfe/",
    "https://[fe80::1]:8443/",
    "http://[2002:a9fe:a9fe::]/",
  ])("that is never reached is warned of: %s", (url) => {
    const proxy = `route: x\nkeyless: true\naction: { proxy: { targetUrl: "${url}" } }`;
    const versions = `route: x\nkeyless: true\naction: { proxy: { targets: ["http://a.example", "${url}"] } }\nversions: { location: path, entries: [{ name: v1, targetUrl: "${url}" }] }`;

    expect(codesOf(definition(proxy))).toEqual(["denied-target"]);
    expect(codesOf(definition(versions))).toEqual(["denied-target", "denied-target"]);
    expect(codesOf(webhook(url))).toEqual(["denied-target"]);
  });

  test.each(["http://10.0.0.7/", "http://169.254.example.com/", "http://[::1]/"])("may be %s", (url) => {
    expect(codesOf(webhook(url))).toEqual([]);
  });

  test("is judged by the configured lists", () => {
    const [allow, deny] = [["169.254.20.10"], ["10.0.0.0/8"]];
    const judged = (url: string) =>
      parseFile("apis/a.yaml", webhook(url), { routeBase, targets: { allow, deny } }).documents.flatMap(
        (document) => problemsOf(document).map(({ code }) => code),
      );

    expect(judged("http://169.254.20.10/")).toEqual([]);
    expect(judged("http://10.0.0.7/")).toEqual(["denied-target"]);
  });
});

describe("a referenced file", () => {
  const script = (file: string) =>
    definition(`route: x\nkeyless: true\naction: { script: { file: ${JSON.stringify(file)} } }`);

  test.each([
    ["a.js", "apis/a.js"],
    ["../a.js", "a.js"],
    ["./b//a.js", "apis/b/a.js"],
    ["..a/b.js", "apis/..a/b.js"],
  ])("%s is found from the folder of its manifest", (file, expected) => {
    expect(readOne(script(file))).toMatchObject({
      spec: { action: { script: { file: expected } } },
      fileReferences: [{ file: expected, path: "/spec/action/script/file" }],
    });
  });

  test.each(["../../a.js", "..", "/a.js", "a\\b.js", "a\u0001b", ".", "b/"])("may not be %j", (file) => {
    expect(errorsOf(script(file))).toEqual(["invalid-file /spec/action/script/file"]);
  });

  test("may be the template of a webhook, or middleware", () => {
    const webhook =
      "apiVersion: gitway/v1\nkind: Webhook\nmetadata: { name: x }\nspec: { url: http://a/, template: t.txt }";
    const middleware = reply(
      "route: x\nmiddleware: { pre: [{ file: a.js }], post: [{ file: b.js }, { file: a.js }] }",
    );

    const files = [webhook, middleware].map((text) => {
      const document = readOne(text);
      return document.status === "good"
        ? document.fileReferences.map(({ path, file }) => `${path} ${file}`)
        : [];
    });

    expect(files).toEqual([
      ["/spec/template apis/t.txt"],
      [
        "/spec/middleware/pre/0/file apis/a.js",
        "/spec/middleware/post/0/file apis/b.js",
        "/spec/middleware/post/1/file apis/a.js",
      ],
    ]);
  });
});

describe("a warning", () => {
  test.each([
    ["no token and not keyless", "route: x\naction: { reply: {} }", "nobody-may-call /spec"],
    [
      "tokens and keyless",
      "route: x\nkeyless: true\ntokens: [a]\naction: { reply: {} }",
      "no-effect /spec/tokens",
    ],
    [
      "basic authentication",
      "route: x\ntokens: [a]\nauthentication: { basic: true }\naction: { reply: {} }",
      "refuses-all /spec/authentication/basic",
    ],
    [
      "an enabled and empty allow list",
      "route: x\ntokens: [a]\nipAllowList: { addresses: [] }\naction: { reply: {} }",
      "nobody-may-call /spec/ipAllowList",
    ],
    [
      "a disabled allow list",
      "route: x\ntokens: [a]\nipAllowList: { enabled: false, addresses: [10.0.0.1] }\naction: { reply: {} }",
      "no-effect /spec/ipAllowList/enabled",
    ],
    [
      "a disabled block list",
      "route: x\ntokens: [a]\nipBlockList: { enabled: false, addresses: [10.0.0.1] }\naction: { reply: {} }",
      "no-effect /spec/ipBlockList/enabled",
    ],
    [
      "fields of the Dashboard",
      "route: x\ntokens: [a]\ndashboard: { a: 1 }\naction: { reply: {} }",
      "no-effect /spec/dashboard",
    ],
    [
      "a key where versions are in the path",
      "route: x\ntokens: [a]\nversions: { location: path, key: v, entries: [{ name: v1 }] }\naction: { reply: {} }",
      "no-effect /spec/versions/key",
    ],
    [
      "a fallback without default",
      "route: x\ntokens: [a]\nversions: { location: path, fallbackToDefault: true, entries: [{ name: v1 }] }\naction: { reply: {} }",
      "no-effect /spec/versions/fallbackToDefault",
    ],
    [
      "a version's target without a proxy",
      "route: x\ntokens: [a]\nversions: { location: path, entries: [{ name: v1 }, { name: v2, targetUrl: 'http://a.example' }] }\naction: { script: { file: a.js } }",
      "no-effect /spec/versions/entries/1/targetUrl",
    ],
    [
      "a limit on the body of a reply",
      "route: x\ntokens: [a]\nlimits: { responseBody: 1KiB }\naction: { reply: {} }",
      "no-effect /spec/limits/responseBody",
    ],
    [
      "a reply that states its length",
      "route: x\ntokens: [a]\naction: { reply: { headers: { X-A: b, Content-Length: '1' } } }",
      "no-effect /spec/action/reply/headers/Content-Length",
    ],
    [
      "a reply to a path that ends the connection",
      "route: x\ntokens: [a]\npaths: { ignored: [{ path: /a, methods: { GET: { action: reply, headers: { connection: close } } } }] }\naction: { reply: {} }",
      "no-effect /spec/paths/ignored/0/methods/GET/headers/connection",
    ],
    [
      "a script that wants too much time",
      "route: x\ntokens: [a]\naction: { script: { file: a.js, timeout: 61m } }",
      "capped /spec/action/script/timeout",
    ],
    [
      "a script that wants too much memory",
      "route: x\ntokens: [a]\naction: { script: { file: a.js, memory: 513MiB } }",
      "capped /spec/action/script/memory",
    ],
    [
      "a proxy that wants to wait for too long",
      "route: x\ntokens: [a]\naction: { proxy: { targetUrl: 'http://a.example', idleTimeout: 25d } }",
      "capped /spec/action/proxy/idleTimeout",
    ],
    [
      "too long a window",
      "route: x\ntokens: [a]\nrateLimit: { limit: 1, window: 3651d }\naction: { reply: {} }",
      "capped /spec/rateLimit/window",
    ],
    [
      "a rule for no method",
      "route: x\ntokens: [a]\npaths: { allowed: [{ path: /a, methods: {} }] }\naction: { reply: {} }",
      "never-matches /spec/paths/allowed/0/methods",
    ],
    [
      "a wildcard, which blocks nothing",
      "route: x\ntokens: [a]\npaths: { blocked: [{ path: '/admin/*' }] }\naction: { reply: {} }",
      "no-pattern /spec/paths/blocked/0/path",
    ],
    [
      "an expression, which allows everything",
      "route: x\ntokens: [a]\npaths: { allowed: [{ path: '/users/{id}' }, { path: '/{of:[a-z]+}/x' }] }\naction: { reply: {} }",
      "no-pattern /spec/paths/allowed/1/path",
    ],
    [
      "a parameter that fills no segment",
      "route: x\ntokens: [a]\nversions: { location: path, entries: [{ name: v1, paths: { ignored: [{ path: '/do-{x}' }] } }] }\naction: { reply: {} }",
      "no-pattern /spec/versions/entries/0/paths/ignored/0/path",
    ],
    [
      "a body that is not sent",
      "route: x\ntokens: [a]\npaths: { allowed: [{ path: /a, methods: { GET: { body: a } } }] }\naction: { reply: {} }",
      "no-effect /spec/paths/allowed/0/methods/GET/body",
    ],
  ])("tells of %s, and the manifest stays good", (_, spec, expected) => {
    const document = readOne(definition(spec));

    expect(document.status).toBe("good");
    expect(problemsOf(document).map(({ severity, code, path }) => `${severity} ${code} ${path}`)).toEqual([
      `warning ${expected}`,
    ]);
  });

  test("tells of a webhook and a token that ask for too much", () => {
    const head = (kind: string) => `apiVersion: gitway/v1\nkind: ${kind}\nmetadata: { name: x }\nspec:`;

    expect(codesOf(`${head("Webhook")} { url: "http://a.example", timeout: 61s }`)).toEqual(["capped"]);
    expect(
      codesOf(`${head("ApiToken")} { secret: { generate: true }, quota: { limit: 1, window: 3651d } }`),
    ).toEqual(["capped"]);
  });

  test("is not given for as much as there can be, and for a limit that batches heed", () => {
    for (const spec of [
      "action: { script: { file: a.js, timeout: 60m, memory: 512MiB } }",
      "action: { proxy: { targetUrl: 'http://a.example', timeout: 24d } }",
      "batch: { enabled: true }\nlimits: { responseBody: 1KiB }\naction: { reply: {} }",
    ])
      expect(codesOf(definition(`route: x\ntokens: [a]\n${spec}`))).toEqual([]);
  });

  test("is not given where ignored paths let callers in", () => {
    expect(
      codesOf(definition("route: x\npaths: { ignored: [{ path: /health }] }\naction: { reply: {} }")),
    ).toEqual([]);
  });
});

describe("an entry of a path list", () => {
  const shadowed = (...entries: readonly string[]) =>
    problemsOf(readOne(reply(`route: x\npaths: { allowed: [${entries.join(", ")}] }`)))
      .filter(({ code }) => code === "shadowed-entry")
      .map(({ path }) => path);

  test.each([
    [["{ path: /a }", "{ path: /a/b }"]],
    [["{ path: a/ }", "{ path: /a }"]],
    [["{ path: '/{x}' }", "{ path: '/{y}/c' }"]],
    [["{ path: '/{x}/c' }", "{ path: /a/c/d }"]],
    [["{ path: / }", "{ path: /a }"]],
    [["{ path: /A, ignoreCase: true }", "{ path: /a }"]],
    [["{ path: /a }", "{ path: /a, methods: { GET: {} } }"]],
    [["{ path: /a, methods: { GET: {}, PUT: {} } }", "{ path: /a, methods: { GET: {} } }"]],
    [["{ path: /a }", "{ path: /a, match: exact }"]],
    [["{ path: /a, match: exact }", "{ path: /a, match: exact }"]],
  ])("in %j is shadowed by the one before", (entries) => {
    expect(shadowed(...entries)).toEqual(["/spec/paths/allowed/1/path"]);
  });

  test.each([
    [["{ path: /a/b }", "{ path: /a }"]],
    [["{ path: /a }", "{ path: /ab }"]],
    [["{ path: /a }", "{ path: '/{x}' }"]],
    [["{ path: /a }", "{ path: /A }"]],
    [["{ path: /a }", "{ path: /a, ignoreCase: true }"]],
    [["{ path: /a, disabled: true }", "{ path: /a }"]],
    [["{ path: /a }", "{ path: /a, disabled: true }"]],
    [["{ path: /a, methods: { GET: {} } }", "{ path: /a }"]],
    [["{ path: /a, methods: { GET: {} } }", "{ path: /a, methods: { PUT: {} } }"]],
    [["{ path: /a, methods: {} }", "{ path: /a }"]],
    [["{ path: /a, match: exact }", "{ path: /a }"]],
    [["{ path: /a, match: exact }", "{ path: /a/b, match: exact }"]],
  ])("in %j is not shadowed", (entries) => {
    expect(shadowed(...entries)).toEqual([]);
  });

  test("is told which one shadows it, also within a version", () => {
    const entries = "[{ name: v1, paths: { ignored: [{ path: /a }, { path: /a/b }] } }]";

    const [problem] = problemsOf(
      readOne(reply(`route: x\nversions: { location: path, entries: ${entries} }`)),
    );

    expect(problem?.message).toBe(
      "The entry '/a/b' is never reached: entry 1, '/a', takes its requests first; move '/a/b' before it, or remove it.",
    );
  });
});
