import { parentPort, workerData } from "node:worker_threads";

import { createEndpointMetrics } from "../../dashboard/endpoint-metrics.ts";
import { type Endpoint, startEndpoint } from "../../endpoint/endpoint.ts";
import { AppError } from "../../errors.ts";
import { lineLog } from "../../log.ts";
import { openStore } from "../../store/open-store.ts";
import { createTargetGuard } from "../../target-guard.ts";
import { createClosing } from "../closing.ts";
import type { EndpointOrder, EndpointReport, EndpointSetup } from "./endpoint-message.ts";
import { createRequestLines } from "./request-lines.ts";
import { createRequestReport } from "./request-report.ts";

// The thread of the endpoint. It shares nothing with the one that reconciles but messages.
const setup = workerData as EndpointSetup;
const closing = createClosing();
const lines = createRequestLines((text) => say({ kind: "requests", lines: text }));
let endpoint: Endpoint | null = null;
const metrics = createEndpointMetrics(() => endpoint);

parentPort?.on("message", (order: EndpointOrder) => void carryOut(order));
try {
  const { url } = await start();
  say({ kind: "started", url });
} catch (error) {
  if (!(error instanceof AppError)) throw error;
  say({ kind: "failed", code: error.code, message: error.message });
  await end();
}

async function start(): Promise<Endpoint> {
  const { targets, snapshotFile, log: options } = setup;
  const { url, description } = setup.store;
  const log = lineLog(options.level, (json) => say({ kind: "line", json }));
  const store = closing.add("the store", await openStore({ databaseUrl: url }, { log, mayBeAway: true }));
  endpoint = await startEndpoint({
    ...setup.endpoint,
    targets: createTargetGuard(targets),
    feed: store,
    usageStore: store,
    outbox: store.outbox,
    snapshot: { file: snapshotFile, origin: description },
    log,
    observe: createRequestReport(metrics, options.access ? lines.add : null, options.format),
    scriptWaited: metrics.scriptWaited,
    swapped: tellServed,
  });
  tellServed();
  return closing.add("the endpoint", endpoint);
}

function tellServed(): void {
  if (endpoint) say({ kind: "serves", revision: endpoint.servedRevision(), from: endpoint.servedFrom() });
}

async function carryOut(order: EndpointOrder): Promise<void> {
  if (order.kind === "close") await end();
  else say({ kind: "series", id: order.id, text: await metrics.series() });
}

async function end(): Promise<void> {
  await closing.close();
  lines.flush();
  // Whatever is left over is no reason to stay.
  say({ kind: "closed" });
}

function say(report: EndpointReport): void {
  parentPort?.postMessage(report, []);
}
