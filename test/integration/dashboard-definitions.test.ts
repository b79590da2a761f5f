import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { apiRoutes } from "../../src/dashboard/api/routes.ts";
import { isApiId } from "../../src/manifest/dashboard-ids.ts";
import { deriveId } from "../../src/manifest/identity.ts";
import { orgId, partsOf, startTestApi, userManifest, type TestApi } from "../support/dashboard-api.ts";
import { replyManifest, tokenManifest } from "../support/reconciling.ts";

const key = "reader-".padEnd(40, "k");

let api: TestApi;

beforeEach(async () => {
  api = await startTestApi({ READER: key });
  const reader = userManifest("reader", "READER", ["definitions.read", "tokens.read"]);
  await commit({ "apis/reader.yaml": reader, "apis/token.yaml": tokenManifest("internal") });
  await vi.waitUntil(async () => (await api.request("/users/me", key)).ok);
});

afterEach(() => api.close());

describe("definitions", () => {
  test("are listed in pages of ten, newest first, in the shape of the Dashboard API", async () => {
    for (const number of [1, 2]) await commit(manifests(number));

    const first = await list("");

    expect(first.pages).toBe(2);
    expect(first.apis).toHaveLength(10);
    expect(first.apis[0]).toMatchObject({
      api_model: {},
      api_definition: {
        name: "second-0",
        org_id: orgId,
        active: true,
        version_data: { not_versioned: true },
      },
      hook_references: [],
      gitway: { name: "second-0", route: "second-0", tokens: ["internal"] },
    });
    expect((await list("?p=2")).apis).toHaveLength(2);
    expect((await list("?p=3")).apis).toHaveLength(0);
    expect(await list("/?p=0")).toMatchObject({ pages: 0, apis: { length: 12 } });
    expect((await list("?p=-2")).apis).toHaveLength(12);
  });

  test("are searched by name and sorted", async () => {
    for (const number of [1, 2]) await commit(manifests(number));

    expect(names(await list("?q=FIRST-1"))).toEqual(["first-1"]);
    expect(names(await list("/search?q=first&sort=-name"))[0]).toBe("first-5");
    expect(names(await list("?sort=created_at"))[0]).toMatch(/^first/);
    expect(names(await list("?sort=-created_at"))[0]).toMatch(/^second/);
    expect(names(await list("?sort=__proto__"))).toEqual(names(await list("")));
    expect(names(await list("/search?q=none"))).toEqual([]);
    expect(await (await api.request("/apis/count", key)).json()).toEqual({ count: 12 });
  });

  test("are filtered by category, and by nothing that is not there", async () => {
    const payments = "Payments #Finance #eu";
    const titled = (name: string, more: string) =>
      replyManifest(name, name).replace("spec:\n", `spec:\n  title: ${JSON.stringify(more)}\n`);
    await commit({
      "apis/a.yaml": titled("a", payments),
      "apis/b.yaml": `${replyManifest("b", "b")}  dashboard: { wrapper: { categories: [video, Finance, 7] } }\n`,
      "apis/c.yaml": titled("c", "Number #5#6 a#eu"),
      "apis/d.yaml": replyManifest("d", "d"),
    });

    expect(names(await list("?category=finance&sort=name"))).toEqual(["b", payments]);
    expect(names(await list("?category=EU,%20video&sort=name"))).toEqual(["b", payments]);
    expect(names(await list("?category=eu&q=pay"))).toEqual([payments]);
    expect(names(await list("/search?category=none"))).toEqual([]);
    expect((await list("?category=,&auth_type=&graph=1&compressed=1")).apis).toHaveLength(4);
    const b = (await (await api.request("/apis/b", key)).json()) as { gitway: object };
    expect(b.gitway).not.toHaveProperty("withoutEffect");
    for (const filter of ["auth_type=keyless", "api_type=rest", "base_apis=true"]) {
      const refused = await api.request(`/apis?p=0&${filter}`, key);
      expect([refused.status, await refused.json()]).toMatchObject([
        400,
        { Message: expect.stringContaining(`'${filter.split("=")[0]}'`) },
      ]);
    }
  });

  test("are got by either id, with an entity tag that changes with them", async () => {
    await commit({ "apis/hello.yaml": replyManifest("hello", "hello", "one", ["internal"]) });
    const [wrapper] = (await list("?q=hello")).apis;
    const { id, api_id } = wrapper!.api_definition;

    const byId = await api.request(`/apis/${id}`, key);
    expect(await byId.json()).toEqual(await (await api.request(`/apis/${api_id}/`, key)).json());
    await commit({ "apis/hello.yaml": replyManifest("hello", "hello", "two", ["internal"]) });
    const changed = await api.request(`/apis/${id}`, key);

    expect(changed.headers.get("etag")).not.toBe(byId.headers.get("etag"));
    const tokens = (await (await api.request(`/apis/${id}/tokens`, key)).json()) as {
      tokens: { name: string }[];
    };
    expect(tokens.tokens.map(({ name }) => name)).toEqual(["internal"]);
  });

  test("that are not there are a 400 in the words of the API", async () => {
    for (const id of ["54c24242eba6db1c9a000002", "__proto__", "..%2f..%2fetc", "%00"]) {
      const answer = await api.request(`/apis/${id}`, key);

      expect([answer.status, await answer.json()]).toEqual([
        400,
        { Status: "Error", Message: "Could not retrieve API detail", Meta: null },
      ]);
    }
  });
});

test("webhooks are listed in pages of ten, like definitions", async () => {
  const hooks = Array.from({ length: 12 }, (_, count) => {
    const name = `hook-${String(count).padStart(2, "0")}`;
    const head = `apiVersion: gitway/v1\nkind: Webhook\nmetadata: { name: ${name} }\n`;
    return [`apis/${name}.yaml`, `${head}spec: { url: "http://127.0.0.1:1/" }\n`];
  });
  await commit(Object.fromEntries(hooks) as Record<string, string>);

  for (const [query, pages, length] of [
    ["", 2, 10],
    ["?p=1", 2, 10],
    ["?p=2", 2, 2],
    ["?p=3", 2, 0],
    ["?p=x", 2, 10],
    ["?p=0", 0, 12],
    ["/?p=-1", 0, 12],
  ] as const)
    expect([query, await (await api.request(`/hooks${query}`, key)).json()]).toMatchObject([
      query,
      { pages, hooks: { length } },
    ]);
  const second = (await (await api.request("/hooks?p=2", key)).json()) as { hooks: { name: string }[] };
  expect(second.hooks.map(({ name }) => name)).toEqual(["hook-10", "hook-11"]);
});

test("tokens come in pages when a page is asked for", async () => {
  const tokens = Array.from({ length: 11 }, (_, count) => [
    `apis/t${count}.yaml`,
    tokenManifest(`t${count}`),
  ]);
  await commit({
    ...Object.fromEntries(tokens),
    "apis/hello.yaml": replyManifest("hello", "hello", "ok", ["internal", "t1"]),
  });

  for (const [path, pages, length] of [
    ["/tokens", 0, 12],
    ["/tokens?p=2", 2, 2],
    ["/tokens?p=0", 0, 12],
    ["/apis/hello/tokens", 0, 2],
    ["/apis/hello/tokens?p=1", 1, 2],
  ] as const)
    expect([path, await (await api.request(path, key)).json()]).toMatchObject([
      path,
      { pages, tokens: { length } },
    ]);
});

test("an id is meant before the name of another manifest", async () => {
  const chosen = replyManifest("other", "other") + "  dashboard: { api_id: hello }\n";
  await commit({ "apis/hello.yaml": replyManifest("hello", "hello"), "apis/other.yaml": chosen });
  const tokenId = deriveId("ApiToken", "internal");
  await commit({ "apis/t.yaml": tokenManifest(tokenId) });

  expect(await (await api.request("/apis/hello", key)).json()).toMatchObject({ gitway: { name: "other" } });
  expect(await (await api.request(`/tokens/${tokenId}`, key)).json()).toMatchObject({ name: "internal" });
});

test("no definition can have an id that is a path of the API", () => {
  const paths = apiRoutes(partsOf(api)).flatMap(({ path }) => /^\/apis\/([^:/]+)/.exec(path)?.[1] ?? []);

  expect(paths).toContain("search");
  expect(paths.filter((path) => isApiId(path))).toEqual([]);
});

test("tokens are shown without secrets", async () => {
  const listed = await api.request("/tokens", key);
  const one = await (await api.request("/tokens/internal", key)).json();

  expect(await listed.json()).toMatchObject({
    tokens: [{ name: "internal", disabled: false, secret: "generate", createdBy: "Test Author" }],
  });
  expect(one).toMatchObject({ name: "internal", credentials: [] });
  expect(await (await api.request("/tokens/count", key)).json()).toEqual({ count: 1 });
  expect((await api.request("/tokens/none", key)).status).toBe(404);
});

interface List {
  readonly apis: { readonly api_definition: { id: string; api_id: string; name: string } }[];
  readonly pages: number;
}

async function list(query: string): Promise<List> {
  return (await (await api.request(`/apis${query}`, key)).json()) as List;
}

function names({ apis }: List): string[] {
  return apis.map(({ api_definition: { name } }) => name);
}

function manifests(number: number): Record<string, string> {
  const word = number === 1 ? "first" : "second";
  const files = [0, 1, 2, 3, 4, 5].map((count) => {
    const name = `${word}-${count}`;
    return [`apis/${name}.yaml`, replyManifest(name, name, "ok", ["internal"])];
  });
  return Object.fromEntries(files) as Record<string, string>;
}

async function commit(files: Record<string, string>): Promise<void> {
  await api.repository.commit({ files });
  await api.pass({ allowPrune: true });
}
