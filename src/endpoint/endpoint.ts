import { addressList } from "../address-list.ts";
import type { Closeable } from "../closeable.ts";
import type { Log } from "../log.ts";
import type { Outbox } from "../store/outbox/outbox.ts";
import type { TargetGuard } from "../target-guard.ts";
import { createUpstreams } from "./actions/upstreams.ts";
import { createBatchReader } from "./batch/batch-reader.ts";
import { createCallUsage, type UsageStore } from "./call-usage.ts";
import { createEventQueue } from "./event-queue.ts";
import { defaultTimes, startHttpServer, type ServerTimes } from "./http/http-server.ts";
import { requestEvent } from "./request-event.ts";
import { createRequestHandler, type EndpointEvent } from "./request-handler.ts";
import { createScriptPool, type ScriptPool } from "./script/script-pool.ts";
import type { ServedRequest } from "./served-request.ts";
import { keepSnapshot } from "./snapshot/snapshot.ts";
import type { ServingFeed } from "./table/next-state.ts";
import { followTables, type TableFollower, type TableOrigin } from "./table/table-follower.ts";
import { createOpenTunnels } from "./tunnel/open-tunnels.ts";

/** What the endpoint needs. */
export interface EndpointOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** The path below which routes are served: `/api/custom`. */
  readonly base: string;
  /** The `faultingNode` of error bodies. */
  readonly nodeId: number;
  /** The header of answers that names the revision; null for none. */
  readonly revisionHeader: string | null;
  /** How many scripts run at once; null for one a processor, at least four. */
  readonly scriptWorkers: number | null;
  /** How many calls may wait for a script. */
  readonly scriptQueue: number;
  /** Proxies, as addresses and ranges, whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  /** How many WebSockets may be open at once. */
  readonly webSockets: number;
  /** What proxies may reach. */
  readonly targets: TargetGuard;
  readonly feed: ServingFeed;
  /** The file in which the last table is kept for a start while the store is away, and the store that it is of. */
  readonly snapshot?: { readonly file: string; readonly origin: string };
  /** Where last uses and limits are shared. An endpoint without counts for itself. */
  readonly usageStore?: UsageStore;
  /** The shortest time between two notices of one limit, in milliseconds. */
  readonly noticeInterval: number;
  readonly log: Log;
  /** Told of every request when it is over, for the access log and for metrics. */
  readonly observe?: (request: ServedRequest) => void;
  /** Told of the seconds that a call waited for a script worker. */
  readonly scriptWaited?: (seconds: number) => void;
  /** Told when another table serves, or the store confirms that of the snapshot. */
  readonly swapped?: () => void;
  /** Told of what definitions may have webhooks for. */
  readonly emit?: (event: EndpointEvent) => void;
  /** Where events go that definitions do have webhooks for. */
  readonly outbox?: Pick<Outbox, "enqueue">;
  /** How long clients may take. */
  readonly times?: Partial<ServerTimes>;
}

/** The running data plane. */
export interface Endpoint extends Closeable {
  readonly url: string;
  /** The revision of the table that serves now; null before the first. */
  readonly servedRevision: () => number | null;
  /** Where that table came from; null before the first. */
  readonly servedFrom: () => TableOrigin | null;
  /** The names of its definitions. */
  readonly servedDefinitions: () => ReadonlySet<string>;
  /** How many requests are under way. */
  readonly openRequests: () => number;
  /** How many WebSockets are open, or about to be. */
  readonly openWebSockets: () => number;
  /** How many calls script workers run, and how many wait for one. */
  readonly scriptLoad: ScriptPool["load"];
  /** Lets what is under way end, for ten seconds at most. */
  close(): Promise<void>;
  /** Cuts off what is under way. */
  closeNow(): Promise<void>;
}

/**
 * Starts the data plane: listens (`port-in-use` when it can't), then loads the first table. While the
 * store is away the snapshot serves, or callers get a 503; loading goes on in the background.
 */
export async function startEndpoint(options: EndpointOptions): Promise<Endpoint> {
  const { host, log } = options;
  const pool = createScriptPool({
    size: options.scriptWorkers,
    queue: options.scriptQueue,
    log,
    ...(options.scriptWaited && { waited: options.scriptWaited }),
  });
  const batches = createBatchReader(log);
  const upstreams = createUpstreams(options.targets);
  const queue = options.outbox ? createEventQueue({ outbox: options.outbox, log }) : null;
  let follower: TableFollower | null = null;
  const table = () => follower?.table() ?? null;
  const tunnels = createOpenTunnels({ most: options.webSockets, table, log });
  const usage = createCallUsage({
    store: options.usageStore ?? null,
    noticeInterval: options.noticeInterval,
    isLimited: () => table()?.isLimited ?? false,
    log,
  });
  const handle = createRequestHandler({
    ...options,
    revisionHeader: options.revisionHeader?.toLowerCase() ?? null,
    trustedProxies: options.trustedProxies.length === 0 ? null : addressList(options.trustedProxies),
    table,
    pool,
    batches,
    upstreams,
    tunnels,
    usage,
    emit,
  });
  const server = await startHttpServer({ ...options, times: { ...defaultTimes, ...options.times }, handle });
  await usage.start();
  const snapshot = options.snapshot ? keepSnapshot({ ...options.snapshot, log }) : null;
  follower = await followTables({ ...options, snapshot, swapped });
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${server.port}`,
    servedRevision: () => table()?.revision ?? null,
    servedFrom: () => follower?.origin() ?? null,
    servedDefinitions: () => new Set(table()?.state.definitions.map(({ name }) => name)),
    openRequests: server.openRequests,
    openWebSockets: tunnels.size,
    scriptLoad: pool.load,
    close: () => shutDown(server.close),
    closeNow: () => shutDown(server.closeNow),
  };

  function swapped(): void {
    tunnels.review();
    options.swapped?.();
  }

  function emit(event: EndpointEvent): void {
    options.emit?.(event);
    const wanted = queue && requestEvent(event);
    if (wanted) queue.emit(wanted);
  }

  async function shutDown(stopServer: () => Promise<void>): Promise<void> {
    tunnels.close();
    await stopServer();
    const counting = [usage.close(), queue?.close()];
    const tools = [pool, batches, upstreams].map((each) => each.close());
    await Promise.all([follower?.close(), ...tools, ...counting]);
  }
}
