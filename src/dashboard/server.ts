import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";

import type { Closeable } from "../closeable.ts";
import { AppError, messageOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { SyncStatus } from "../store/store.ts";
import type { HostNames } from "./access/known-hosts.ts";
import { onlyOwnRequests } from "./access/own-requests.ts";
import { refuse } from "./answers.ts";
import { type ApiOptions, createApi } from "./api/api.ts";
import { answerFaults, answerUnreadable } from "./http-faults.ts";
import type { Exposition } from "./metrics.ts";
import { webhookReceiver, type WebhookReceiver } from "./webhook-receiver.ts";

/** How this process stands, for `/readyz`. */
export interface Health {
  /** Whether to send work here. */
  readonly ready: boolean;
  /** Why not, when it is not ready. */
  readonly reason: string | null;
  /** The revision that the endpoint of this process serves; null when it has none. */
  readonly servedRevision: number | null;
  /** Where it came from: a `snapshot` serves while the store is away since the start. */
  readonly servedFrom: "store" | "snapshot" | null;
  /** The newest revision of the store; null when there is none, or the store does not answer. */
  readonly appliedRevision: number | null;
  readonly state: SyncStatus["state"] | "unknown";
}

/** What the dashboard is made of. */
export interface DashboardOptions extends HostNames {
  /** 0 takes a free one. */
  readonly port: number;
  readonly health: () => Promise<Health>;
  readonly metrics: Exposition;
  /** Null when this process does not reconcile. */
  readonly webhook: WebhookReceiver | null;
  readonly api: Pick<ApiOptions, "keys" | "routes">;
  readonly log: Log;
}

/** A dashboard that listens. */
export interface Dashboard extends Closeable {
  /** `http://127.0.0.1:3000` */
  readonly url: string;
}

/** Serves health, metrics, the webhook receiver and the Dashboard API. `port-in-use` when it can't listen. */
export async function startDashboard(options: DashboardOptions): Promise<Dashboard> {
  const listener = getRequestListener(createApp(options).fetch, {
    overrideGlobalObjects: false,
    errorHandler: answerUnreadable,
  });
  const times = { requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout: 5000 };
  const server = createServer(
    // Without a host Node.js itself would answer, and say nothing.
    { maxHeaderSize: 16 * 1024, requireHostHeader: false, ...times },
    (...exchange) => void listener(...exchange),
  );
  answerFaults(server);
  server.maxConnections = 512;
  await listen(server, options.host, options.port);
  const { address, port, family } = server.address() as AddressInfo;
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${port}`,
    close: () => close(server),
  };
}

function createApp({ health, metrics, webhook, api, log, ...names }: DashboardOptions): Hono {
  const app = new Hono({ strict: false });
  app.use(
    secureHeaders({
      contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      xFrameOptions: "DENY",
      // Whether the host speaks https is for whoever ends TLS to say.
      strictTransportSecurity: false,
    }),
  );
  app.use(async (context, next) => {
    await next();
    context.header("cache-control", "no-store");
  });
  app.get("/healthz", (context) => context.json({ alive: true }));
  app.get("/readyz", async (context) => {
    const found = await health();
    return context.json(found, found.ready ? 200 : 503);
  });
  app.get("/metrics", async (context) =>
    context.body(await metrics.metrics(), 200, { "content-type": metrics.contentType }),
  );
  for (const path of ["/healthz", "/readyz", "/metrics"])
    app.all(path, (context) => refuse(context, 405, "Use GET.", { allow: "GET, HEAD" }));
  app.route("/webhook", webhookReceiver(webhook, log));
  // Those above may be called by any name: probes and scrapers use addresses and names of their own, a forge proves
  // itself by its signature, and none of them does more with a browser's help than without.
  app.use(onlyOwnRequests(names));
  app.route("/api", createApi({ ...api, log }));
  app.notFound((context) =>
    refuse(context, 404, "There is nothing here. See /healthz, /readyz and /metrics."),
  );
  app.onError((error, context) => {
    log.error({ path: context.req.path, reason: messageOf(error) }, "a request to the dashboard failed");
    return refuse(context, 500, "Internal error; the log has more.");
  });
  return app;
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    server.listen(port, host);
    await once(server, "listening");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason = code === "EADDRINUSE" ? "is in use" : `can't be used (${code ?? messageOf(error)})`;
    throw new AppError(
      "port-in-use",
      `The dashboard's address ${host}:${port} ${reason}; choose another with --dashboard-port or --dashboard-host.`,
      { cause: error },
    );
  }
}

/** Lets requests that run come to an end, for two seconds at most. */
async function close(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), 2000);
  await closed;
  clearTimeout(timer);
}
