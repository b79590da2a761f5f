import { describe, expect, test } from "vitest";

import { findRoute } from "../../../../src/cli/call/find-route.ts";
import type { ServingState } from "../../../../src/store/serving/serving-store.ts";
import { definition } from "../../../support/serving.ts";

const state: ServingState = {
  revision: 1,
  commit: null,
  definitions: [
    definition("status", { route: "encoders/{id}/status" }),
    definition("special", { route: "encoders/special/status" }),
    definition("files", { route: "files", match: "prefix" }),
    definition("legacy", { listenPath: "/legacy", methods: ["GET", "PUT"] }),
    definition("tenant", { listenPath: "/legacy", domain: "tenant.example.com" }),
    definition("asleep", { route: "asleep", active: false }),
  ],
  tokens: [],
  credentials: [],
  blobs: new Map(),
};

describe("who answers", () => {
  test.each([
    ["encoders/1/status", "status", { id: "1" }],
    ["/api/custom/encoders/1/status", "status", { id: "1" }],
    ["encoders/{id}/status", "status", { id: "{id}" }],
    ["Encoders/SPECIAL/status?query=1", "special", {}],
    ["files/a/b", "files", {}],
    ["/legacy/below", "legacy", {}],
    ["https://tenant.example.com/legacy", "tenant", {}],
    ["https://other.example.com:8080/legacy", "legacy", {}],
  ])("%s is %s", async (route, name, parameters) => {
    const found = await findRoute(state, "/api/custom", { method: null, route });

    expect(found).toMatchObject({ definition: { name }, parameters, refusal: null });
  });

  test.each([
    ["GET", "encoders", null, "nobody"],
    ["GET", "/files", null, "nobody"],
    ["GET", "asleep", "asleep", "inactive"],
    ["POST", "/legacy", "legacy", "method"],
    ["TRACE", "files", "files", "method"],
    ["PUT", "/legacy", "legacy", null],
    ["DELETE", "files", "files", null],
  ] as const)("%s %s is %s (%s)", async (method, route, name, refusal) => {
    const found = await findRoute(state, "/api/custom", { method, route });

    expect([found.definition?.name ?? null, found.refusal]).toEqual([name, refusal]);
  });
});

test("the request is given as it would be written", async () => {
  const found = await findRoute(state, "/api/custom/", { method: "GET", route: "files/a" });

  expect([found.request, found.rest]).toEqual(["GET /api/custom/files/a", "/a"]);
});

test.each(["a/../b", "/%2e%2e/x", "/a\\b", "/%zz", "/\u0000", "/#x"])("%j is wrong use", async (route) => {
  await expect(findRoute(state, "/api/custom", { method: null, route })).rejects.toMatchObject({
    code: "usage",
  });
});
