import type { Client } from "pg";

import type { Closeable } from "../closeable.ts";
import { messageOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Database } from "./database.ts";

/** Milliseconds before the next attempt to connect, from the first to the most. */
const backOff = { first: 200, most: 10_000 };

/**
 * Keeps a connection that listens on a channel, and calls `heard` at each, and with `true` whenever a
 * lost connection is back: notifications of the meantime are gone.
 */
export async function keepListening(
  database: Database,
  channel: string,
  heard: (missedSome: boolean) => Promise<void>,
  log: Log,
): Promise<Closeable> {
  let client: Client | undefined;
  let retry: NodeJS.Timeout | undefined;
  let delay = backOff.first;
  let lostOne = false;
  let closed = false;

  async function connect(): Promise<void> {
    try {
      client = await listeningClient(database, channel, () => void heard(false), lost);
      delay = backOff.first;
    } catch (error) {
      lost(error);
      return;
    }
    if (closed) return close();
    if (lostOne) await heard(true);
  }

  /** `error` and `end` may both tell of one loss; the first one counts. */
  function lost(error: unknown): void {
    if (closed || retry) return;
    log.warn({ error: messageOf(error), retryMs: delay }, "stopped hearing of changes in the database");
    lostOne = true;
    client = undefined;
    retry = setTimeout(() => {
      retry = undefined;
      void connect();
    }, delay);
    delay = Math.min(delay * 2, backOff.most);
  }

  async function close(): Promise<void> {
    closed = true;
    clearTimeout(retry);
    await client?.end().catch(() => undefined);
  }

  await connect();
  return { close };
}

async function listeningClient(
  database: Database,
  channel: string,
  heard: () => void,
  lost: (error: unknown) => void,
): Promise<Client> {
  const client = await database.connectListener();
  try {
    client.on("notification", heard);
    await client.query(`listen ${channel}`);
  } catch (error) {
    void client.end().catch(() => undefined);
    throw error;
  }
  client.once("error", lost);
  client.once("end", () => lost(new Error("the connection ended")));
  return client;
}
