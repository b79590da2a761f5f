import { describe, expect, test } from "vitest";

import { createMetrics } from "../../../src/dashboard/metrics.ts";
import type { Suspension, SyncStatus } from "../../../src/store/store.ts";

const mark = { commit: "a", revision: 6, at: "2026-11-22T10:00:00Z" };
const status: SyncStatus = {
  source: { url: ".", branch: "main", paths: ["apis"] },
  attempted: { ...mark, revision: 7 },
  applied: mark,
  converged: null,
  state: "degraded",
  error: null,
  since: mark.at,
  quarantined: [
    {
      kind: "User",
      id: "1",
      name: "jo",
      problems: [],
      serving: true,
      since: mark.at,
      commit: null,
      author: null,
      brokenBy: null,
      lastGood: null,
    },
  ],
  held: [],
  problems: [],
};

const notSuspended = async () => null;

describe("passes", () => {
  test("are counted by outcome, with how things stand after them", async () => {
    const metrics = createMetrics(() => null, notSuspended);

    metrics.passEnded("applied", 0.2, status);

    const text = await metrics.exposition.metrics();
    expectLines(text, [
      'gitway_passes_total{outcome="applied"} 1',
      'gitway_passes_total{outcome="failed"} 0',
      "gitway_pass_duration_seconds_count 1",
      "gitway_quarantined_objects 1",
      "gitway_held_deletions 0",
      'gitway_revision{state="attempted"} 7',
      'gitway_revision{state="applied"} 6',
    ]);
    expect(text).toMatch(/gitway_last_success_timestamp_seconds 1\.?\d+/);
    expect(text).toMatch(/gitway_source_age_seconds 0\.?\d*/);
  });

  test("have no success and no age before one has succeeded", async () => {
    const metrics = createMetrics(() => null, notSuspended);

    metrics.passEnded("failed", 0.2, null);

    expect(await metrics.exposition.metrics()).not.toMatch(/^gitway_(last_success|source_age)\w* /m);
  });
});

test("a suspension is told since when, by whom and why, and gone with its end", async () => {
  const { at: since } = mark;
  let suspension: Suspension | null = { since, by: { name: 'Jane "J" Roe', email: "" }, reason: null };
  const metrics = createMetrics(
    () => null,
    async () => suspension,
  );
  const waiting = { commit: "b", created: 1, updated: 2, deleted: 0 };
  metrics.passEnded("suspended", 0.2, { ...status, waiting });
  const text = await metrics.exposition.metrics();
  suspension = null;
  metrics.passEnded("applied", 0.2, status);
  const after = await metrics.exposition.metrics();

  expectLines(text, [
    `gitway_suspended_timestamp_seconds{by="Jane \\"J\\" Roe",reason=""} ${Date.parse(since) / 1000}`,
    'gitway_passes_total{outcome="suspended"} 1',
    "gitway_waiting_changes 3",
  ]);
  expect(after).not.toMatch(/^gitway_suspended_timestamp_seconds/m);
  expect(after).toContain("gitway_waiting_changes 0");
});

test("the endpoint's own come with them, while something serves", async () => {
  const endpoint = { servedRevision: () => 4, series: async () => "gitway_endpoint_websockets 2\n" };
  const text = await createMetrics(() => endpoint, notSuspended).exposition.metrics();

  expectLines(text, ['gitway_revision{state="served"} 4', "gitway_endpoint_websockets 2"]);
  const without = await createMetrics(() => null, notSuspended).exposition.metrics();
  expect(without).not.toMatch(/^gitway_(endpoint_\w+|revision\{state="served"\}) /m);
});

/** A line is whole: its value ends it. */
function expectLines(text: string, lines: readonly string[]): void {
  expect(text.split("\n")).toEqual(expect.arrayContaining([...lines]));
}
