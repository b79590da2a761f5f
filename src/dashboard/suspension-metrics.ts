import { Gauge, type Registry } from "prom-client";

import type { Suspension } from "../store/store.ts";

/** Adds since when reconciling is suspended, by whom and why. It is asked at each scrape; null for not, or not known. */
export function addSuspensionMetrics(registry: Registry, suspension: () => Promise<Suspension | null>): void {
  const gauge: Gauge<"by" | "reason"> = new Gauge({
    name: "gitway_suspended_timestamp_seconds",
    help: "Since when reconciling is suspended, by whom and why. Absent while it is not, or the store is away.",
    labelNames: ["by", "reason"],
    registers: [registry],
    async collect() {
      const found = await suspension();
      gauge.reset();
      if (found) gauge.set({ by: found.by.name, reason: found.reason ?? "" }, Date.parse(found.since) / 1000);
    },
  });
}
