import { randomBytes } from "node:crypto";
import { chown, open, readdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { AppError } from "../../errors.ts";
import { Secret } from "../../secret.ts";
import { embeddedFailure } from "./embedded-failure.ts";
import type { PostgresBinaries } from "./postgres-binaries.ts";
import { clusterOf, type PostgresPlace } from "./postgres-place.ts";
import { runPostgresProgram } from "./postgres-process.ts";

/** Milliseconds. */
const longestInit = 120_000;

/** The name under which a cluster is made. Only a whole one gets its final name. */
const unfinished = "data.new-";

/** The only user of an embedded Postgres. */
export const embeddedUser = "gitway";

/**
 * Makes the cluster of a place unless there is one, and gives the password of its user. What an
 * interrupted start left behind is thrown away; a finished cluster never is, and one of another major
 * version of Postgres is refused.
 */
export async function prepareCluster(place: PostgresPlace, binaries: PostgresBinaries): Promise<Secret> {
  const version = await versionOf(place);
  if (version === null) return makeCluster(place, binaries);
  const [major] = binaries.version.split(".");
  if (version !== major)
    throw new AppError(
      "embedded-postgres",
      `The embedded Postgres in ${place.folder} was made by Postgres ${version}, and this Gitway brings Postgres ${major}: use a Gitway with Postgres ${version}, move its contents with pg_dump, or name another folder with --data-dir.`,
    );
  return readPassword(place);
}

/** The major version of the cluster; null when there is none. */
async function versionOf(place: PostgresPlace): Promise<string | null> {
  const cluster = clusterOf(place);
  try {
    return (await readFile(join(cluster, "PG_VERSION"), "utf8")).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT")
      throw embeddedFailure(`The embedded Postgres in ${place.folder} can't be read`, error);
  }
  try {
    await rmdir(cluster);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT")
      throw embeddedFailure(
        `${cluster} is not a cluster of Postgres and can't be replaced: move it away`,
        error,
      );
  }
  return null;
}

async function makeCluster(place: PostgresPlace, binaries: PostgresBinaries): Promise<Secret> {
  await removeUnfinished(place);
  const password = await writePassword(place);
  const cluster = join(place.folder, `${unfinished}${randomBytes(4).toString("hex")}`);
  await runPostgresProgram(
    {
      binaries: binaries.folder,
      name: "initdb",
      folder: place.folder,
      account: place.account,
      args: [
        `--pgdata=${cluster}`,
        `--username=${embeddedUser}`,
        `--pwfile=${passwordFile(place)}`,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--no-instructions",
      ],
    },
    longestInit,
  );
  await rename(cluster, clusterOf(place));
  await syncFolder(place.folder);
  return password;
}

async function removeUnfinished(place: PostgresPlace): Promise<void> {
  const left = (await readdir(place.folder)).filter((name) => name.startsWith(unfinished));
  // An initdb that was orphaned may still be writing; then the next start removes the rest.
  for (const name of left)
    await rm(join(place.folder, name), { recursive: true, force: true, maxRetries: 3 }).catch(
      () => undefined,
    );
}

function passwordFile(place: PostgresPlace): string {
  return join(place.folder, "password");
}

async function writePassword(place: PostgresPlace): Promise<Secret> {
  const password = randomBytes(24).toString("hex");
  const file = passwordFile(place);
  try {
    await rm(file, { force: true });
    await writeFile(file, `${password}\n`, { mode: 0o600, flag: "wx", flush: true });
    if (place.account) await chown(file, place.account.uid, place.account.gid);
  } catch (error) {
    throw embeddedFailure(`The password file ${file} of the embedded Postgres can't be written`, error);
  }
  return new Secret(password);
}

async function readPassword(place: PostgresPlace): Promise<Secret> {
  const file = passwordFile(place);
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw embeddedFailure(`The password file ${file} of the embedded Postgres can't be read`, error);
  });
  return new Secret(text.trim());
}

/** Makes the new name last through a power failure. Windows can't, and need not, open a folder. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
