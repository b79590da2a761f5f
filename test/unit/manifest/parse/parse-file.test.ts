import { describe, expect, test } from "vitest";

import { brief, codesOf, definition, objectOf, problemsOf, read, readOne, reply } from "../reading.ts";

const example = `# yaml-language-server: $schema=../schemas/manifest.schema.json
apiVersion: gitway/v1
kind: ApiDefinition
metadata:
  name: encoder-status
  labels: { team: video }
spec:
  route: encoders/{encoderId}/status
  description: Status of one encoder.
  tokens: [partner, internal]
  expires: 2027-01-31 12:00
  events: [{ on: AuthFailure, webhook: on-call }]
  action:
    script:
      file: ../scripts/encoder-status.js
---
apiVersion: gitway/v1
kind: ApiToken
metadata: { name: internal }
spec:
  secret: { generate: true }
  rateLimit: { limit: 60, window: 1m }
---
# Nothing here.
---
apiVersion: gitway/v1
kind: User
metadata: { name: jdoe, id: c4cc7192-6ff5-4ca5-aae0-57c8615e25c8 }
spec:
  displayName: John Doe
  emails: [john.doe@example.com, jd@example.com]
  permissions: [tokens.read, definitions.read]
`;

describe("a file", () => {
  test("gives its documents, normalised, and nothing for an empty one", () => {
    const { documents } = read(example);

    expect(documents.map((document) => document.status)).toEqual(["good", "good", "good"]);
    expect(documents).toMatchObject([
      {
        kind: "ApiDefinition",
        name: "encoder-status",
        id: "baf6dc10-def5-52b4-bf48-6e242e743909",
        labels: { team: "video" },
        annotations: {},
        spec: {
          active: true,
          expires: "2027-01-31T12:00:00Z",
          keyless: false,
          match: "exact",
          tokens: ["internal", "partner"],
          action: {
            script: { file: "scripts/encoder-status.js", input: "raw", timeout: "10s", memory: "32MiB" },
          },
        },
        fileReferences: [{ file: "scripts/encoder-status.js", path: "/spec/action/script/file" }],
        warnings: [],
      },
      { kind: "ApiToken", spec: { disabled: false, rateLimit: { limit: 60, window: "1m", notice: false } } },
      {
        kind: "User",
        id: "c4cc7192-6ff5-4ca5-aae0-57c8615e25c8",
        spec: {
          emails: ["jd@example.com", "john.doe@example.com"],
          permissions: ["definitions.read", "tokens.read"],
        },
      },
    ]);
  });

  test("tells the places that others may clash with, those of a sorted set too", () => {
    const [definition] = read(example).documents;

    const places = definition?.status === "good" ? definition.places : {};
    const starts = Object.entries(places).map(([path, { line, column }]) => `${path} ${line}:${column}`);
    expect(starts.sort()).toEqual([
      "/metadata/name 5:9",
      "/spec/action/script/file 15:13",
      "/spec/events/0/webhook 12:40",
      "/spec/route 8:10",
      "/spec/tokens/0 10:21",
      "/spec/tokens/1 10:12",
    ]);
    expect(definition).toMatchObject({
      place: { file: "apis/a.yaml", line: 2, column: 1, endLine: 15, endColumn: 41 },
    });
  });

  test("can go from one thread to another", () => {
    const file = read(`${example}---\nkind: Nonsense\n---\n${definition("x: 1")}`);

    expect(structuredClone(file)).toEqual(file);
  });

  test.each(["", "\n\n", "# only a comment\n", "---\n---\n", "\uFEFF", "--- # nothing\n...\n"])(
    "with %j holds nothing",
    (text) => {
      expect(read(text).documents).toEqual([]);
    },
  );

  test("may begin with a byte order mark and end its lines as Windows does", () => {
    const windows = `\uFEFF${reply("rout: x").replaceAll("\n", "\r\n")}`;

    expect(brief(problemsOf(readOne(windows)))).toEqual(["5:3 unknown-field /spec/rout"]);
  });

  test("may use anchors and aliases in measure", () => {
    const text = reply("route: x\nrateLimit: &limit { limit: 1, window: 1s }\ndashboard: { copy: *limit }");

    expect(objectOf(text).spec).toMatchObject({ dashboard: { copy: { limit: 1, window: "1s" } } });
  });

  test("may state that it is YAML 1.2, and nothing older", () => {
    expect(codesOf(`%YAML 1.2\n---\n${reply("route: x")}`)).toEqual([]);
    expect(codesOf(`%YAML 1.1\n---\n${reply("route: x")}`)).toEqual(["yaml-syntax"]);
  });
});

describe("a document without a certain identity", () => {
  test.each([
    ["text alone", "hello", "not-a-manifest"],
    ["a list", "- a", "not-a-manifest"],
    ["no apiVersion", "kind: User\nmetadata: { name: x }\nspec: { displayName: X }", "missing-field"],
    [
      "another apiVersion",
      "apiVersion: v1\nkind: User\nmetadata: { name: x }\nspec: { displayName: X }",
      "unknown-api-version",
    ],
    ["an unknown kind", "apiVersion: gitway/v1\nkind: ApiDefinitoin\nmetadata: { name: x }", "unknown-kind"],
    ["no metadata", "apiVersion: gitway/v1\nkind: User\nspec: { displayName: X }", "missing-field"],
    ["no name", "apiVersion: gitway/v1\nkind: User\nmetadata: {}\nspec: { displayName: X }", "missing-field"],
    [
      "a name that is no slug",
      "apiVersion: gitway/v1\nkind: User\nmetadata: { name: John }\nspec: {}",
      "invalid-format",
    ],
    [
      "a name that is a number",
      "apiVersion: gitway/v1\nkind: User\nmetadata: { name: 12 }\nspec: {}",
      "wrong-type",
    ],
    [
      "an id that is no UUID",
      "apiVersion: gitway/v1\nkind: User\nmetadata: { name: x, id: 12 }\nspec: {}",
      "wrong-type",
    ],
    [
      "a misspelt id",
      "apiVersion: gitway/v1\nkind: User\nmetadata: { name: x, uuid: a }\nspec: {}",
      "unknown-field",
    ],
    [
      "two names",
      "apiVersion: gitway/v1\nkind: User\nmetadata: { name: x, name: y }\nspec: {}",
      "duplicate-key",
    ],
    [
      "two kinds",
      "apiVersion: gitway/v1\nkind: User\nkind: ApiToken\nmetadata: { name: x }\nspec: {}",
      "duplicate-key",
    ],
    [
      "a merged name",
      "apiVersion: gitway/v1\nkind: User\nmetadata: { name: x, <<: { id: y } }\nspec: {}",
      "merge-key",
    ],
    [
      "a syntax error in metadata",
      "apiVersion: gitway/v1\nkind: User\nmetadata:\n  name: x\n   id: y\nspec: {}",
      "yaml-syntax",
    ],
    [
      "a conflict marker",
      "<<<<<<< ours\napiVersion: gitway/v1\nkind: User\nmetadata: { name: x }\nspec: {}",
      "yaml-syntax",
    ],
  ])("because of %s is unidentified", (_, text, code) => {
    const document = readOne(text);

    expect(document.status).toBe("unidentified");
    expect(problemsOf(document).map((problem) => problem.code)).toContain(code);
  });

  test("says what may have been meant", () => {
    const [problem] = problemsOf(readOne("apiVersion: gitway/v1\nkind: ApiTokn\nmetadata: { name: x }"));

    expect(problem?.message).toBe("Unknown kind 'ApiTokn': did you mean 'ApiToken'?");
  });
});

describe("a syntax error", () => {
  const good = "apiVersion: gitway/v1\nkind: User\nmetadata: { name: first }\nspec: { displayName: X }\n";
  const bad = "apiVersion: gitway/v1\nkind: User\nmetadata: { name: second }\nspec:\n  displayName: X: Y\n";

  test("in the spec leaves the document its identity, and what stands before it its use", () => {
    const { documents } = read(`${good}---\n${bad}`);

    expect(documents).toMatchObject([
      { status: "good", name: "first" },
      { status: "broken", name: "second", problems: [{ code: "yaml-syntax", line: 10 }] },
    ]);
  });

  test("makes the rest of the file unread", () => {
    const { documents } = read(`${bad}---\n${good}---\n${good}`);

    expect(documents.map(({ status }) => status)).toEqual(["broken", "unidentified"]);
    expect(brief(documents.flatMap(problemsOf))).toEqual(["5:16 yaml-syntax", "6:1 not-read"]);
  });

  test("that is an open quote points at the quote, and hides no document", () => {
    const open = 'apiVersion: gitway/v1\nkind: User\nmetadata: { name: second }\nspec:\n  displayName: "X\n';

    const { documents } = read(`${open}---\n${good}`);

    expect(brief(documents.flatMap(problemsOf))).toEqual(["5:16 yaml-syntax", "6:1 not-read"]);
    expect(documents.map(({ status }) => status)).toEqual(["broken", "unidentified"]);
  });

  test.each([
    ["a tab as indentation", "spec:\n\troute: x", "Tabs are not allowed as indentation: use spaces."],
    ["a tag", "spec: !Ref x", "YAML tags such as '!name' are not used in manifests: write the plain value."],
    ["a list as a key", "spec: { [a]: b }", "A key must be plain text: put it in quotes if it is text."],
  ])("such as %s says what to do", (_, text, message) => {
    const document = readOne(`apiVersion: gitway/v1\nkind: User\nmetadata: { name: x }\n${text}`);

    expect(problemsOf(document)).toMatchObject([{ message }]);
  });
});

describe("a broken document", () => {
  test("names all its problems at once, each with its place and one sentence", () => {
    const document = readOne(
      definition(`
rout: /x
tokens: [UPPER, a, a]
timeout: 30
active: yes
expires: 2027-02-30T12:00:00Z
ipAllowList: { addresses: [10.0.0.1/8, bob] }
rateLimit: { limit: 0, window: 30 }
action: { proxy: { timeout: 5 }, reply: { status: 99 } }
events: [{ on: QuotaExceded, webhook: x }]
title: ""
paths:
  ignored: [{ path: /a, methods: { GETT: {} } }, {}]`),
    );

    const problems = problemsOf(document).map(
      ({ line, column, severity, code, message }) => `${line}:${column} ${severity} ${code}: ${message}`,
    );
    expect(document.status).toBe("broken");
    expect(problems.join("\n")).toMatchInlineSnapshot(`
      "5:3 error unknown-field: Unknown field 'rout' in 'spec': did you mean 'route'?
      6:12 error invalid-format: 'spec.tokens[0]' must be made of lower-case letters, digits and hyphens, with a letter or digit at both ends, and at most 63 characters long, such as encoder-status or internal.
      6:22 error duplicate-item: This entry is in 'spec.tokens' already: remove it.
      7:3 error unknown-field: Unknown field 'timeout' in 'spec': the fields there are title, description, active, route, listenPath, domain, match, methods, action, tokens, keyless, authentication, ipAllowList, ipBlockList, paths, expires, versions, rateLimit, limits, middleware, events, batch, dashboard.
      8:11 error wrong-type: 'spec.active' must be true or false, but is text.
      9:12 error invalid-timestamp: 'spec.expires' must be a moment in UTC that exists, such as 2027-01-31T12:00:00Z or '2027-01-31 12:00'.
      10:30 warning address-host-bits: 'spec.ipAllowList.addresses[0]' has bits set beyond its prefix length, which are ignored: write the first address of the range.
      10:42 error invalid-address: 'spec.ipAllowList.addresses[1]' is no IPv4 or IPv6 address or range: write one such as 10.0.0.7 or 10.0.0.0/8.
      11:23 error out-of-range: 'spec.rateLimit.limit' must be at least 1, but is 0.
      11:34 error wrong-type: 'spec.rateLimit.window' must be a whole number and a unit: ms, s, m, h or d, such as 500ms or 30s, but is a number.
      12:3 error exactly-one: 'spec.action' needs exactly one of proxy, reply and script: give one.
      12:13 error exactly-one: 'spec.action.proxy' has no target: give exactly one of 'targetUrl' and 'targets'.
      12:31 error wrong-type: 'spec.action.proxy.timeout' must be a whole number and a unit: ms, s, m, h or d, such as 500ms or 30s, but is a number.
      12:53 error out-of-range: 'spec.action.reply.status' must be at least 200, but is 99.
      13:18 error invalid-value: 'spec.events[0].on' must be one of QuotaExceeded, RatelimitExceeded, AuthFailure, KeyExpired, VersionFailure, InformationEvent: did you mean 'QuotaExceeded'?
      14:10 error empty-value: 'spec.title' must not be empty.
      16:38 error invalid-value: The name 'GETT' in 'spec.paths.ignored[0].methods' must be one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS: did you mean 'GET'?
      16:52 error missing-field: 'spec.paths.ignored[1].path' is missing: add it (whole segments; \`{name}\` fills one)."
    `);
  });

  test("is one for a field that is given twice, and nothing more is said about that field", () => {
    expect(brief(problemsOf(readOne(reply("route: x\nroute: /y"))))).toEqual([
      "6:3 duplicate-key /spec/route",
    ]);
  });

  test.each(["__proto__", "constructor", "prototype"])(
    "is one with the key %s, which pollutes nothing",
    (key) => {
      const document = readOne(
        reply(`route: x\ndashboard: { ${key}: { polluted: true } }\n${key}: { active: false }`),
      );

      expect(brief(problemsOf(document))).toEqual([
        `6:16 unknown-field /spec/dashboard/${key}`,
        `7:3 unknown-field /spec/${key}`,
      ]);
      expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    },
  );

  test("is one with merge keys, numbers that can't be kept, and characters that can't be stored", () => {
    const document = readOne(
      reply(
        'route: x\n<<: { tokens: [a] }\ndashboard: { a: .nan, b: 123456789012345678901, c: "\\0", d: "\\ud800" }',
      ),
    );

    expect(problemsOf(document).map(({ code }) => code)).toEqual([
      "merge-key",
      "invalid-number",
      "invalid-number",
      "invalid-character",
      "invalid-character",
    ]);
  });

  test("never repeats what may be a secret", () => {
    const token = "apiVersion: gitway/v1\nkind: ApiToken\nmetadata: { name: x }\nspec:\n  secret:";
    const texts = [" hunter2", " { sha256: hunter2 }", " { env: hunter2 hunter2 }", " { generate: hunter2 }"];

    const messages = texts.flatMap((text) => problemsOf(readOne(token + text)).map(({ message }) => message));

    expect(messages.length).toBeGreaterThanOrEqual(4);
    expect(messages.join()).not.toContain("hunter2");
  });

  test("has at most a hundred problems and a count of the others", () => {
    const fields = Array.from({ length: 150 }, (_, index) => `unknown${index}: 1`).join("\n");

    const problems = problemsOf(readOne(reply(`route: x\n${fields}`)));

    expect(problems).toHaveLength(101);
    expect(problems.at(-1)).toMatchObject({ code: "more-problems", line: 1 });
  });
});
