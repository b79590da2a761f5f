import { describe, expect, test } from "vitest";

import type { ServedRequest } from "../../../src/dashboard/definition-series.ts";
import { createMetrics, type EndpointFigures } from "../../../src/dashboard/metrics.ts";
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

describe("requests", () => {
  test("are counted by definition and class of status, with how long they took", async () => {
    const { metrics } = serving(["hello"]);

    metrics.requestServed(request({ definition: "hello", seconds: 0.004 }));
    metrics.requestServed(request({ definition: "hello", seconds: 0.3, status: 503, code: 1006 }));
    metrics.requestServed(request({ definition: "hello", seconds: 60 }));
    metrics.requestServed(request({ definition: null, status: 404, code: 5 }));

    expectLines(await metrics.exposition.metrics(), [
      'gitway_endpoint_requests_total{definition="hello",status="2xx"} 2',
      'gitway_endpoint_requests_total{definition="hello",status="5xx"} 1',
      'gitway_endpoint_requests_total{definition="",status="4xx"} 1',
      'gitway_endpoint_request_duration_seconds_bucket{definition="hello",le="0.005"} 1',
      'gitway_endpoint_request_duration_seconds_bucket{definition="hello",le="0.1"} 1',
      'gitway_endpoint_request_duration_seconds_bucket{definition="hello",le="0.5"} 2',
      'gitway_endpoint_request_duration_seconds_bucket{definition="hello",le="10"} 2',
      'gitway_endpoint_request_duration_seconds_bucket{definition="hello",le="+Inf"} 3',
      'gitway_endpoint_request_duration_seconds_sum{definition="hello"} 60.304',
      'gitway_endpoint_request_duration_seconds_count{definition="hello"} 3',
      'gitway_endpoint_refusals_total{code="1006"} 1',
      'gitway_endpoint_refusals_total{code="5"} 1',
    ]);
  });

  test("that opened a WebSocket are counted, and not how long it was open", async () => {
    const { metrics } = serving(["hello"]);

    metrics.requestServed(request({ definition: "hello", status: 101, seconds: 3600 }));

    expectLines(await metrics.exposition.metrics(), [
      'gitway_endpoint_requests_total{definition="hello",status="1xx"} 1',
      'gitway_endpoint_request_duration_seconds_count{definition="hello"} 0',
    ]);
  });

  test("that an upstream failed are counted apart", async () => {
    const { metrics } = serving(["hello", "other"]);

    metrics.requestServed(request({ definition: "hello", status: 502, code: 2010, upstreamFailed: true }));
    metrics.requestServed(request({ definition: "other" }));

    const text = await metrics.exposition.metrics();
    expectLines(text, ['gitway_endpoint_upstream_errors_total{definition="hello"} 1']);
    expect(text).not.toContain('upstream_errors_total{definition="other"}');
  });

  test("of a definition that is gone are forgotten, others go on counting", async () => {
    const { metrics, figures } = serving(["going", "staying"]);
    for (const definition of ["going", "staying", null]) metrics.requestServed(request({ definition }));

    figures.revision = 2;
    figures.names = new Set(["staying"]);
    metrics.requestServed(request({ definition: "staying" }));

    const text = await metrics.exposition.metrics();
    expect(text).not.toContain('going"');
    expectLines(text, [
      'gitway_endpoint_requests_total{definition="staying",status="2xx"} 2',
      'gitway_endpoint_requests_total{definition="",status="2xx"} 1',
    ]);
  });

  test("that end after their definition are forgotten with the next look", async () => {
    const { metrics, figures } = serving(["going"]);
    figures.names = new Set();

    metrics.requestServed(request({ definition: "going" }));

    expect(await metrics.exposition.metrics()).not.toContain('going"');
  });
});

test("what is under way is shown while something serves", async () => {
  const { metrics } = serving([]);
  metrics.scriptWaited(0.05);

  expectLines(await metrics.exposition.metrics(), [
    'gitway_revision{state="served"} 1',
    "gitway_endpoint_requests_in_flight 3",
    "gitway_endpoint_websockets 4",
    "gitway_endpoint_scripts_running 2",
    "gitway_endpoint_script_queue_length 5",
    'gitway_endpoint_script_wait_seconds_bucket{le="0.1"} 1',
  ]);
  const without = await createMetrics(() => null, notSuspended).exposition.metrics();
  expect(without).not.toMatch(/^gitway_(endpoint_requests_in_flight|revision\{state="served"\}) /m);
});

function serving(names: readonly string[]) {
  const figures = { revision: 1, names: new Set(names) as ReadonlySet<string> };
  const endpoint: EndpointFigures = {
    servedRevision: () => figures.revision,
    servedDefinitions: () => figures.names,
    openRequests: () => 3,
    openWebSockets: () => 4,
    scriptLoad: () => ({ running: 2, waiting: 5 }),
  };
  return { metrics: createMetrics(() => endpoint, notSuspended), figures };
}

function request(facts: Partial<ServedRequest>): ServedRequest {
  return { definition: null, status: 200, seconds: 0.01, code: null, upstreamFailed: false, ...facts };
}

/** A line is whole: its value ends it. */
function expectLines(text: string, lines: readonly string[]): void {
  expect(text.split("\n")).toEqual(expect.arrayContaining([...lines]));
}
