import { setImmediate } from "node:timers/promises";

/** A request that the endpoint answered. */
export interface ServedRequest {
  /** The name of the definition; null when no route took the request. */
  readonly definition: string | null;
  readonly status: number;
  readonly seconds: number;
  /** The error code of a refusal; null for a request that was served. */
  readonly code: number | null;
  /** Whether the target of a proxy is at fault. */
  readonly upstreamFailed: boolean;
}

/** Counts by definition. */
export interface DefinitionSeries {
  add(request: ServedRequest): void;
  /** Forgets the definitions that are not among these. */
  keep(definitions: ReadonlySet<string>): void;
  /** The series in the text format of Prometheus. */
  text(): Promise<string>;
}

interface Counts {
  readonly label: string;
  /** By class of status: 2 is 2xx. */
  readonly statuses: number[];
  /** How many took no longer than each bound. */
  readonly buckets: number[];
  requests: number;
  seconds: number;
  upstreamErrors: number;
}

/** Few: there may be thousands of definitions. */
const bounds = [0.005, 0.025, 0.1, 0.5, 2.5, 10];

const families: readonly { readonly head: string; readonly lines: (counts: Counts) => string }[] = [
  {
    head: heading(
      "gitway_endpoint_requests_total",
      "counter",
      "Requests to the endpoint by definition and class of status. No definition: no route took it.",
    ),
    lines: ({ label, statuses }) =>
      statuses
        .map((count, status) => `gitway_endpoint_requests_total{${label},status="${status}xx"} ${count}\n`)
        .join(""),
  },
  {
    head: heading(
      "gitway_endpoint_request_duration_seconds",
      "histogram",
      "How long the endpoint took to answer, by definition.",
    ),
    lines: durationLines,
  },
  {
    head: heading(
      "gitway_endpoint_upstream_errors_total",
      "counter",
      "Requests that a proxy's target did not answer as it should, by definition.",
    ),
    lines: ({ label, upstreamErrors }) =>
      upstreamErrors === 0 ? "" : `gitway_endpoint_upstream_errors_total{${label}} ${upstreamErrors}\n`,
  },
];

const slice = 50;

/**
 * Counts requests by definition. With thousands of definitions prom-client's own counters stop the event
 * loop for a second at each scrape; here the text is made a few definitions at a time.
 */
export function createDefinitionSeries(): DefinitionSeries {
  const known = new Map<string, Counts>();
  return {
    add({ definition, status, seconds, upstreamFailed }) {
      const counts = countsOf(known, definition ?? "");
      const group = Math.floor(status / 100);
      counts.statuses[group] = (counts.statuses[group] ?? 0) + 1;
      // A WebSocket: how long it was open says nothing about answering.
      if (status === 101) return;
      const bucket = bounds.findIndex((bound) => seconds <= bound);
      if (bucket >= 0) counts.buckets[bucket]!++;
      counts.requests++;
      counts.seconds += seconds;
      if (upstreamFailed) counts.upstreamErrors++;
    },
    keep(definitions) {
      for (const name of known.keys()) if (name !== "" && !definitions.has(name)) known.delete(name);
    },
    async text() {
      const parts: string[] = [];
      for (const { head, lines } of families) {
        parts.push(head);
        let count = 0;
        for (const counts of known.values()) {
          parts.push(lines(counts));
          if (++count % slice === 0) await setImmediate();
        }
      }
      return parts.join("");
    },
  };
}

function countsOf(known: Map<string, Counts>, name: string): Counts {
  const found = known.get(name);
  if (found) return found;
  const label = `definition=${JSON.stringify(name)}`;
  const buckets = bounds.map(() => 0);
  const counts: Counts = { label, statuses: [], buckets, requests: 0, seconds: 0, upstreamErrors: 0 };
  known.set(name, counts);
  return counts;
}

function durationLines({ label, buckets, requests, seconds }: Counts): string {
  const name = "gitway_endpoint_request_duration_seconds";
  let within = 0;
  const lines = bounds.map((bound, index) => {
    within += buckets[index] ?? 0;
    return `${name}_bucket{${label},le="${bound}"} ${within}\n`;
  });
  const all = `${name}_bucket{${label},le="+Inf"} ${requests}\n`;
  return `${lines.join("")}${all}${name}_sum{${label}} ${seconds}\n${name}_count{${label}} ${requests}\n`;
}

function heading(name: string, type: string, help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}
