import { array, assert, asyncProperty, constantFrom, record } from "fast-check";
import { describe, expect, test } from "vitest";

import { parseRequestTarget, pathBelow } from "../../../../src/endpoint/http/request-target.ts";
import { buildRouteTable, matchRoute, type RouteTable } from "../../../../src/endpoint/table/route-table.ts";
import type { ServingState } from "../../../../src/store/serving/serving-store.ts";
import { timed } from "../../../support/processor-time.ts";
import { definition, state, token } from "../../../support/serving.ts";

const base = "/api/custom";

describe("a route", () => {
  test.each([
    ["encoders/status", "/api/custom/encoders/status", {}],
    ["encoders/status", "/api/custom/Encoders/STATUS", {}],
    ["encoders/status", "/API/Custom/encoders/status", {}],
    ["encoders/status", "/api/custom//encoders///status", {}],
    ["encoders/status", "/api/custom/encoders/status/", {}],
    ["encoders/status", "/api/custom/encoders/st%61tus", {}],
    ["encoders/{id}/status", "/api/custom/encoders/A%2Fb/status", { id: "A%2Fb" }],
    ["{a}/{b}", "/api/custom/X/%20y", { a: "X", b: "%20y" }],
    ["{__proto__}", "/api/custom/x", JSON.parse('{"__proto__":"x"}')],
    ["caf\u00e9", "/api/custom/caf%C3%A9", {}],
  ])("%s takes %s", async (route, path, parameters) => {
    const table = await tableOf([definition("it", { route })]);

    const match = find(table, path);

    expect(match?.definition.name).toBe("it");
    expect(match?.parameters).toEqual(parameters);
  });

  test.each([
    ["encoders/status", "/api/custom/encoders"],
    ["encoders/status", "/api/custom/encoders/status/now"],
    ["encoders/{id}", "/api/custom/encoders"],
    ["encoders/{id}", "/api/custom/encoders/1/2"],
    ["encoders", "/encoders"],
    ["encoders", "/api/customencoders"],
    ["a/b", "/api/custom/a%2Fb"],
  ])("%s does not take %s", async (route, path) => {
    const table = await tableOf([definition("it", { route })]);

    expect(find(table, path)).toBeNull();
  });

  test("with prefix match takes all below, by whole segments", async () => {
    const table = await tableOf([definition("it", { route: "files", match: "prefix" })]);

    expect(find(table, "/api/custom/files/a/b/")?.rest).toBe("/a/b/");
    expect(find(table, "/api/custom/files/")?.rest).toBe("/");
    expect(find(table, "/api/custom/files")?.rest).toBe("");
    expect(find(table, "/api/custom/filesystem")).toBeNull();
  });

  test("of a proxy matches by prefix unless it says otherwise", async () => {
    const action = { proxy: { targetUrl: "http://127.0.0.1:1" } };
    const table = await tableOf([
      definition("prefix", { route: "a", action }),
      definition("exact", { route: "b", action, match: "exact" }),
    ]);

    expect(find(table, "/api/custom/a/x")?.definition.name).toBe("prefix");
    expect(find(table, "/api/custom/b/x")).toBeNull();
  });
});

describe("among several routes", () => {
  test.each([
    [["items/{id}", "items/special"], "items/special", "items/special"],
    [["{foo}/bar", "foo/{bar}"], "foo/bar", "foo/{bar}"],
    [["foo/{a}/x", "{b}/bar/y"], "foo/bar/y", "{b}/bar/y"],
    [["a/b/c/d", "a/{x}/c/e", "{y}/b/c/f"], "a/b/c/f", "{y}/b/c/f"],
    [["a/*", "a/b/*"], "a/b/c", "a/b/*"],
    [["a/*", "a"], "a", "a"],
    [["a/*", "a"], "a/b", "a/*"],
    [["a/b/*", "a/{x}/c"], "a/b/c", "a/b/*"],
    [["a/{x}/*", "a/b/c"], "a/b/d", "a/{x}/*"],
    [["*", "a"], "b/c", "*"],
  ])("%j, the path %s leads to %s", async (routes, path, expected) => {
    const table = await tableOf(routes.map((route) => templated(route)));

    expect(find(table, `/api/custom/${path}`)?.definition.name).toBe(expected);
  });

  test("the one that a slow, obvious search finds is found, whatever the table and the path", async () => {
    const segment = constantFrom("a", "b", "A", "{x}", "{y}");
    const template = record({
      segments: array(segment, { maxLength: 5 }),
      match: constantFrom("exact" as const, "prefix" as const),
    });
    const path = array(constantFrom("a", "b", "c", "B", "%61"), { maxLength: 6 });

    await assert(
      asyncProperty(
        array(template, { maxLength: 25 }),
        array(path, { maxLength: 10 }),
        async (templates, paths) => {
          const table = await tableOf(
            templates.map(({ segments, match }, index) =>
              definition(String(index), { route: segments.join("/"), match }),
            ),
          );
          for (const segments of paths) {
            const found = find(table, ["/api/custom", ...segments].join("/"))?.definition.name ?? null;
            expect(found).toBe(obviousSearch(templates, segments));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test("a path that turns back as often as can be costs no more than the table has nodes", async () => {
    const depth = 12;
    const routes = Array.from({ length: 2 ** depth }, (_, number) =>
      Array.from({ length: depth }, (_, bit) => (number & (1 << bit) ? "a" : `{p${bit}}`)).join("/"),
    );
    const table = await tableOf(
      routes.map((route, index) => definition(String(index), { route: `${route}/end` })),
    );
    const path = `/api/custom/${"a/".repeat(depth)}nowhere`;

    const start = performance.now();
    const match = find(table, path);
    const elapsed = performance.now() - start;

    expect(match).toBeNull();
    expect(elapsed).toBeLessThan(200);
  });

  test("a long path costs no more than the table is deep", async () => {
    const deep = Array.from({ length: 40 }, (_, index) => `{p${index}}`).join("/");
    const table = await tableOf([definition("deep", { route: deep, match: "prefix" })]);

    const match = find(table, `/api/custom${"/a".repeat(8000)}`);

    expect(match?.definition.name).toBe("deep");
  });

  test("one with the same shape as another is left out, and that is noticed", async () => {
    const table = await tableOf([
      definition("first", { route: "ticket/{id}" }),
      definition("second", { route: "Ticket/{ticketId}" }),
    ]);

    expect(find(table, "/api/custom/ticket/1")?.definition.name).toBe("first");
    expect(table.notices).toMatchObject([{ name: "second", setting: "route" }]);
  });
});

describe("a listen path", () => {
  test.each([
    ["/payments/", "/payments", ""],
    ["/payments/", "/payments/", "/"],
    ["/payments", "/payments/a/b", "/a/b"],
    ["/payments", "//payments//a", "/a"],
    ["/", "/anything/at/all", "/anything/at/all"],
    ["/", "/", "/"],
    ["/users/{id}/files", "/users/7/files/x", "/x"],
  ])("%s takes %s and leaves '%s'", async (listenPath, path, rest) => {
    const table = await tableOf([definition("it", { listenPath })]);

    expect(find(table, path)?.rest).toBe(rest);
  });

  test.each([
    ["/payments", "/Payments"],
    ["/payments", "/paymentsx"],
    ["/payments", "/"],
    ["/", "/api/custom/x"],
    ["/", "/api/custom"],
    ["/", "/api/%63ustom/x"],
  ])("%s does not take %s", async (listenPath, path) => {
    const table = await tableOf([definition("it", { listenPath })]);

    expect(find(table, path)).toBeNull();
  });
});

describe("a definition with a domain", () => {
  const definitions = [
    definition("everywhere", { listenPath: "/a" }),
    definition("here", { listenPath: "/a", domain: "api.example.com" }),
    definition("route-everywhere", { route: "x/y" }),
    definition("route-here", { route: "{any}", match: "prefix", domain: "api.example.com" }),
  ];

  test.each([
    ["/a", "api.example.com", "here"],
    ["/a", "API.example.com:8080", "here"],
    ["/a", "other.example.com", "everywhere"],
    ["/a", undefined, "everywhere"],
    ["/api/custom/x/y", "api.example.com", "route-here"],
    ["/api/custom/x/y", "other.example.com", "route-everywhere"],
  ])("answers for its host only, and there before all others: %s at %s", async (path, host, expected) => {
    const table = await tableOf(definitions);

    expect(find(table, path, host)?.definition.name).toBe(expected);
  });
});

describe("building a table", () => {
  test("of 10,000 routes lets the event loop turn, and matches fast", async () => {
    const definitions = Array.from({ length: 10_000 }, (_, index) =>
      definition(`d${index}`, {
        route: `team${index % 100}/service${index}/{id}/status`,
        tokens: ["internal"],
      }),
    );
    let turns = 0;
    const ticker = setInterval(() => turns++, 1);

    const table = await tableOf(definitions);
    clearInterval(ticker);
    const { took } = timed(() => {
      for (let index = 0; index < 10_000; index++)
        find(table, `/api/custom/team${index % 100}/service${index}/7/status`);
    });

    expect(turns).toBeGreaterThan(1);
    expect(took).toBeLessThan(1000);
  });

  test("prepares only what is not the same as in the table before, and knows tokens by their present names", async () => {
    const [kept, changed] = [
      definition("kept", { route: "kept", tokens: ["t"] }),
      definition("x", { route: "x" }),
    ];
    const first = state([kept, changed], { tokens: [token("t")] });
    const before = await buildRouteTable(first, base);
    const tokens = [{ ...token("t"), name: "old" }, token("u")].map((each) =>
      each.name === "u" ? { ...each, name: "t" } : each,
    );

    const after = await buildRouteTable(
      { ...first, definitions: [kept, { ...changed }], tokens },
      base,
      before,
    );

    const servedAt = (table: RouteTable, path: string) =>
      matchRoute(table, parseRequestTarget(path, undefined)!)?.definition;
    expect(servedAt(after, `${base}/kept`)).toBe(servedAt(before, `${base}/kept`));
    expect(servedAt(after, `${base}/x`)).not.toBe(servedAt(before, `${base}/x`));
    expect([...after.credentials.tokens.values()].map(({ tokenName }) => tokenName)).toEqual(["old", "t"]);
    expect(after.prepared.size).toBe(2);
  });

  test("notices a script that the store does not have", async () => {
    const table = await tableOf([definition("it", { route: "a", action: { script: { file: "x.js" } } })]);

    expect(table.notices).toMatchObject([{ name: "it", setting: "action.script.file" }]);
  });
});

describe("the api_id of a definition", () => {
  const apiId = "bc2f8cfb7ab241504d9f3574fe407499";
  const chosen = { dashboard: { api_id: apiId } };

  test("leads to it beside its listen path: the one that was chosen, or else that of its UUID", async () => {
    const table = await tableOf([
      definition("it", { listenPath: "/it", ...chosen }),
      definition("other", { listenPath: "/other" }),
    ]);
    const derived = definition("other", {}).id.replaceAll("-", "");

    expect(find(table, `/${apiId}/a/b/`)).toMatchObject({ isById: true, rest: "/a/b/", parameters: {} });
    expect(find(table, `/${apiId}/a/b/`)?.definition.name).toBe("it");
    expect(find(table, `/${derived}`)?.definition.name).toBe("other");
    expect(find(table, "/it/a")).toMatchObject({ isById: false, rest: "/a" });
  });

  test("takes a path alone where the listen path does", async () => {
    const table = await tableOf([definition("it", { listenPath: "/it", match: "exact", ...chosen })]);

    expect(find(table, `/${apiId}/`)?.definition.name).toBe("it");
    expect(find(table, `/${apiId}/a`)).toBeNull();
  });

  test("takes no path away from a listen path", async () => {
    const catchAll = definition("all", { listenPath: "/" });
    const exact = definition("exact", { listenPath: `/${apiId}`, match: "exact" });
    const it = definition("it", { listenPath: "/it", ...chosen });

    expect(find(await tableOf([it, catchAll]), `/${apiId}/a`)?.definition.name).toBe("all");
    expect(find(await tableOf([it, exact]), `/${apiId}`)?.definition.name).toBe("exact");
    expect(find(await tableOf([it, exact]), `/${apiId}/a`)?.definition.name).toBe("it");
  });

  test("of two definitions leads to neither, with a notice", async () => {
    const table = await tableOf([
      definition("one", { listenPath: "/one", ...chosen }),
      definition("two", { listenPath: "/two", ...chosen }),
      definition("three", { listenPath: "/three", ...chosen }),
    ]);

    expect(find(table, `/${apiId}/`)).toBeNull();
    expect(find(table, "/one")?.definition.name).toBe("one");
    expect(table.notices).toMatchObject([
      { name: "two", setting: "dashboard.api_id" },
      { name: "three", setting: "dashboard.api_id" },
    ]);
  });

  test("leads there at the host of the definition only", async () => {
    const table = await tableOf([
      definition("it", { listenPath: "/it", domain: "api.example.com", ...chosen }),
    ]);

    expect(find(table, `/${apiId}/`, "api.example.com")?.definition.name).toBe("it");
    expect(find(table, `/${apiId}/`, "example.com")).toBeNull();
  });

  test("leads to no route, which only who has a token may know of", async () => {
    const it = definition("it", { route: "it" });

    expect(find(await tableOf([it]), `/${it.id.replaceAll("-", "")}/`)).toBeNull();
  });

  test.each(["a/b", "", "x".repeat(65), 7, null, "__proto__\u0000"])("is not %j", async (api_id) => {
    const it = definition("it", { listenPath: "/it", dashboard: { api_id } });
    const table = await tableOf([it]);

    expect(find(table, `/${it.id.replaceAll("-", "")}/x`)?.definition.name).toBe("it");
  });
});

interface Template {
  readonly segments: readonly string[];
  readonly match: "exact" | "prefix";
}

/** All that match, the most specific by comparing position by position; the first of equals. */
function obviousSearch(templates: readonly Template[], path: readonly string[]): string | null {
  const fits = templates
    .map((template, index) => ({ ...template, index }))
    .filter(({ segments, match }) => {
      if (match === "exact" ? segments.length !== path.length : segments.length > path.length) return false;
      return segments.every(
        (segment, position) =>
          segment.startsWith("{") ||
          segment.toLowerCase() === decodeURIComponent(path[position]!).toLowerCase(),
      );
    })
    .sort((a, b) => compare(a, b) || a.index - b.index);
  return fits[0] ? String(fits[0].index) : null;
}

function compare(a: Template, b: Template): number {
  for (let position = 0; ; position++) {
    const [rankA, rankB] = [rank(a, position), rank(b, position)];
    if (rankA !== rankB) return rankA - rankB;
    if (rankA >= 2) return 0;
  }
}

/** A literal before a placeholder before the end; and of ends, exact before prefix. */
function rank({ segments, match }: Template, position: number): number {
  const segment = segments[position];
  if (segment === undefined) return match === "exact" ? 2 : 3;
  return segment.startsWith("{") ? 1 : 0;
}

function templated(route: string) {
  const prefix = route.endsWith("*");
  return definition(route, { route: route.replace(/\/?\*$/, ""), match: prefix ? "prefix" : "exact" });
}

async function tableOf(definitions: ServingState["definitions"]): Promise<RouteTable> {
  return await buildRouteTable(state(definitions), base);
}

function find(table: RouteTable, path: string, host?: string) {
  const target = parseRequestTarget(path, host);
  const match = target && matchRoute(table, target);
  return match && { ...match, rest: pathBelow(match.below, target) };
}
