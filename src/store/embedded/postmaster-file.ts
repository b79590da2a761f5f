import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import { clusterOf, type PostgresPlace } from "./postgres-place.ts";
import { commandOf } from "./process-identity.ts";

/** Where a server says that it runs, in `postmaster.pid`. */
export interface Postmaster {
  readonly pid: number;
  /** The folder of its socket, or its address. */
  readonly host: string;
  readonly port: number;
}

/** What `postmaster.pid` says; null when there is none, or it is not complete yet. */
export async function readPostmaster(place: PostgresPlace): Promise<Postmaster | null> {
  const text = await readFile(postmasterFile(place), "utf8").catch(() => "");
  const [pid, , , port, socketFolder, address] = text.split("\n").map((line) => line.trim());
  const host = socketFolder || address;
  if (!Number(pid) || !Number(port) || !host) return null;
  return { pid: Number(pid), host, port: Number(port) };
}

/**
 * Removes the lock files that a killed server left behind. Postgres does so itself, but not when the number
 * in them has gone to another process of the same user, or to one that is dead and not yet reaped.
 */
export async function removeStaleLocks(place: PostgresPlace, socketFolder: string): Promise<void> {
  if (await isServerRunning(place)) return;
  await rm(postmasterFile(place), { force: true });
  for (const name of [".s.PGSQL.5432", ".s.PGSQL.5432.lock"])
    await rm(join(socketFolder, name), { force: true });
}

/** Whether the process that `postmaster.pid` names is a server of this cluster. */
export async function isServerRunning(place: PostgresPlace): Promise<boolean> {
  const text = await readFile(postmasterFile(place), "utf8").catch(() => "");
  const pid = Number(text.split("\n")[0]);
  if (!pid) return false;
  const command = await commandOf(pid);
  return command.includes(`postgres -D ${clusterOf(place)} `);
}

function postmasterFile(place: PostgresPlace): string {
  return join(clusterOf(place), "postmaster.pid");
}
