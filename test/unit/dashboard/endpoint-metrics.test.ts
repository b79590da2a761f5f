import { describe, expect, test } from "vitest";

import type { ServedRequest } from "../../../src/dashboard/definition-series.ts";
import { createEndpointMetrics, type EndpointFigures } from "../../../src/dashboard/endpoint-metrics.ts";

describe("requests", () => {
  test("are counted by definition and class of status, with how long they took", async () => {
    const { metrics } = serving(["hello"]);

    metrics.requestServed(request({ definition: "hello", seconds: 0.004 }));
    metrics.requestServed(request({ definition: "hello", seconds: 0.3, status: 503, code: 1006 }));
    metrics.requestServed(request({ definition: "hello", seconds: 60 }));
    metrics.requestServed(request({ definition: null, status: 404, code: 5 }));

    expectLines(await metrics.series(), [
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

    expectLines(await metrics.series(), [
      'gitway_endpoint_requests_total{definition="hello",status="1xx"} 1',
      'gitway_endpoint_request_duration_seconds_count{definition="hello"} 0',
    ]);
  });

  test("that an upstream failed are counted apart", async () => {
    const { metrics } = serving(["hello", "other"]);

    metrics.requestServed(request({ definition: "hello", status: 502, code: 2010, upstreamFailed: true }));
    metrics.requestServed(request({ definition: "other" }));

    const text = await metrics.series();
    expectLines(text, ['gitway_endpoint_upstream_errors_total{definition="hello"} 1']);
    expect(text).not.toContain('upstream_errors_total{definition="other"}');
  });

  test("of a definition that is gone are forgotten, others go on counting", async () => {
    const { metrics, figures } = serving(["going", "staying"]);
    for (const definition of ["going", "staying", null]) metrics.requestServed(request({ definition }));

    figures.revision = 2;
    figures.names = new Set(["staying"]);
    metrics.requestServed(request({ definition: "staying" }));

    const text = await metrics.series();
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

    expect(await metrics.series()).not.toContain('going"');
  });
});

test("what is under way is shown", async () => {
  const { metrics } = serving([]);
  metrics.scriptWaited(0.05);

  expectLines(await metrics.series(), [
    "gitway_endpoint_requests_in_flight 3",
    "gitway_endpoint_websockets 4",
    "gitway_endpoint_scripts_running 2",
    "gitway_endpoint_script_queue_length 5",
    'gitway_endpoint_script_wait_seconds_bucket{le="0.1"} 1',
  ]);
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
  return { metrics: createEndpointMetrics(() => endpoint), figures };
}

function request(facts: Partial<ServedRequest>): ServedRequest {
  return { definition: null, status: 200, seconds: 0.01, code: null, upstreamFailed: false, ...facts };
}

/** A line is whole: its value ends it. */
function expectLines(text: string, lines: readonly string[]): void {
  expect(text.split("\n")).toEqual(expect.arrayContaining([...lines]));
}
