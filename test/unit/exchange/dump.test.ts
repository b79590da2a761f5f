import { describe, expect, test } from "vitest";

import { readDump } from "../../../src/exchange/dashboard-dump.ts";
import { importDump } from "../../../src/exchange/dump-import.ts";
import type { Importable } from "../../../src/exchange/dump-match.ts";
import { deriveId } from "../../../src/manifest/identity.ts";
import { hook, type Json, orgId, printed, seed } from "../../support/exchanging.ts";

const list = seed("list-response");
const single = seed("get-response");
const definition = single["api_definition"] as Json;
const [{ hook: testPost }] = single["hook_references"] as [{ hook: Json }];

describe("the forms of a dump", () => {
  test.each<[string, unknown, string[]]>([
    ["what GET /api/apis prints", list, ["ApiDefinition /apis/0 Nitrous Test"]],
    [
      "that with what GET /api/hooks prints",
      { ...list, hooks: [testPost] },
      ["ApiDefinition /apis/0 Nitrous Test", "Webhook /hooks/0 Test Post"],
    ],
    ["the same, nested", { apis: null, hooks: { hooks: [testPost] } }, ["Webhook /hooks/hooks/0 Test Post"]],
    ["what GET /api/hooks prints", { hooks: [testPost], pages: 1 }, ["Webhook /hooks/0 Test Post"]],
    ["a list of wrappers", [single], ["ApiDefinition /0 Test"]],
    ["a list of definitions", [definition, definition], ["ApiDefinition /0 Test", "ApiDefinition /1 Test"]],
    ["a wrapper", single, ["ApiDefinition  Test"]],
    ["a definition", definition, ["ApiDefinition  Test"]],
    ["a webhook", testPost, ["Webhook  Test Post"]],
  ])("%s", (_, json, expected) => {
    const { items, problems } = readDump(json, "dump.json");

    expect(items.map(({ kind, pointer, title }) => `${kind} ${pointer} ${title}`)).toEqual(expected);
    expect(problems).toEqual([]);
  });

  test.each<[string, unknown, string, string]>([
    ["no object", [7], "/0", "no-definition"],
    ["something else", { policies: [] }, "", "no-definition"],
    ["lists that are none", { apis: "x" }, "/apis", "no-definition"],
    ["an OpenAPI document", { openapi: "3.0.3", info: { title: "New" } }, "", "openapi-definition"],
    [
      "an OpenAPI definition",
      [{ api_definition: { ...definition, is_oas: true } }],
      "/0",
      "openapi-definition",
    ],
  ])("%s is a problem at its place", (_, json, pointer, code) => {
    const { items, problems } = readDump(json, "dump.json");

    expect(items).toEqual([]);
    expect(problems).toMatchObject([{ file: "dump.json", pointer, code }]);
  });

  test("what is wrong throughout is told a thousand times at most", () => {
    expect(readDump(Array.from({ length: 5000 }), "dump.json").problems).toHaveLength(1000);
  });
});

describe("what a dump becomes", () => {
  test("has the ids that it had, and what has no effect is told", () => {
    const odd = withDefinition({ session_lifetime: 60, tags: ["eu"] });

    const { objects, problems } = imported([odd]);

    expect(problems).toEqual([]);
    expect(objects.map(({ wanted, withoutEffect }) => [wanted.kind, wanted.name, withoutEffect])).toEqual([
      ["Webhook", "test-post", []],
      ["ApiDefinition", "test", ["session_lifetime", "tags"]],
    ]);
    expect(objects[0]?.wanted.spec).toMatchObject({ dashboard: { id: "54be6c0beba6db07a6000002" } });
    expect(objects[1]?.wanted.spec).toMatchObject({
      dashboard: { id: "54c24242eba6db1c9a000002", api_id: "bc2f8cfb7ab241504d9f3574fe407499" },
      events: [{ on: "QuotaExceeded", webhook: "test-post" }],
    });
  });

  test("has names that nothing else has", () => {
    const named = { ...withDefinition({ id: hex(1), api_id: "" }), gitway: { name: "test-2" } };
    const dump = [
      withDefinition({ id: hex(2), api_id: "a" }),
      withDefinition({ id: hex(3), api_id: "b" }),
      named,
    ];

    const { objects, problems } = imported(dump, { manifests: [manifestOf("test", hex(9))] });

    expect(problems).toEqual([]);
    expect(definitionNames(objects)).toEqual(["test-2", "test-3", "test-4"]);
  });

  test("refers to a webhook of the list, and to one that is brought along only once", () => {
    const others = withDefinition({ id: hex(2), api_id: "b" });

    const { objects, warnings } = imported({ apis: [single, others], hooks: [testPost] });
    const alone = imported([single, others]);

    expect(objects.map(({ wanted }) => wanted.name)).toEqual(["test-post", "test", "test-2"]);
    expect(alone.objects.map(({ wanted }) => wanted.name)).toEqual(["test-post", "test", "test-2"]);
    expect(warnings).toEqual([]);
  });

  test("says where a copy of a webhook is not like it", () => {
    const hooks = [{ ...testPost, target_path: "http://127.0.0.1/other", template_path: "" }];

    const { warnings } = imported({ apis: [single], hooks });

    expect(warnings).toMatchObject([
      { code: "hook-copy", pointer: "/apis/0/hook_references/0/hook", title: "Test" },
    ]);
    expect(warnings[0]?.message).toContain("'test-post' that differs in target_path");
  });
});

describe("what there is a manifest for already", () => {
  test.each<[string, Json]>([
    ["the api_id", { id: "", api_id: `b${hex(1)}` }],
    ["the id", { id: hex(1), api_id: "" }],
    ["both", { id: hex(1), api_id: `b${hex(1)}` }],
  ])("is known by %s", (_, ids) => {
    const there = manifestOf("payments", hex(1), `b${hex(1)}`);

    const { objects, problems } = imported([withDefinition({ ...ids, name: "Renamed" })], {
      manifests: [there],
    });

    expect(problems).toEqual([]);
    expect(objects.at(-1)).toMatchObject({ existing: { name: "payments" }, wanted: { name: "payments" } });
  });

  test("keeps what only the manifest says", () => {
    const there = manifestOf("test", hex(1));
    const granted = { ...there, spec: { ...there.spec, tokens: ["internal"] } } as Importable;

    const { gitway: _, ...foreign } = printed(there as never);

    const { objects } = imported([foreign], { manifests: [granted] });

    expect(objects[0]?.wanted.spec).toEqual(granted.spec);
  });

  test("is known by its title and place where there are no ids", () => {
    const without = withDefinition({ id: "", api_id: "" });
    const first = imported([without, without]);
    const made = first.objects
      .filter(({ wanted }) => wanted.kind === "ApiDefinition")
      .map(({ wanted }) => wanted);
    const manifests = made.map(({ name, spec }) => ({ ...manifestOf(name, ""), spec }) as Importable);

    const again = imported([without, without], { manifests });

    expect(definitionNames(first.objects)).toEqual(["test", "test-2"]);
    expect(again.objects.filter(({ existing }) => existing).map(({ existing }) => existing?.name)).toEqual([
      "test",
      "test-2",
    ]);
  });

  test("is a problem when its ids are those of two", () => {
    const manifests = [manifestOf("one", hex(1)), manifestOf("two", hex(2), "two-api")];

    const { problems } = imported([withDefinition({ id: hex(1), api_id: "two-api" })], { manifests });

    expect(problems).toMatchObject([{ code: "ambiguous", pointer: "/0", title: "Test" }]);
  });
});

describe("the same thing twice", () => {
  test("is taken once when it is equal, and is a problem when it is not", () => {
    const { hook_references: _, ...bare } = single;

    expect(definitionNames(imported([single, single]).objects)).toEqual(["test"]);
    expect(
      imported([single, { ...bare, api_definition: { ...definition, active: false } }]).problems,
    ).toMatchObject([
      {
        code: "duplicate",
        pointer: "/1",
        message: expect.stringContaining("differs from dump.json at /0") as string,
      },
    ]);
  });
});

test.each<[string, Json, string]>([
  ["a field of the definition", { proxy: { listen_path: "/x/" } }, "/0/api_definition/proxy/target_url"],
  [
    "a field with a dot in its name",
    versioned("v1.0"),
    "/0/api_definition/version_data/versions/v1.0/expires",
  ],
  ["an address in a list", { allowed_ips: ["999"] }, "/0/api_definition/allowed_ips"],
  ["an id", { id: "zz" }, "/0/api_definition/id"],
  [
    "a secret",
    { notifications: { shared_secret: "hunter2" } },
    "/0/api_definition/notifications/shared_secret",
  ],
])("%s that is wrong is told by its pointer", (_, fields, pointer) => {
  expect(imported([withDefinition(fields)]).problems.map((problem) => problem.pointer)).toContain(pointer);
});

test("a pointer leads to the member gitway, the references, and into what has no wrapper", () => {
  const wrong = {
    ...single,
    gitway: { name: "No Name" },
    hook_references: [{ event_name: "QuotaExceeded" }],
  };

  expect(pointersOf([wrong])).toEqual(
    expect.arrayContaining(["/0/gitway/name", "/0/hook_references/0/hook"]),
  );
  expect(pointersOf({ ...definition, name: 7 })).toEqual(["/name"]);
  expect(pointersOf({ hooks: [{ ...testPost, gitway: { name: 1 }, method: "BREW" }] })).toEqual(
    expect.arrayContaining(["/hooks/0/gitway/name", "/hooks/0/method"]),
  );
});

test("what is nested too deep is refused, however often it comes", () => {
  const deep = withDefinition({ tags: JSON.parse("[".repeat(20_000) + "]".repeat(20_000)) as unknown });

  const { problems } = imported([deep, deep]);

  expect(problems.map(({ code }) => code)).toEqual(["not-storable", "duplicate"]);
});

function imported(json: unknown, { manifests = [] as readonly Importable[] } = {}) {
  const { items, problems } = readDump(json, "dump.json");
  const result = importDump(items, { orgId, routeBase: "/api/custom", manifests });
  return { ...result, problems: [...problems, ...result.problems] };
}

function pointersOf(json: unknown): string[] {
  return imported(json).problems.map(({ pointer }) => pointer);
}

function definitionNames(objects: ReturnType<typeof imported>["objects"]): string[] {
  return objects.filter(({ wanted }) => wanted.kind === "ApiDefinition").map(({ wanted }) => wanted.name);
}

function withDefinition(fields: Json): Json {
  return { ...single, api_definition: { ...definition, ...fields } };
}

function versioned(name: string): Json {
  const version = { name, expires: "never", paths: {}, use_extended_paths: false };
  return {
    definition: { location: "header", key: "x-version" },
    version_data: { not_versioned: false, versions: { [name]: version } },
  };
}

function hex(seed: number): string {
  return seed.toString(16).padStart(24, "0");
}

function manifestOf(name: string, id: string, apiId?: string): Importable {
  const { objects } = imported([withDefinition({ id, ...(apiId === undefined ? {} : { api_id: apiId }) })]);
  const spec = objects.at(-1)?.wanted.spec as object;
  const place = { file: `apis/${name}.yaml`, line: 1, column: 1, endLine: 9, endColumn: 1 };
  return {
    ...hook("x", { url: "http://127.0.0.1/" }),
    kind: "ApiDefinition",
    name,
    id: deriveId("ApiDefinition", name),
    spec: { ...spec, events: [] },
    place,
    places: {},
  } as unknown as Importable;
}
