import { existsSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

import { readOptionSecret, secretResolver } from "../../config-secrets.ts";
import type { Config } from "../../config.ts";
import { administratorKeys } from "../../dashboard/access/administrator-key.ts";
import { openKeyRing } from "../../dashboard/access/key-ring.ts";
import { apiRoutes } from "../../dashboard/api/routes.ts";
import { createMetrics, type EndpointSeries, type Metrics } from "../../dashboard/metrics.ts";
import { startDashboard } from "../../dashboard/server.ts";
import { startDelivery } from "../../delivery/delivery.ts";
import type { Logs } from "../../log.ts";
import { type Loop, startLoop } from "../../reconcile/loop.ts";
import { type PassParts, type PassResult, runPass } from "../../reconcile/pass.ts";
import type { Store, Suspension } from "../../store/store.ts";
import { createTargetGuard } from "../../target-guard.ts";
import { createTriggering } from "../call/trigger.ts";
import type { Closing } from "../closing.ts";
import { openConfiguredSource, openConfiguredStore, passParts, snapshotFile } from "../open-parts.ts";
import type { Announcement } from "./announcement.ts";
import { answerSoon } from "./answer-soon.ts";
import { dashboardDoors } from "./dashboard-doors.ts";
import { type EndpointThread, startEndpointThread } from "./endpoint-thread.ts";
import { createPassReport } from "./pass-report.ts";
import { readHealth } from "./read-health.ts";
import type { Role } from "./roles.ts";
import type { StopRequest } from "./stop-signals.ts";

/** What a daemon is started with. Whatever it opens is added to `closing`. */
export interface DaemonOptions {
  readonly config: Config;
  readonly roles: ReadonlySet<Role>;
  readonly logs: Logs;
  readonly closing: Closing;
  readonly stop: StopRequest;
}

/** What is running. Parts are filled in as they start. */
interface Running {
  /** What passes work with, once the source is open. */
  parts: PassParts | null;
  endpoint: EndpointThread | null;
  loop: Loop | null;
  /** Whether reconciling has been tried, or is not this process's work. */
  firstPassOver: boolean;
}

/**
 * Starts what the roles ask for, in the order in which it is needed: what is live already is served while
 * the first pass runs. Gives what there is to announce; null when asked to end before that.
 */
export async function startDaemon(options: DaemonOptions): Promise<Announcement | null> {
  const { config, closing, stop } = options;
  const { log } = options.logs;
  const running: Running = {
    parts: null,
    endpoint: null,
    loop: null,
    firstPassOver: !options.roles.has("controller"),
  };
  const mayBeAway = options.roles.has("endpoint") && existsSync(snapshotFile(config));
  const store = closing.add("the store", await openConfiguredStore(config, log, { mayBeAway }));
  const metrics = createMetrics(
    () => seriesSoon(running.endpoint),
    () => suspensionSoon(store),
  );
  if (stop.signal.aborted) return null;
  const dashboardUrl = await startDashboardRole(options, running, store, metrics);
  // Where no pass has ever run there is nothing to serve: to refuse callers then would be a wrong answer.
  const isNew = await isNewStore(store, mayBeAway);
  if (!isNew) await startEndpointRole(options, running, store);
  if (stop.signal.aborted) return null;
  const firstPass = options.roles.has("controller")
    ? await startController(options, running, store, metrics)
    : null;
  if (stop.signal.aborted) return null;
  if (isNew) await startEndpointRole(options, running, store);
  if (firstPass && "result" in firstPass && running.endpoint)
    await caughtUp(running.endpoint, firstPass.result);
  return { config, store, firstPass, endpoint: running.endpoint, dashboardUrl };
}

/** A scrape must not wait for a thread that is busy. */
function seriesSoon(endpoint: EndpointThread | null): EndpointSeries | null {
  if (!endpoint) return null;
  return {
    servedRevision: endpoint.servedRevision,
    async series() {
      const text = await answerSoon(endpoint.series());
      return text === "away" ? "" : text;
    },
  };
}

async function suspensionSoon(store: Store): Promise<Suspension | null> {
  const found = await answerSoon(store.suspension());
  return found === "away" ? null : found;
}

/** Whether no pass has ever run. A store that is away has been served from before: there is a snapshot. */
async function isNewStore(store: Store, mayBeAway: boolean): Promise<boolean> {
  try {
    return (await store.readSync()) === null;
  } catch (error) {
    if (mayBeAway) return false;
    throw error;
  }
}

async function startDashboardRole(
  { config, roles, logs: { log }, closing, stop }: DaemonOptions,
  running: Running,
  store: Store,
  metrics: Metrics,
): Promise<string | null> {
  if (!roles.has("dashboard")) return null;
  const reconciles = roles.has("controller");
  const environment = config.environment();
  const keys = await openKeyRing({
    store,
    resolveKey: secretResolver(config.secretsDir, environment, log),
    administratorKey: administratorKeys(config.dataDir, log),
    log,
  });
  closing.add("the users' keys", keys);
  const triggering = closing.add(
    "what was triggered",
    createTriggering({
      store,
      endpoint: config.endpoint,
      targets: createTargetGuard(config.targets),
      log,
    }),
  );
  const dashboard = await startDashboard({
    ...config.dashboard,
    health: () =>
      readHealth({
        store,
        endpoint: roles.has("endpoint")
          ? {
              servedRevision: () => running.endpoint?.servedRevision() ?? null,
              servedFrom: () => running.endpoint?.servedFrom() ?? null,
            }
          : null,
        firstPassOver: running.firstPassOver,
        ending: stop.signal.aborted,
      }),
    metrics: metrics.exposition,
    webhook: reconciles
      ? {
          secret: readOptionSecret("webhook.secret", config.webhook, environment),
          wake: (reason) => running.loop?.wake(reason),
        }
      : null,
    api: {
      keys,
      routes: apiRoutes({
        store,
        orgId: config.dashboard.orgId,
        routeBase: config.endpoint.base,
        consoleIsOn: config.softLaunch.UserDefinableAPI,
        trigger: triggering.trigger,
        ...dashboardDoors(
          config,
          () => running.parts,
          reconciles,
          (reason) => running.loop?.wake(reason),
        ),
      }),
    },
    log,
  });
  return closing.add("the dashboard", dashboard).url;
}

async function startEndpointRole(
  { config, roles, logs, closing }: DaemonOptions,
  running: Running,
  store: Store,
): Promise<void> {
  if (!roles.has("endpoint")) return;
  const { endpoint: options, targets, log } = config;
  const setup = {
    endpoint: options,
    targets,
    log: { level: log.level, format: log.format, access: log.access },
    snapshotFile: snapshotFile(config),
    store: { url: store.url.reveal(), description: store.description },
  };
  const endpoint = await startEndpointThread(setup, logs);
  running.endpoint = endpoint;
  closing.add("the endpoint", {
    async close() {
      // A load balancer sees `/readyz` turn before connections are refused.
      if (config.endpoint.drainDelay > 0) await wait(config.endpoint.drainDelay);
      await endpoint.close();
    },
  });
}

/** Starts delivering events and the loop, and waits for its first pass, or for the request to end. */
async function startController(
  { config, logs: { log }, closing, stop }: DaemonOptions,
  running: Running,
  store: Store,
  metrics: Metrics,
): Promise<Announcement["firstPass"]> {
  const targets = createTargetGuard(config.targets);
  const delivery = await startDelivery({ store, targets, log, observe: metrics.delivery });
  closing.add("the delivery of events", delivery);
  const source = closing.add("the source", await openConfiguredSource(config, log));
  const parts = passParts(config, { source, store, log, allowPrune: false });
  running.parts = parts;
  const report = createPassReport(metrics);
  const loop = startLoop<PassResult>({
    pass: (signal) => report.timed(() => runPass(parts, signal)),
    interval: config.interval,
    watch: (wake) => source.watch(wake),
    onResult: report.succeeded,
    onFailure: report.failed,
    log,
  });
  running.loop = closing.add("the loop", loop);
  closing.add("the watch on the store", await store.onWake(() => loop.wake("the store asks for it")));
  await Promise.race([loop.firstPass, stop.requested]);
  running.firstPassOver = !stop.signal.aborted;
  return report.first();
}

/** Waits until the endpoint serves what the first pass left, so that what is announced works; not for long. */
async function caughtUp(endpoint: EndpointThread, { applied, plan }: PassResult): Promise<void> {
  const revision = applied?.revision ?? plan.parentRevision;
  for (let tries = 0; tries < 200 && (endpoint.servedRevision() ?? -1) < revision; tries++) await wait(25);
}
