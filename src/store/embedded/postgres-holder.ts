import { setTimeout as sleep } from "node:timers/promises";

import { Client, type ClientConfig } from "pg";

import { AppError, messageOf } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import { isServerAnswer } from "../database-error.ts";
import type { PostgresBinaries } from "./postgres-binaries.ts";
import { embeddedUser } from "./postgres-cluster.ts";
import { clusterOf, type PostgresPlace } from "./postgres-place.ts";
import { serverFailure, startServer, type StartedServer } from "./postgres-server.ts";
import { isServerRunning, readPostmaster } from "./postmaster-file.ts";

/** Milliseconds: for a server to answer, and between looks. */
const limits = { answer: 30_000, poll: 30, connect: 5000 };

/** Starts before giving up: a server that was killed may leave processes that go a moment later. */
const mostStarts = 4;

/** By its connections of this name a server's users are counted. */
const holderName = "gitway holder";

/** A connection that shows that this process uses the server, and where the server is. */
export interface Holder {
  readonly client: Client;
  /** Resolves when the connection is gone. */
  readonly ended: Promise<void>;
  readonly connection: ClientConfig;
  /** Whether another process had started the server. */
  readonly adopted: boolean;
}

/**
 * Connects to the server of a place, and starts it when it does not run. The caller holds the lock of the
 * data folder.
 */
export async function holdServer(
  place: PostgresPlace,
  binaries: PostgresBinaries,
  password: Secret,
): Promise<Holder> {
  const deadline = Date.now() + limits.answer;
  let started: StartedServer | undefined;
  let starts = 0;
  while (true) {
    const { holder, reason } = await tryToHold(place, password);
    if (holder) return { ...holder, adopted: starts === 0 };
    const failure = started?.failure() ?? null;
    if (Date.now() > deadline || (failure !== null && starts >= mostStarts))
      throw await serverFailure(place, failure ?? messageOf(reason), reason);
    if ((!started || failure !== null) && !(await isServerRunning(place))) {
      if (failure !== null) await sleep(starts * 200);
      started = await startServer(place, binaries);
      starts += 1;
    }
    await sleep(limits.poll);
  }
}

interface Attempt {
  readonly holder?: Omit<Holder, "adopted">;
  readonly reason?: unknown;
}

async function tryToHold(place: PostgresPlace, password: Secret): Promise<Attempt> {
  const postmaster = await readPostmaster(place);
  if (!postmaster) return { reason: new Error("it has not said where it listens") };
  const connection = connectionTo(postmaster, password);
  const client = new Client({ ...connection, application_name: holderName });
  // An error is followed by the end, and that is what matters.
  client.on("error", () => undefined);
  const ended = new Promise<void>((resolve) => client.once("end", resolve));
  try {
    await client.connect();
    await expectCluster(client, place);
    return { holder: { client, ended, connection } };
  } catch (error) {
    await client.end().catch(() => undefined);
    if (error instanceof AppError) throw error;
    if (isServerAnswer(error) && error.code === "28P01") throw wrongPassword(place, error);
    return { reason: error };
  }
}

function connectionTo(
  { host, port }: { readonly host: string; readonly port: number },
  password: Secret,
): ClientConfig {
  return {
    host,
    port,
    user: embeddedUser,
    database: "postgres",
    password: () => password.reveal(),
    ssl: false,
    connectionTimeoutMillis: limits.connect,
    query_timeout: limits.connect,
  };
}

/** A `postmaster.pid` that came with a copied data folder names the server of the original. */
async function expectCluster(client: Client, place: PostgresPlace): Promise<void> {
  const { rows } = await client.query<{ data_directory: string }>("show data_directory");
  const found = rows[0]?.data_directory;
  if (found === clusterOf(place)) return;
  throw new Error(`the server at its address is that of ${found}`);
}

/** How many other processes use the server. */
export async function countOtherHolders(client: Client): Promise<number> {
  const { rows } = await client.query<{ count: string }>(
    "select count(*) from pg_stat_activity where application_name = $1 and pid <> pg_backend_pid()",
    [holderName],
  );
  return Number(rows[0]?.count);
}

function wrongPassword(place: PostgresPlace, cause: unknown): AppError {
  return new AppError(
    "embedded-postgres",
    `The embedded Postgres in ${place.folder} refuses the password in its file 'password': restore that file.`,
    { cause },
  );
}
