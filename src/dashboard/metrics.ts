import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

import type { Suspension, SyncStatus } from "../store/store.ts";
import { createDeliveryMetrics, type DeliveryMetrics } from "./delivery-metrics.ts";
import { addSuspensionMetrics } from "./suspension-metrics.ts";

/** How a pass of reconciling ended, for `gitway_passes_total`. */
type PassOutcome = "applied" | "unchanged" | "suspended" | "failed";

/** What Gitway counts, for `/metrics`. */
export interface Metrics {
  readonly exposition: Exposition;
  /** Notes a pass, its duration, and how things stand after it (null when that is not known). */
  passEnded(outcome: PassOutcome, seconds: number, status: SyncStatus | null): void;
  /** Events to webhooks. */
  readonly delivery: DeliveryMetrics;
}

/** What `/metrics` answers. */
export interface Exposition {
  readonly contentType: string;
  metrics(): Promise<string>;
}

/** What the endpoint of this process has to say about itself. */
export interface EndpointSeries {
  /** The revision that is served; null before the first. */
  servedRevision(): number | null;
  /** What `createEndpointMetrics` gives. */
  series(): Promise<string>;
}

/**
 * Creates the metrics. `endpoint` gives null when this process serves nothing; its series and `suspension` must
 * answer soon.
 */
export function createMetrics(
  endpoint: () => EndpointSeries | null,
  suspension: () => Promise<Suspension | null>,
): Metrics {
  // A registry of its own, so that two instances don't share one.
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const pass = passMetrics(registry);
  const revision = revisionMetrics(registry, endpoint);
  addSuspensionMetrics(registry, suspension);
  return {
    exposition: {
      contentType: registry.contentType,
      metrics: async () => `${await registry.metrics()}${(await endpoint()?.series()) ?? ""}`,
    },
    delivery: createDeliveryMetrics(registry),
    passEnded: (outcome, seconds, status) => {
      pass.ended(outcome, seconds);
      if (status === null) return;
      pass.quarantined.set(status.quarantined.length);
      pass.held.set(status.held.length);
      pass.waiting.set(waitingChanges(status));
      if (status.attempted) revision.attempted.set(status.attempted.revision);
      if (status.applied) revision.applied.set(status.applied.revision);
    },
  };
}

function waitingChanges({ waiting }: SyncStatus): number {
  return waiting ? waiting.created + waiting.updated + waiting.deleted : 0;
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
    help: "Passes of reconciling by outcome: applied, unchanged, suspended or failed.",
    labelNames: ["outcome"],
    registers,
  });
  for (const outcome of ["applied", "unchanged", "suspended", "failed"]) total.inc({ outcome }, 0);
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
    waiting: new Gauge({
      name: "gitway_waiting_changes",
      help: "Changes that wait because reconciling is suspended.",
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

function revisionMetrics(registry: Registry, endpoint: () => Pick<EndpointSeries, "servedRevision"> | null) {
  const gauge = new Gauge({
    name: "gitway_revision",
    help: "Revisions of the store by state: attempted by the last pass, applied, and served by this process.",
    labelNames: ["state"],
    registers: [registry],
    collect: () => {
      const served = endpoint()?.servedRevision() ?? null;
      if (served !== null) gauge.set({ state: "served" }, served);
    },
  });
  return {
    attempted: { set: (revision: number) => gauge.set({ state: "attempted" }, revision) },
    applied: { set: (revision: number) => gauge.set({ state: "applied" }, revision) },
  };
}
