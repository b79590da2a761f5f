import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A TCP proxy in front of a Postgres server that can cut a connection at its commit. */
export interface CuttingProxy {
  /** The URL of a database, by way of the proxy. */
  urlOf(databaseUrl: string): string;
  /** Cuts the next commit: before it reaches the server, or after the server has answered it. */
  cutNextCommit(when: "before" | "after"): void;
  /** Cuts all connections and refuses new ones, as while the server is away, or lets them through again. */
  setAway(isAway: boolean): void;
  close(): Promise<void>;
}

/** Starts the proxy on a free port. It has to see what it cuts: the connection may not be encrypted. */
export async function startCuttingProxy(databaseUrl: string): Promise<CuttingProxy> {
  let cut: "before" | "after" | null = null;
  let away = false;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    if (away) {
      client.destroy();
      return;
    }
    const upstream = connect(addressOf(databaseUrl));
    let cutAtAnswer = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => [client, upstream].forEach((each) => each.destroy()));
    }
    client.on("data", (chunk) => {
      if (cut && isCommit(chunk)) {
        cutAtAnswer = cut === "after";
        cut = null;
        if (!cutAtAnswer) client.destroy();
      }
      if (!client.destroyed) upstream.write(chunk);
    });
    upstream.on("data", (chunk) => {
      if (cutAtAnswer) client.destroy();
      else client.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    urlOf: (databaseUrl) => throughPort(databaseUrl, port),
    cutNextCommit: (when) => (cut = when),
    setAway(isAway) {
      away = isAway;
      if (away) for (const socket of sockets) socket.destroy();
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** A simple query whose text is `commit`. */
function isCommit(chunk: Buffer): boolean {
  return /^Q.{4}commit\0/is.test(chunk.toString("latin1"));
}

function addressOf(databaseUrl: string): { path: string } | { host: string; port: number } {
  const url = new URL(databaseUrl);
  const host = decodeURIComponent(url.searchParams.get("host") ?? url.hostname);
  const port = Number(url.port || 5432);
  return host.startsWith("/") ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
}

function throughPort(databaseUrl: string, port: number): string {
  const url = new URL(databaseUrl);
  url.searchParams.delete("host");
  url.hostname = "127.0.0.1";
  url.port = String(port);
  return url.href;
}
