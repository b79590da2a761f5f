import { Counter, Gauge, type Registry } from "prom-client";

/** What is counted of events to webhooks. */
export interface DeliveryMetrics {
  /** Notes how attempts ended. */
  readonly ended: (outcome: string, count: number) => void;
  /** Notes how many messages wait. */
  readonly pending: (count: number) => void;
}

/** Creates the metrics of deliveries. The gauge is absent in a process that makes none. */
export function createDeliveryMetrics(registry: Registry): DeliveryMetrics {
  const total = new Counter({
    name: "gitway_deliveries_total",
    help: "Attempts to deliver events to webhooks by outcome: delivered, retry, failed, duplicate or dropped.",
    labelNames: ["outcome"],
    registers: [registry],
  });
  for (const outcome of ["delivered", "retry", "failed", "duplicate", "dropped"]) total.inc({ outcome }, 0);
  let waiting: number | null = null;
  const gauge: Gauge = new Gauge({
    name: "gitway_outbox_pending",
    help: "Messages to webhooks that wait, of all processes.",
    labelNames: [] as const,
    registers: [registry],
    collect: (): void => (waiting === null ? gauge.remove() : gauge.set(waiting)),
  });
  return {
    ended: (outcome, count) => total.inc({ outcome }, count),
    pending: (count) => {
      waiting = count;
    },
  };
}
