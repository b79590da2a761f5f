import { createHash, randomBytes } from "node:crypto";
import { chown, lchown, lstat, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { AppError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { embeddedFailure } from "./embedded-failure.ts";
import { makeOpenFolder } from "./open-folder.ts";
import { canEnter, isRoot, ownerOf, unprivilegedAccount, type Account } from "./postgres-account.ts";

/** Where an unprivileged user may go when the data folder of root is closed to it. */
const sharedFolder = "/var/lib/gitway";

/** The longest path of a socket's folder, in bytes: the kernel takes 104 to 108 for the whole name. */
const longestSocketFolder = 85;

/** The folder of one embedded Postgres, and who runs it. */
export interface PostgresPlace {
  /** Holds `data`, `password` and `server.log`, and as a rule the socket. */
  readonly folder: string;
  /** Null: as the user of this process. */
  readonly account: Account | null;
  /** Where copies of the binaries may go. */
  readonly copies: string;
}

/** The data folder of the cluster. */
export function clusterOf(place: PostgresPlace): string {
  return join(place.folder, "data");
}

/** What the server writes about itself. */
export function logFileOf(place: PostgresPlace): string {
  return join(place.folder, "server.log");
}

/**
 * Where the embedded Postgres of a data folder is, made ready for its account: below the data folder, or,
 * for root with a data folder that no other user can enter, below `/var/lib/gitway`, which a file in the
 * data folder then remembers. The caller holds the lock of the data folder.
 */
export async function preparePlace(dataDir: string, log: Log): Promise<PostgresPlace> {
  const place = await choosePlace(dataDir, log);
  await makeFolder(place.folder, place.account);
  await takeOver(place);
  return place;
}

/** What root copied or restored belongs to root; the server refuses a cluster that is not its user's. */
async function takeOver(place: PostgresPlace): Promise<void> {
  const { account } = place;
  const cluster = await lstat(clusterOf(place)).catch(() => null);
  if (!account || !cluster || cluster.uid === account.uid) return;
  for (const entry of await readdir(place.folder, { recursive: true, withFileTypes: true }))
    await lchown(join(entry.parentPath, entry.name), account.uid, account.gid);
}

async function choosePlace(dataDir: string, log: Log): Promise<PostgresPlace> {
  const inside = join(dataDir, "postgres");
  const elsewhere = await readLocation(dataDir);
  if (!isRoot()) {
    if (elsewhere !== null) throw onlyForRoot(dataDir, elsewhere);
    return { folder: inside, account: null, copies: dataDir };
  }
  const folder = elsewhere ?? inside;
  const account = (await ownerOf(folder)) ?? (await unprivilegedAccount());
  if (elsewhere !== null || (await canEnter(dataDir, account)))
    return { folder, account, copies: sharedFolder };
  if (await exists(join(inside, "data"))) throw closedToAccount(inside, account);
  const relocated = await relocate(dataDir);
  log.info(
    { dataDir, folder: relocated, user: account.name },
    "the data folder is closed to the user that runs Postgres: its files go elsewhere",
  );
  return { folder: relocated, account, copies: sharedFolder };
}

function locationFile(dataDir: string): string {
  return join(dataDir, "postgres-location");
}

async function readLocation(dataDir: string): Promise<string | null> {
  const text = await readFile(locationFile(dataDir), "utf8").catch(() => "");
  return text.trim() === "" ? null : text.trim();
}

/** Random, so that a data folder that was removed and made again does not find the old one's objects. */
async function relocate(dataDir: string): Promise<string> {
  const folder = join(sharedFolder, `${hashOf(dataDir)}-${randomBytes(4).toString("hex")}`);
  await makeOpenFolder(sharedFolder);
  await writeFile(locationFile(dataDir), `${folder}\n`, { mode: 0o644 }).catch((error: unknown) => {
    throw embeddedFailure(`${locationFile(dataDir)} can't be written`, error);
  });
  return folder;
}

/** Makes a folder that only the account can enter. */
async function makeFolder(folder: string, account: Account | null): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if (account) await chown(folder, account.uid, account.gid);
  } catch (error) {
    throw embeddedFailure(`The folder ${folder} of the embedded Postgres can't be made`, error);
  }
}

/**
 * The folder of the socket: in the place, or below `/tmp` when that is too long for a socket. Not
 * `TMPDIR`, which differs between sessions that share a server.
 */
export async function prepareSocketFolder(place: PostgresPlace): Promise<string> {
  const folder = socketFolderOf(place);
  await makeFolderOnce(folder, place.account);
  const { uid, mode } = await lstat(folder);
  const owner = place.account?.uid ?? process.getuid?.();
  if (uid !== owner || (mode & 0o077) !== 0 || !(await lstat(folder)).isDirectory())
    throw new AppError(
      "embedded-postgres",
      `The folder ${folder}, for the socket of the embedded Postgres, is not private to the user ${owner}: remove it.`,
    );
  return folder;
}

/** Removes the folder of the socket when it is not in the place. Call it when the server has ended. */
export async function removeSocketFolder(place: PostgresPlace): Promise<void> {
  const folder = socketFolderOf(place);
  if (folder !== join(place.folder, "socket")) await rm(folder, { recursive: true, force: true });
}

function socketFolderOf(place: PostgresPlace): string {
  const inside = join(place.folder, "socket");
  return Buffer.byteLength(inside) <= longestSocketFolder ? inside : `/tmp/gitway-${hashOf(place.folder)}`;
}

/** Never takes over a folder of somebody else's: in `/tmp`, anybody can make one first. */
async function makeFolderOnce(folder: string, account: Account | null): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
    if (account) await chown(folder, account.uid, account.gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return;
    throw embeddedFailure(
      `The folder ${folder} for the socket of the embedded Postgres can't be made`,
      error,
    );
  }
}

function hashOf(path: string): string {
  return createHash("sha256").update(path).digest("hex").slice(0, 16);
}

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null)) !== null;
}

function onlyForRoot(dataDir: string, folder: string): AppError {
  return new AppError(
    "embedded-postgres",
    `The embedded Postgres of ${dataDir} was made by root and is in ${folder}: run Gitway as root, or name another folder with --data-dir.`,
  );
}

function closedToAccount(folder: string, account: Account): AppError {
  return new AppError(
    "embedded-postgres",
    `The user ${account.name} that runs the embedded Postgres can no longer enter ${folder}: give it access to the folders above (chmod o+x), or run Gitway as the user who made it.`,
  );
}
