import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { deriveId } from "../../src/manifest/identity.ts";
import { type EditingApi, startEditingApi } from "../support/editing-api.ts";
import { replyManifest, tokenManifest } from "../support/reconciling.ts";

const hello = deriveId("ApiDefinition", "hello");

let api: EditingApi;

beforeEach(async () => {
  api = await startEditingApi({
    "apis/internal.yaml": tokenManifest("internal"),
    "apis/referred.yaml": tokenManifest("referred", "env: SOME_SECRET"),
    "apis/hello.yaml": replyManifest("hello", "hello/{name}", "ok", ["internal"]),
    "apis/other.yaml": replyManifest("other", "other"),
  });
});

afterEach(() => api.close());

describe("what is wrong with a definition", () => {
  test("says the route that is in use, and who has it", async () => {
    const [status, body] = await put("other", { route: "HELLO/{id}" });

    expect([status, body]).toMatchObject([
      400,
      {
        Reasons: [
          {
            Reason: "RouteInUse",
            Id: deriveId("ApiDefinition", "other"),
            Route: "HELLO/{id}",
            ConflictingDefinitionId: hello,
          },
        ],
      },
    ]);
  });

  test("says a bad route, a bad limit and so on together, and also a route that is in use", async () => {
    const limit = { global_rate_limit: { rate: "many", per: 60 } };

    const bad = await put("other", { route: "/a//b", action: 7 }, limit);
    const taken = await put("other", { route: "hello/{id}" }, limit);

    expect(reasonsOf(bad)).toEqual(["InvalidActionMeta", "InvalidRateLimit", "InvalidRoute"]);
    expect(bad).toMatchObject([
      400,
      { Reasons: expect.arrayContaining([expect.objectContaining({ Route: "/a//b" })]) },
    ]);
    expect(reasonsOf(taken)).toEqual(["InvalidRateLimit", "RouteInUse"]);
    expect(taken[1]).toMatchObject({
      Reasons: expect.arrayContaining([expect.objectContaining({ ConflictingDefinitionId: hello })]),
    });
    expect(await put("other", { route: "other" }, limit)).toMatchObject([400, { Errors: { length: 1 } }]);
  });
});

describe("what is wrong with a token", () => {
  test("is said all together", async () => {
    const wrong = {
      name: "Not a slug",
      rateLimit: { limit: 0, window: "1m" },
      quota: { limit: "many" },
      expires: "tomorrow",
      secret: "chosen",
      colour: "red",
    };

    const created = await api.send("POST", "/tokens", wrong);
    const changed = await api.send("PUT", "/tokens/internal", wrong);

    expect(reasonsOf(created)).toEqual(["InvalidName", "InvalidRateLimit", "InvalidSecret"]);
    expect(reasonsOf(changed)).toEqual(reasonsOf(created));
    const { Errors } = created[1] as { Errors: string[] };
    for (const field of ["'name'", "rateLimit.limit", "quota", "expires", "'secret'", "'colour'"])
      expect(Errors).toContainEqual(expect.stringContaining(field));
    expect(Errors.join()).not.toMatch(/spec\.|metadata\./);
  });

  test("is a conflict when it is only that the name is taken", async () => {
    const taken = { name: "internal" };

    expect(await api.send("POST", "/tokens", taken)).toMatchObject([
      409,
      { Reasons: [{ Reason: "InvalidName" }] },
    ]);
    expect((await api.send("PUT", "/tokens/referred", taken))[0]).toBe(409);
    expect(reasonsOf(await api.send("POST", "/tokens", { ...taken, quota: 1 }))).toEqual([
      "InvalidName",
      "InvalidRateLimit",
    ]);
    expect((await api.send("POST", "/tokens", {}))[0]).toBe(400);
    expect((await api.send("POST", "/tokens", []))[0]).toBe(400);
  });

  test("is a secret that Gitway does not issue", async () => {
    expect(await api.send("POST", "/tokens/referred/issue")).toMatchObject([
      409,
      { Reasons: [{ Reason: "InvalidSecret", Id: deriveId("ApiToken", "referred") }] },
    ]);
  });

  test("is that definitions use it", async () => {
    expect(await api.send("DELETE", "/tokens/internal")).toMatchObject([
      400,
      {
        Reasons: [{ Reason: "TokenInUse", Id: deriveId("ApiToken", "internal"), ApiDefinitionIds: [hello] }],
      },
    ]);
  });
});

async function put(name: string, gitway: object, more: object = {}): Promise<[number, unknown]> {
  const got = (await (await api.request(`/apis/${name}`, api.key)).json()) as {
    api_definition: { proxy: object };
    gitway: object;
  };
  // The address in `gitway` is meant.
  const { listen_path: _, ...proxy } = got.api_definition.proxy as { listen_path: string };
  return await api.send("PUT", `/apis/${name}`, {
    ...got,
    api_definition: { ...got.api_definition, proxy, ...more },
    gitway: { ...got.gitway, ...gitway },
  });
}

function reasonsOf([, body]: readonly [number, unknown]): string[] {
  const { Reasons } = body as { Reasons: { Reason: string }[] };
  return [...new Set(Reasons.map(({ Reason }) => Reason))].toSorted();
}
