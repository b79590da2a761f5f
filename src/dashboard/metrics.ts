import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

import type { SyncStatus } from "../store/store.ts";

/** How a pass of reconciling ended, for `gitway_passes_total`. */
type PassOutcome = "applied" | "unchanged" | "failed";

/** A request that the endpoint answered. */
interface ServedRequest {
  /** The name of the definition; null when no route took the request. */
  readonly definition: string | null;
  readonly status: number;
  readonly seconds: number;
}

/** What Gitway counts, for `/metrics`. A registry of its own, so that two instances don't share one. */
export interface Metrics {
  readonly registry: Registry;
  /** Notes a pass, its duration, and how things stand after it (null when that is not known). */
  passEnded(outcome: PassOutcome, seconds: number, status: SyncStatus | null): void;
  requestServed(request: ServedRequest): void;
}

/** Creates the metrics. `servedRevision` is asked at each scrape; null when this process serves nothing. */
export function createMetrics(servedRevision: () => number | null): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const pass = passMetrics(registry);
  const revision = revisionMetrics(registry, servedRevision);
  const requests = requestMetrics(registry);
  return {
    registry,
    passEnded: (outcome, seconds, status) => {
      pass.ended(outcome, seconds);
      if (status === null) return;
      pass.quarantined.set(status.quarantined.length);
      pass.held.set(status.held.length);
      if (status.attempted) revision.attempted.set(status.attempted.revision);
      if (status.applied) revision.applied.set(status.applied.revision);
    },
    requestServed: ({ definition, status, seconds }) => {
      const labels = { definition: definition ?? "" };
      requests.total.inc({ ...labels, status: `${Math.floor(status / 100)}xx` });
      requests.duration.observe(labels, seconds);
    },
  };
}

function passMetrics(registry: Registry) {
  const registers = [registry];
  const duration = new Histogram({
    name: "gitway_pass_duration_seconds",
    help: "How long passes of reconciling took.",
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
    registers,
  });
  const total = new Counter({
    name: "gitway_passes_total",
    help: "Passes of reconciling by outcome: applied, unchanged or failed.",
    labelNames: ["outcome"],
    registers,
  });
  for (const outcome of ["applied", "unchanged", "failed"]) total.inc({ outcome }, 0);
  const succeeded = successMetrics(registry);
  return {
    ended: (outcome: PassOutcome, seconds: number) => {
      duration.observe(seconds);
      total.inc({ outcome });
      if (outcome !== "failed") succeeded();
    },
    quarantined: new Gauge({
      name: "gitway_quarantined_objects",
      help: "Objects whose manifest has an error; their last good version is served.",
      registers,
    }),
    held: new Gauge({
      name: "gitway_held_deletions",
      help: "Deletions that wait: absence is not proven, or too much would go.",
      registers,
    }),
  };
}

/** Both are absent until a pass succeeds: an age of 0 would look healthy. */
function successMetrics(registry: Registry): () => void {
  let last: number | null = null;
  const unlabelled = { labelNames: [] as const, registers: [registry] };
  const timestamp: Gauge = new Gauge({
    ...unlabelled,
    name: "gitway_last_success_timestamp_seconds",
    help: "When a pass last succeeded.",
    collect: (): void => (last === null ? timestamp.remove() : timestamp.set(last / 1000)),
  });
  const age: Gauge = new Gauge({
    ...unlabelled,
    name: "gitway_source_age_seconds",
    help: "How long ago the source was last read completely.",
    collect: (): void => (last === null ? age.remove() : age.set((Date.now() - last) / 1000)),
  });
  return () => {
    last = Date.now();
  };
}

function revisionMetrics(registry: Registry, servedRevision: () => number | null) {
  const gauge = new Gauge({
    name: "gitway_revision",
    help: "Revisions of the store by state: attempted by the last pass, applied, and served by this process.",
    labelNames: ["state"],
    registers: [registry],
    collect: () => {
      const served = servedRevision();
      if (served !== null) gauge.set({ state: "served" }, served);
    },
  });
  return {
    attempted: { set: (revision: number) => gauge.set({ state: "attempted" }, revision) },
    applied: { set: (revision: number) => gauge.set({ state: "applied" }, revision) },
  };
}

function requestMetrics(registry: Registry) {
  return {
    total: new Counter({
      name: "gitway_endpoint_requests_total",
      help: "Requests to the endpoint by definition and class of status. No definition: no route took it.",
      labelNames: ["definition", "status"],
      registers: [registry],
    }),
    // Few buckets: there may be thousands of definitions.
    duration: new Histogram({
      name: "gitway_endpoint_request_duration_seconds",
      help: "How long the endpoint took to answer, by definition.",
      labelNames: ["definition"],
      buckets: [0.005, 0.025, 0.1, 0.5, 2.5, 10],
      registers: [registry],
    }),
  };
}
