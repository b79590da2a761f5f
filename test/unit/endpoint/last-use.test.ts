import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { collectLastUse } from "../../../src/endpoint/last-use.ts";
import { silentLog } from "../../../src/log.ts";
import type { CredentialUse } from "../../../src/store/credentials/credential-store.ts";

const written: (readonly CredentialUse[])[] = [];
let fails = false;
const keeper = {
  async noteLastUse(uses: readonly CredentialUse[]) {
    if (fails) throw new Error("the store is away");
    written.push(uses);
  },
};

beforeEach(() => {
  vi.useFakeTimers();
  written.length = 0;
  fails = false;
});
afterEach(() => {
  vi.useRealTimers();
});

test("many uses become one write of the latest of each credential, ten seconds later", async () => {
  const lastUse = collectLastUse(keeper, silentLog());

  for (const at of [1000, 3000, 2000]) lastUse.note(1, at);
  lastUse.note(2, 1500);
  await vi.advanceTimersByTimeAsync(9999);
  expect(written).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);

  expect(written).toEqual([
    [
      { id: 1, at: 3000 },
      { id: 2, at: 1500 },
    ],
  ]);
});

test("without a use nothing is written", async () => {
  const lastUse = collectLastUse(keeper, silentLog());
  lastUse.note(1, 1000);

  await vi.advanceTimersByTimeAsync(60_000);
  await lastUse.close();

  expect(written).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(0);
});

test("what could not be written is written later, with what came meanwhile", async () => {
  const lastUse = collectLastUse(keeper, silentLog());
  fails = true;
  lastUse.note(1, 1000);
  lastUse.note(2, 1000);
  await vi.advanceTimersByTimeAsync(10_000);
  lastUse.note(1, 500);
  lastUse.note(2, 2000);

  fails = false;
  await vi.advanceTimersByTimeAsync(10_000);

  expect(written).toEqual([
    [
      { id: 1, at: 1000 },
      { id: 2, at: 2000 },
    ],
  ]);
});

test("closing writes what is left", async () => {
  const lastUse = collectLastUse(keeper, silentLog());
  lastUse.note(1, 1000);

  await lastUse.close();
  await lastUse.close();

  expect(written).toEqual([[{ id: 1, at: 1000 }]]);
  expect(vi.getTimerCount()).toBe(0);
});

test("closing does not wait long for a store that hangs", async () => {
  const lastUse = collectLastUse({ noteLastUse: () => new Promise(() => {}) }, silentLog());
  lastUse.note(1, 1000);

  const closing = lastUse.close();
  await vi.advanceTimersByTimeAsync(2000);

  await closing;
  expect(vi.getTimerCount()).toBe(0);
});
