import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import type { ClientConfig } from "pg";

import type { Closeable } from "../../closeable.ts";
import { makeDataFolder } from "../../data-folder.ts";
import { messageOf } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { Secret } from "../../secret.ts";
import { withFileLock } from "./file-lock.ts";
import { prepareBinaries, type PostgresBinaries } from "./postgres-binaries.ts";
import { prepareCluster } from "./postgres-cluster.ts";
import { countOtherHolders, holdServer, type Holder } from "./postgres-holder.ts";
import { preparePlace, type PostgresPlace } from "./postgres-place.ts";
import { stopServer } from "./postgres-server.ts";

/** Milliseconds before the next attempt to bring a lost server back, from the first to the most. */
const backOff = { first: 100, most: 10_000 };

/** A Postgres server of our own, that the processes with the same data folder share. */
export interface EmbeddedPostgres extends Closeable {
  /** For `pg`: a socket's folder, a user and its password. */
  readonly connection: ClientConfig;
  /** The same as a URL. */
  readonly url: Secret;
  /** For people: `embedded Postgres in .gitway`. */
  readonly description: string;
}

/** One server, and what it takes to start and stop it. */
interface Installation {
  readonly lockFile: string;
  readonly place: PostgresPlace;
  readonly binaries: PostgresBinaries;
  readonly password: Secret;
}

/**
 * Starts the Postgres of a data folder, or joins the running one. It is kept alive until it is closed;
 * the last process that closes it stops the server.
 */
export async function startEmbeddedPostgres(
  dataDir: string,
  options: { readonly log: Log },
): Promise<EmbeddedPostgres> {
  const begun = performance.now();
  const folder = await realDataFolder(dataDir);
  const lockFile = join(folder, "postgres.lock");
  const { installation, holder } = await withFileLock(lockFile, async () => {
    const place = await preparePlace(folder, options.log);
    const binaries = await prepareBinaries(place.account, place.copies);
    const password = await prepareCluster(place, binaries);
    return {
      installation: { lockFile, place, binaries, password },
      holder: await holdServer(place, binaries, password),
    };
  });
  options.log.debug(
    { folder: installation.place.folder, adopted: holder.adopted, ms: Math.round(performance.now() - begun) },
    "embedded Postgres answers",
  );
  return {
    connection: holder.connection,
    url: urlOf(holder.connection, installation.password),
    description: `embedded Postgres in ${dataDir}`,
    ...keepHolding(installation, holder, options.log),
  };
}

function urlOf({ user = "", host = "", port, database }: ClientConfig, password: Secret): Secret {
  const [name, place] = [user, host].map(encodeURIComponent);
  return new Secret(
    `postgres://${name}:${encodeURIComponent(password.reveal())}@${place}:${port}/${database}`,
  );
}

/** A path without links, so that every process spells it alike. */
async function realDataFolder(dataDir: string): Promise<string> {
  await makeDataFolder(dataDir);
  return realpath(dataDir);
}

/** Brings the server back when it is lost (killed, out of memory), until it is closed. */
function keepHolding(installation: Installation, first: Holder, log: Log): Closeable {
  let holder: Holder | undefined;
  let reviving: Promise<void> | undefined;
  let closing: Promise<void> | undefined;
  const patience = new AbortController();
  hold(first);

  function hold(next: Holder): void {
    holder = next;
    void reviveWhenLost(next);
  }

  async function reviveWhenLost({ ended }: Holder): Promise<void> {
    await ended;
    holder = undefined;
    if (closing) return;
    log.warn({ folder: installation.place.folder }, "embedded Postgres was lost: starting it again");
    reviving = revive();
  }

  async function revive(): Promise<void> {
    for (let delay = backOff.first; !patience.signal.aborted; delay = Math.min(delay * 2, backOff.most)) {
      try {
        hold(await reviveServer(installation));
        log.info({ folder: installation.place.folder }, "embedded Postgres answers again");
        return;
      } catch (error) {
        log.error({ error: messageOf(error) }, "embedded Postgres can't be started again");
        await sleep(delay, undefined, { signal: patience.signal }).catch(() => undefined);
      }
    }
  }

  async function close(): Promise<void> {
    patience.abort();
    await reviving;
    if (holder) await release(installation, holder, log);
  }

  return { close: () => (closing ??= close()) };
}

function reviveServer({ lockFile, place, binaries, password }: Installation): Promise<Holder> {
  return withFileLock(lockFile, () => holdServer(place, binaries, password));
}

/** Under the lock, so that no process can join a server that is about to stop. */
async function release(installation: Installation, { client }: Holder, log: Log): Promise<void> {
  try {
    await withFileLock(installation.lockFile, async () => {
      const others = await countOtherHolders(client);
      await client.end();
      if (others === 0) await stopServer(installation.place, installation.binaries);
    });
  } catch (error) {
    await client.end().catch(() => undefined);
    log.warn(
      { folder: installation.place.folder, error: messageOf(error) },
      "embedded Postgres was left running: the next start uses it",
    );
  }
}
