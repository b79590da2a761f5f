import { expect, test } from "vitest";

import { buildRouteTable } from "../../../src/endpoint/table/route-table.ts";
import { prepareDefinition } from "../../../src/endpoint/table/served-definition.ts";
import { definition, state } from "../../support/serving.ts";

const unknown = [
  [{ grpc: { service: "Encoders" } }, 11],
  [{}, 11],
  [{ reply: {}, script: { file: "a.js" } }, 11],
  [{ reply: null }, 9],
  [{ script: "a.js" }, 9],
  [{ script: { file: "a.js", input: "stream" } }, 9],
  [{ script: { file: "a.js", timeout: "a while" } }, 9],
  [{ proxy: { targets: "http://127.0.0.1" } }, 9],
] as const;

test.each(unknown)("an action %j is refused with code %s", (action, code) => {
  const prepared = prepareDefinition(definition("it", { action: action as never }), new Map());

  expect(prepared.action).toMatchObject({ kind: "unfit", refusal: { code } });
});

test("a definition with an unknown action is told of, and keeps no other from being served", async () => {
  const newer = definition("newer", { route: "newer", action: { grpc: {} } as never });
  const table = await buildRouteTable(state([newer, definition("it", { route: "it" })]), "/api/custom");

  expect(table.notices).toEqual([
    expect.objectContaining({ name: "newer", setting: "action", message: expect.stringContaining("grpc") }),
  ]);
  expect(table.prepared.size).toBe(2);
});
