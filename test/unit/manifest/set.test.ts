import { describe, expect, test } from "vitest";

import { assembleManifests, referencedFiles } from "../../../src/manifest/assemble.ts";
import { canonicalJson, hashObject } from "../../../src/manifest/canonical.ts";
import { checkSet } from "../../../src/manifest/check-set.ts";
import { derivedIds } from "../../../src/manifest/dashboard-ids.ts";
import { deriveId } from "../../../src/manifest/identity.ts";
import type { GitwayObject } from "../../../src/manifest/manifest.ts";
import { claimOf, referencesOf, routeOf } from "../../../src/manifest/references.ts";
import { definition, objectOf, read, reply, setOf } from "./reading.ts";

const token = (name: string, more = "") =>
  `apiVersion: gitway/v1\nkind: ApiToken\nmetadata: { name: ${name}${more} }\nspec: { secret: { generate: true } }\n`;

describe("assembling", () => {
  const script = (file: string, name: string) =>
    definition(`route: ${name}\nkeyless: true\naction: { script: { file: ${file} } }`, name);

  test("asks for each referenced file once", () => {
    const files = [
      read(`${script("b.js", "x")}---\n${script("a.js", "y")}`),
      read(script("../apis/a.js", "z"), "other/b.yaml"),
    ];

    expect(referencedFiles(files)).toEqual(["apis/a.js", "apis/b.js"]);
  });

  test("gives a manifest the digests of its files, and a hash that they are part of", () => {
    const file = read(script("a.js", "x"));

    const [one, other] = ["1", "2"].map(
      (digest) => assembleManifests([file], { digestOf: () => digest }).manifests[0],
    );

    expect(one?.files).toEqual({ "apis/a.js": "1" });
    expect(one?.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(one?.hash).not.toBe(other?.hash);
  });

  test("makes a manifest broken whose file is missing", () => {
    const set = setOf(read(script("missing.js", "x")));

    expect(set).toMatchObject({ manifests: [], unidentified: [], warnings: [] });
    expect(set.broken).toMatchObject([
      {
        kind: "ApiDefinition",
        name: "x",
        problems: [
          { code: "missing-file", line: 7, column: 29, path: "/spec/action/script/file", severity: "error" },
        ],
      },
    ]);
  });

  test("sorts documents by what they are good for", () => {
    const set = setOf(
      read(
        `${token("a")}---\n${token("b").replace("true", "false")}---\nkind: x\n---\n${reply("route: a\ndashboard: { a: 1 }")}`,
      ),
    );

    expect(set.manifests.map(({ name }) => name)).toEqual(["a", "x"]);
    expect(set.broken.map(({ name }) => name)).toEqual(["b"]);
    expect(set.unidentified.map(({ code }) => code)).toEqual(["missing-field", "unknown-kind"]);
    expect(set.warnings.map(({ code }) => code)).toEqual(["no-effect"]);
  });
});

describe("the hash of an object", () => {
  test.each([
    [
      "the order of sets",
      "route: x\ntokens: [a, b]\nmethods: [GET, PUT]",
      "route: x\nmethods: [PUT, GET]\ntokens: [b, a]",
    ],
    ["comments and quotes", "route: x", '# hello\nroute: "x" # there'],
    [
      "defaults that are written out",
      "route: x",
      "route: x\nactive: true\nmatch: exact\ntokens: []\nevents: []",
    ],
    [
      "what is empty",
      "route: x",
      "route: x\ndescription: ''\npaths: { ignored: [] }\nmiddleware: { pre: [] }\nlimits: {}\ndashboard: {}",
    ],
    [
      "settings that say what holds anyway",
      "route: x",
      "route: x\nauthentication: {}\nbatch: {}\nipAllowList: { enabled: false, addresses: [] }",
    ],
    [
      "the form of a moment",
      "route: x\nexpires: 2027-01-31 12:00",
      "route: x\nexpires: 2027-01-31T12:00:00.000Z",
    ],
  ])("does not depend on %s", (_, one, other) => {
    expect(objectOf(reply(other)).hash).toBe(objectOf(reply(one)).hash);
  });

  test.each([
    ["route", "route: y"],
    ["match", "route: x\nmatch: prefix"],
    ["the case of a route", "route: X"],
    ["the order of addresses", "route: x\nipAllowList: { addresses: [] }"],
  ])("depends on %s", (_, other) => {
    expect(objectOf(reply(other)).hash).not.toBe(objectOf(reply("route: x")).hash);
  });

  test("is that of canonical JSON, without fields that are undefined", () => {
    const value = { b: [1, { d: undefined, c: "é" }], a: null };

    expect(canonicalJson(value)).toBe('{"a":null,"b":[1,{"c":"é"}]}');
    expect(hashObject({ a: 1 })).toBe("015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862");
  });
});

test("an id is the UUID version 5 of kind and name, for ever", () => {
  expect(deriveId("ApiDefinition", "encoder-status")).toBe("baf6dc10-def5-52b4-bf48-6e242e743909");
  expect(deriveId("ApiToken", "encoder-status")).not.toBe(deriveId("ApiDefinition", "encoder-status"));
});

describe("the match of a definition", () => {
  test.each([
    ["route: x\naction: { reply: {} }", "exact"],
    ["route: x\naction: { proxy: { targetUrl: http://a } }", "prefix"],
    ["listenPath: /x\naction: { reply: {} }", "prefix"],
    ["listenPath: /x\nmatch: exact\naction: { proxy: { targetUrl: http://a } }", "exact"],
  ])("of %j is %s", (spec, match) => {
    expect(objectOf(definition(spec)).spec).toMatchObject({ match });
  });
});

describe("a claim", () => {
  const keyOf = (lines: string) => claimOf(objectOf(reply(lines)))?.key;

  test.each([
    ["route: a/{x}", "route: a/{y}"],
    ["route: Encoders/Status", "route: encoders/status"],
    ["listenPath: /a/", "listenPath: /a"],
    ["route: a", "route: a\nactive: false"],
    ["route: a", "route: a\nmethods: [GET]"],
  ])("of %j equals that of %j", (one, other) => {
    expect(keyOf(one)).toBe(keyOf(other));
  });

  test.each([
    ["route: a/{x}", "route: a/x"],
    ["route: foo/{bar}", "route: '{foo}/bar'"],
    ["listenPath: /A", "listenPath: /a"],
    ["route: a", "listenPath: /a"],
    ["route: a", "route: a\nmatch: prefix"],
    ["route: a", "route: a\ndomain: a.example"],
  ])("of %j differs from that of %j", (one, other) => {
    expect(keyOf(one)).not.toBe(keyOf(other));
  });

  test("reads as it was written", () => {
    const route = objectOf(reply("route: A/{x}"));
    const listen = objectOf(reply("listenPath: /a/\ndomain: a.example"));

    expect(claimOf(route)).toMatchObject({ text: "A/{x}", path: "/spec/route" });
    expect(claimOf(listen)).toMatchObject({ text: "/a/ on a.example", path: "/spec/listenPath" });
    expect([route, listen, objectOf(token("a"))].map(routeOf)).toEqual(["A/{x}", "/a/", null]);
    expect(claimOf(objectOf(token("a")))).toBeNull();
  });
});

test("a definition refers to its tokens and to the webhooks of its events", () => {
  const object: GitwayObject = objectOf(
    definition("route: x\ntokens: [b, a]\nevents: [{ on: AuthFailure, webhook: w }]\naction: { reply: {} }"),
  );

  expect(referencesOf(object)).toEqual([
    { kind: "ApiToken", name: "a", path: "/spec/tokens/0" },
    { kind: "ApiToken", name: "b", path: "/spec/tokens/1" },
    { kind: "Webhook", name: "w", path: "/spec/events/0/webhook" },
  ]);
  expect(referencesOf(objectOf(token("a")))).toEqual([]);
});

describe("checking a whole repository", () => {
  const checked = (...texts: readonly string[]) =>
    checkSet(setOf(...texts.map((text, index) => read(text, `apis/${index}.yaml`)))).map(
      ({ file, line, column, code, message }) => `${file}:${line}:${column} ${code}: ${message}`,
    );

  test("finds nothing where all is well", () => {
    expect(
      checked(token("a"), token("b"), definition("route: x\ntokens: [a, b]\naction: { reply: {} }")),
    ).toEqual([]);
  });

  test("names both places of a name that is given twice, also when one of them is broken", () => {
    expect(checked(token("a"), `# second\n${token("a").replace("true", "false")}`)).toEqual([
      "apis/0.yaml:3:19 duplicate-name: The name 'a' belongs to another ApiToken too, apis/1.yaml:2:1: give each its own.",
      "apis/1.yaml:2:1 duplicate-name: The name 'a' belongs to another ApiToken too, apis/0.yaml:1:1: give each its own.",
    ]);
  });

  test("finds an id that is given twice", () => {
    const id = ", id: c4cc7192-6ff5-4ca5-aae0-57c8615e25c8";

    expect(checked(token("a", id), token("b", id), token("c"))).toEqual([
      "apis/0.yaml:3:26 duplicate-id: The id 'c4cc7192-6ff5-4ca5-aae0-57c8615e25c8' belongs to another ApiToken too, apis/1.yaml:1:1: give each its own.",
      "apis/1.yaml:3:26 duplicate-id: The id 'c4cc7192-6ff5-4ca5-aae0-57c8615e25c8' belongs to another ApiToken too, apis/0.yaml:1:1: give each its own.",
    ]);
  });

  test("finds an id of the Dashboard API that two definitions answer to, chosen or derived", () => {
    const { id } = objectOf(reply("route: c", "c"));
    const [own, hex] = [derivedIds(id).id, id.replaceAll("-", "")];
    const withId = (name: string, field: string, value: string) =>
      reply(`route: ${name}\ndashboard: { ${field}: "${value}" }`, name);

    expect(checked(withId("a", "api_id", "same"), withId("b", "api_id", "same"))).toEqual([
      "apis/0.yaml:6:24 duplicate-id: The api_id 'same' is an id of ApiDefinition 'b' (apis/1.yaml:6:24) too: give each its own.",
      "apis/1.yaml:6:24 duplicate-id: The api_id 'same' is an id of ApiDefinition 'a' (apis/0.yaml:6:24) too: give each its own.",
    ]);
    for (const [field, value] of [
      ["api_id", own],
      ["api_id", hex],
      ["api_id", id],
      ["id", own],
    ] as const)
      expect([value, checked(withId("a", field, value), reply("route: c", "c")).length]).toEqual([value, 2]);
    expect(checked(withId("a", "api_id", "c"), reply("route: c", "c"))).toEqual([]);
  });

  test("tells UUIDs apart that differ at their end only", () => {
    const ids = [1, 2, 3].map((count) => `00000000-0000-4000-8000-00000000000${count}`);

    expect(new Set(ids.map((id) => derivedIds(id).id)).size).toBe(3);
    expect(derivedIds("c4cc7192-6ff5-4ca5-aae0-57c8615e25c8").id).toMatch(/^c4cc71926ff54ca5[0-9a-f]{8}$/);
  });

  test("finds definitions that take the same requests", () => {
    expect(checked(reply("route: a/{x}", "one"), reply("active: false\nroute: A/{y}", "two"))).toEqual([
      "apis/0.yaml:5:10 route-in-use: The route 'a/{x}' takes the same requests as ApiDefinition 'two' (apis/1.yaml:6:10): change one of the two.",
      "apis/1.yaml:6:10 route-in-use: The route 'A/{y}' takes the same requests as ApiDefinition 'one' (apis/0.yaml:5:10): change one of the two.",
    ]);
  });

  test("finds references that lead nowhere, and says what may have been meant", () => {
    const text = definition(
      "route: x\ntokens: [internl, zzz]\nevents: [{ on: AuthFailure, webhook: w }]\naction: { reply: {} }",
    );

    expect(checked(token("internal"), text)).toEqual([
      "apis/1.yaml:6:12 dangling-reference: There is no ApiToken 'internl': did you mean 'internal'?",
      "apis/1.yaml:6:21 dangling-reference: There is no ApiToken 'zzz': add it, or remove the reference.",
      "apis/1.yaml:7:40 dangling-reference: There is no Webhook 'w': add it, or remove the reference.",
    ]);
  });

  test("takes a broken manifest for an existing one", () => {
    expect(
      checked(
        token("a").replace("true", "false"),
        definition("route: x\ntokens: [a]\naction: { reply: {} }"),
      ),
    ).toEqual([]);
  });
});
