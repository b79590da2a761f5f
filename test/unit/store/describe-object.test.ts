import { expect, test } from "vitest";

import { describeObject } from "../../../src/store/store.ts";

const id = "c4cc7192-6ff5-4ca5-aae0-57c8615e25c8";

test("a definition is described by its route", () => {
  expect(describeObject({ kind: "ApiDefinition", name: "encoder-status", id }, "encoders/status")).toBe(
    "ApiDefinition with route 'encoders/status' (c4cc7192-6ff5-4ca5-aae0-57c8615e25c8)",
  );
});

test.each(["ApiToken", "Webhook", "User"] as const)("a %s is described by its name", (kind) => {
  expect(describeObject({ kind, name: "internal", id }, null)).toBe(
    `${kind} 'internal' (c4cc7192-6ff5-4ca5-aae0-57c8615e25c8)`,
  );
});
