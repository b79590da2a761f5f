import { afterEach, describe, expect, test, vi } from "vitest";

import { type HealthParts, readHealth } from "../../../../src/cli/daemon/read-health.ts";
import type { SyncStatus } from "../../../../src/store/store.ts";

const mark = { commit: "c", revision: 4, at: "2026-11-22T10:00:00Z" };
const status: SyncStatus = {
  source: { url: ".", branch: "main", paths: ["apis"] },
  attempted: mark,
  applied: mark,
  converged: mark,
  state: "synced",
  error: null,
  since: mark.at,
  quarantined: [],
  held: [],
  problems: [],
};

const away: HealthParts["store"] = { readSync: () => Promise.reject(new Error("away")) };
const there: HealthParts["store"] = { readSync: () => Promise.resolve(status) };

afterEach(() => {
  vi.useRealTimers();
});

const parts: HealthParts = { store: there, endpoint: null, firstPassOver: true, ending: false };

describe("readiness", () => {
  test("is over once the process was asked to end", async () => {
    const health = await readHealth({
      ...parts,
      endpoint: { servedRevision: () => 4, servedFrom: () => "store" },
      ending: true,
    });

    expect(health).toMatchObject({ ready: false, reason: "The process is ending.", servedRevision: 4 });
  });

  test.each([
    ["all is well", there, 4, true, null],
    ["the store is away but a table is there", away, 4, true, null],
    ["the endpoint has no table", there, null, true, "The endpoint has not loaded its routes yet."],
    ["the first pass runs", there, 4, false, "The first pass has not ended yet."],
  ])("of a process that serves routes, when %s", async (_, store, served, firstPassOver, reason) => {
    const health = await readHealth({
      ...parts,
      store,
      endpoint: { servedRevision: () => served, servedFrom: () => "snapshot" },
      firstPassOver,
    });

    expect(health).toMatchObject({
      ready: reason === null,
      reason,
      servedRevision: served,
      servedFrom: "snapshot",
    });
  });

  test.each([
    ["is there", there, null],
    ["is away", away, "The store does not answer."],
  ])("of a process that serves no routes, when the store %s", async (_, store, reason) => {
    const health = await readHealth({ ...parts, store });

    expect(health).toMatchObject({ ready: reason === null, reason, servedRevision: null });
  });

  test("tells revisions and state as far as they are known", async () => {
    const known = await readHealth({ ...parts, store: there });
    const unknown = await readHealth({ ...parts, store: away });
    const never = { readSync: () => Promise.resolve(null) };
    const fresh = await readHealth({ ...parts, store: never });

    expect(known).toMatchObject({ appliedRevision: 4, state: "synced" });
    expect(unknown).toMatchObject({ appliedRevision: null, state: "unknown" });
    expect(fresh).toMatchObject({ ready: true, appliedRevision: null, state: "unknown" });
  });

  test("does not wait for a store that hangs", async () => {
    vi.useFakeTimers();
    const hanging = { readSync: () => new Promise<null>(() => {}) };

    const reading = readHealth({ ...parts, store: hanging });
    await vi.advanceTimersByTimeAsync(2000);

    expect(await reading).toMatchObject({ ready: false, state: "unknown" });
  });
});
