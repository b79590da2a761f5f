import { setImmediate } from "node:timers/promises";

import { expect, test } from "vitest";

import type { Call } from "../../../src/endpoint/call.ts";
import type { RouteTable } from "../../../src/endpoint/table/route-table.ts";
import { createOpenTunnels } from "../../../src/endpoint/tunnel/open-tunnels.ts";
import { silentLog } from "../../../src/log.ts";

const call = {} as Call;

test("no new table is missed, however soon it comes after another, and no failure ends the process", async () => {
  let looks = 0;
  const table = (): RouteTable => {
    looks++;
    throw new Error("a bug");
  };
  const tunnels = createOpenTunnels({ most: 1, table, log: silentLog() });
  const place = tunnels.enter(call);
  expect(() => place?.fill({ end: () => {} })).toThrow("a bug");

  tunnels.review();
  tunnels.review();
  await setImmediate();
  tunnels.review();
  await setImmediate();

  expect(looks).toBe(4);
  tunnels.close();
});

test("there are so many places, each of which can be left", () => {
  const tunnels = createOpenTunnels({ most: 1, table: () => null, log: silentLog() });

  const first = tunnels.enter(call);
  expect([first === null, tunnels.enter({} as Call), tunnels.size()]).toEqual([false, null, 1]);
  first?.leave();

  expect([tunnels.size(), tunnels.enter(call) === null]).toEqual([0, false]);
  tunnels.close();
});
