import { Counter, Gauge, Histogram, Registry } from "prom-client";

import { createDefinitionSeries, type ServedRequest } from "./definition-series.ts";

/** How an endpoint stands, asked at each scrape. */
export interface EndpointFigures {
  /** The revision that is served; null before the first. */
  servedRevision(): number | null;
  /** The names of the definitions that are served. */
  servedDefinitions(): ReadonlySet<string>;
  /** How many requests are under way. */
  openRequests(): number;
  /** How many WebSockets are open. */
  openWebSockets(): number;
  /** How many calls script workers run, and how many wait for one. */
  scriptLoad(): { readonly running: number; readonly waiting: number };
}

/** What the endpoint counts, for `/metrics`. */
export interface EndpointMetrics {
  readonly requestServed: (request: ServedRequest) => void;
  /** Notes how long a call waited for a script worker. */
  readonly scriptWaited: (seconds: number) => void;
  /** In the text format of Prometheus. */
  readonly series: () => Promise<string>;
}

/** Creates the metrics of an endpoint, in whose thread they are kept. `endpoint` gives null before it has started. */
export function createEndpointMetrics(endpoint: () => EndpointFigures | null): EndpointMetrics {
  const registry = new Registry();
  const registers = [registry];
  const byDefinition = createDefinitionSeries();
  let keptFor: number | null = null;
  const refusals = new Counter({
    name: "gitway_endpoint_refusals_total",
    help: "Requests that the endpoint refused, by error code.",
    labelNames: ["code"],
    registers,
  });
  const wait = new Histogram({
    name: "gitway_endpoint_script_wait_seconds",
    help: "How long calls waited for a script worker.",
    buckets: [0.001, 0.01, 0.1, 1, 10],
    registers,
  });
  for (const { name, help, read } of endpointGauges) addGauge(registry, name, help, endpoint, read);
  return {
    requestServed: (request) => {
      byDefinition.add(request);
      if (request.code !== null) refusals.inc({ code: request.code });
      forgetRemoved();
    },
    scriptWaited: (seconds) => wait.observe(seconds),
    series: async () => {
      keptFor = null;
      forgetRemoved();
      return `${await registry.metrics()}${await byDefinition.text()}`;
    },
  };

  /** Definitions that are gone take their series along, so that there are never more than definitions. */
  function forgetRemoved(): void {
    const serving = endpoint();
    const revision = serving?.servedRevision() ?? null;
    if (!serving || revision === keptFor) return;
    keptFor = revision;
    byDefinition.keep(serving.servedDefinitions());
  }
}

const endpointGauges = [
  {
    name: "gitway_endpoint_requests_in_flight",
    help: "Requests that are under way.",
    read: (endpoint: EndpointFigures) => endpoint.openRequests(),
  },
  {
    name: "gitway_endpoint_websockets",
    help: "WebSocket connections that are open.",
    read: (endpoint: EndpointFigures) => endpoint.openWebSockets(),
  },
  {
    name: "gitway_endpoint_scripts_running",
    help: "Calls that a script worker runs.",
    read: (endpoint: EndpointFigures) => endpoint.scriptLoad().running,
  },
  {
    name: "gitway_endpoint_script_queue_length",
    help: "Calls that wait for a script worker.",
    read: (endpoint: EndpointFigures) => endpoint.scriptLoad().waiting,
  },
];

function addGauge(
  registry: Registry,
  name: string,
  help: string,
  endpoint: () => EndpointFigures | null,
  read: (figures: EndpointFigures) => number,
): void {
  const gauge: Gauge = new Gauge({
    name,
    help,
    labelNames: [] as const,
    registers: [registry],
    collect: (): void => {
      const figures = endpoint();
      if (figures) gauge.set(read(figures));
      else gauge.remove();
    },
  });
}
