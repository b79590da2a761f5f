import { Client, type ClientConfig } from "pg";

import type { Closeable } from "../closeable.ts";
import { AppError } from "../errors.ts";
import type { Log } from "../log.ts";
import { Secret } from "../secret.ts";
import { applyRevision } from "./apply.ts";
import { restoreBackup } from "./backup/restore-backup.ts";
import { takeBackup } from "./backup/take-backup.ts";
import { findCredentials, readAllCredentials, readCredentials } from "./credentials/credentials.ts";
import { issueCredential, rotateCredential } from "./credentials/issue-credential.ts";
import { noteLastUse } from "./credentials/last-use.ts";
import { syncReferences } from "./credentials/reference-credentials.ts";
import { revokeCredentials } from "./credentials/revoke-credentials.ts";
import { createCurrentReader } from "./current-state.ts";
import { openDatabase, type Database } from "./database.ts";
import { checkDrift, lookForDrift, wakeChannel } from "./drift/drift.ts";
import { startEmbeddedPostgres } from "./embedded/embedded-postgres.ts";
import { readEvents } from "./events/events.ts";
import { readHistory } from "./events/history.ts";
import { verifyEvents } from "./events/verify-events.ts";
import { clearNotice, forgetNotices, raiseNotices, readNotices } from "./limits/limit-notices.ts";
import { forgetHits, shareHits } from "./limits/shared-hits.ts";
import { keepListening } from "./listener.ts";
import { createListingReader } from "./listing.ts";
import { migrateFirst, type MigratedDatabase } from "./migrate-first.ts";
import { readObjects } from "./object-versions.ts";
import { openOutbox } from "./outbox/open-outbox.ts";
import { readPointer } from "./pointer.ts";
import { startChangeFeed } from "./serving/change-feed.ts";
import { readLive } from "./serving/live-objects.ts";
import { readServing, readServingSince } from "./serving/serving.ts";
import { noteSightings } from "./sightings.ts";
import { readStamps } from "./stamps.ts";
import type { Store } from "./store.ts";
import { readSuspension, resume, suspend } from "./suspension.ts";
import { readSyncStatus, writeSyncStatus } from "./sync-status.ts";

/** Where the store is: a Postgres server by its URL, or the folder of an embedded one. */
export type StoreLocation = { readonly databaseUrl: string } | { readonly dataDir: string };

/** How a store is opened. */
export interface OpenStoreOptions {
  readonly log: Log;
  /** Whether a server that can't be reached is none of the opener's worries: what needs it fails until it is back. */
  readonly mayBeAway?: boolean;
}

/**
 * Connects to the store, or starts (or joins) the embedded Postgres of a data folder, and brings its
 * schema up to date. Closing the store stops an embedded server that nobody else uses.
 */
export async function openStore(location: StoreLocation, options: OpenStoreOptions): Promise<Store> {
  const { log, mayBeAway = false } = options;
  const server = await openServer(location, log);
  const database = migrateFirst(
    openDatabase(server.connection, server.description, log),
    mayBeAway ? patience : null,
  );
  try {
    await (mayBeAway ? readyIfThere(database, log) : database.ready());
  } catch (error) {
    await database.close();
    await server.close();
    throw error;
  }
  return storeOn(database, server, log);
}

/** Milliseconds that a server which may be away gets to answer. */
const patience = 2000;

async function readyIfThere(database: MigratedDatabase, log: Log): Promise<void> {
  try {
    await database.ready();
  } catch (error) {
    if (!(error instanceof AppError && error.code === "database-unreachable")) throw error;
    log.warn({ reason: error.message }, "The store is away.");
  }
}

interface Server extends Closeable {
  readonly connection: ClientConfig;
  readonly url: Secret;
  readonly description: string;
}

async function openServer(location: StoreLocation, log: Log): Promise<Server> {
  if ("dataDir" in location) return startEmbeddedPostgres(location.dataDir, { log });
  return {
    connection: { connectionString: location.databaseUrl },
    url: new Secret(location.databaseUrl),
    description: describeUrl(location.databaseUrl),
    close: async () => undefined,
  };
}

/** A password with a `/`, `?` or `#` that is not encoded ends up in what looks like host and database. */
const misread = /^\w+:\/\/[^/?#]*(\/[^?]*@|\?[^=]*@|.*#)/;

/** What people may see of a URL: host, port and database, as `pg` understands it. */
function describeUrl(databaseUrl: string): string {
  if (misread.test(databaseUrl)) throw unreadableUrl();
  try {
    const { host, port, database } = new Client({ connectionString: databaseUrl });
    const name = database ?? "";
    if (host.startsWith("/")) return `postgres database '${name}' at ${host}`;
    return `postgres://${host}${port === 5432 ? "" : `:${port}`}/${name}`;
  } catch {
    throw unreadableUrl();
  }
}

/** Without a cause, which would show the URL, and with it the password. */
function unreadableUrl(): AppError {
  return new AppError(
    "config-invalid",
    "DATABASE_URL can't be read: write postgres://user:password@host:5432/database, and encode special characters of the password (%40 for @, %2F for /, %23 for #, %3F for ?).",
  );
}

function storeOn(database: Database, server: Server, log: Log): Store {
  const feeds = new Set<Closeable>();
  const readCurrent = createCurrentReader(database);
  let closing: Promise<void> | undefined;
  return {
    description: server.description,
    url: server.url,
    current: () => readCurrent(new Date()),
    apply: (request) => applyRevision(database, request),
    noteSightings: (request) => noteSightings(database, request),
    readSync: () => readSyncStatus(database),
    writeSync: (status) => writeSyncStatus(database, status),
    objects: (kind, name) => readObjects(database, name === undefined ? { kind } : { kind, name }),
    live: (filter) => readLive(database, filter),
    revision: async () => (await readPointer(database)).revision,
    listing: createListingReader(database),
    stamps: (kind) => readStamps(database, kind),
    events: (query) => readEvents(database, query),
    history: (kind, name, limit) => readHistory(database, kind, name, limit),
    verifyEvents: (inspect) => verifyEvents(database, inspect),
    credentials: (token) => readCredentials(database, token),
    allCredentials: () => readAllCredentials(database),
    credentialsOf: (hash) => findCredentials(database, hash),
    issueCredential: (request) => issueCredential(database, request),
    rotateCredential: (request) => rotateCredential(database, request),
    revokeCredentials: (request) => revokeCredentials(database, request),
    syncReferences: (references) => syncReferences(database, references, log),
    noteLastUse: (uses) => noteLastUse(database, uses),
    shareHits: (added, since) => shareHits(database, added, since),
    async forgetLimits() {
      await forgetHits(database);
      await forgetNotices(database);
    },
    raiseNotices: (notices, interval) => raiseNotices(database, notices, interval),
    notices: () => readNotices(database),
    clearNotice: (kind, name) => clearNotice(database, kind, name),
    serving: () => readServing(database),
    servingSince: (mark) => readServingSince(database, mark),
    backup: (file) => takeBackup(database, file),
    restore: (file) => restoreBackup(database, file),
    outbox: openOutbox(database, log, (feed) => keepFeed(feed, feeds)),
    checkDrift: () => checkDrift(database, new Date(), log),
    findDrift: () => lookForDrift(database),
    suspension: () => readSuspension(database),
    suspend: (request) => suspend(database, request),
    resume: (by) => resume(database, by),
    onWake: async (listener) =>
      keepFeed(await keepListening(database, wakeChannel, async () => listener(), log), feeds),
    onChange: async (listener) => keepFeed(await startChangeFeed(database, listener, log), feeds),
    async ping() {
      await database.query("select 1");
    },
    close: () => (closing ??= closeAll([...feeds, database, server])),
  };
}

/** In the order given, since a server goes after its users; all of them, even when one fails. */
async function closeAll(closeables: readonly Closeable[]): Promise<void> {
  const failures: unknown[] = [];
  for (const each of closeables) await each.close().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

/** A feed that is still open when the store closes goes with it. */
function keepFeed(feed: Closeable, feeds: Set<Closeable>): Closeable {
  feeds.add(feed);
  return {
    async close() {
      if (feeds.delete(feed)) await feed.close();
    },
  };
}
