import { randomUUID } from "node:crypto";
import { open, readFile, stat, unlink, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

import { AppError } from "../../errors.ts";
import { embeddedFailure } from "./embedded-failure.ts";
import { identifySelf, isRunning, type ProcessIdentity } from "./process-identity.ts";

/** Milliseconds: how long to wait for a lock, how often to look, and how old an unreadable lock must be to be stale. */
const defaults = { wait: 60_000, poll: 50, unreadable: 5000 };

interface Owner extends ProcessIdentity {
  readonly nonce: string;
}

/**
 * Runs `work` while no other process does so for the same file. A lock whose process is gone is broken;
 * one that is held for longer than a minute fails with `embedded-postgres`.
 */
export async function withFileLock<Result>(
  file: string,
  work: () => Promise<Result>,
  options: { readonly waitMs?: number } = {},
): Promise<Result> {
  const owner: Owner = { ...(await identifySelf()), nonce: randomUUID() };
  await acquire(file, owner, Date.now() + (options.waitMs ?? defaults.wait));
  try {
    return await work();
  } finally {
    await release(file, owner);
  }
}

async function acquire(file: string, owner: Owner, deadline: number): Promise<void> {
  while (!(await create(file, owner))) {
    const text = await readFile(file, "utf8").catch(() => null);
    if (text !== null && (await isStale(file, text))) await breakLock(file, text);
    else if (Date.now() > deadline) throw held(file, text);
    else await sleep(defaults.poll);
  }
}

async function create(file: string, owner: Owner): Promise<boolean> {
  try {
    const handle = await open(file, "wx", 0o644);
    try {
      await handle.writeFile(JSON.stringify(owner));
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw embeddedFailure(`The lock file ${file} can't be written`, error);
  }
}

async function isStale(file: string, text: string): Promise<boolean> {
  const owner = parseOwner(text);
  if (owner) return !(await isRunning(owner));
  // Its owner is about to write it, or was killed before it could.
  const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Date.now() }));
  return Date.now() - mtimeMs > defaults.unreadable;
}

/**
 * Removes a stale lock, one process at a time and only while it is the one that was found: the slower of
 * two must not remove the new lock of the faster.
 */
async function breakLock(file: string, stale: string): Promise<void> {
  const breaking = `${file}.breaking`;
  try {
    await writeFile(breaking, "", { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return await awaitBreaking(breaking);
    throw embeddedFailure(`The stale lock file ${file} can't be removed`, error);
  }
  try {
    if ((await readFile(file, "utf8").catch(() => null)) === stale) await unlink(file);
  } catch (error) {
    throw embeddedFailure(`The stale lock file ${file} can't be removed`, error);
  } finally {
    await unlink(breaking).catch(() => undefined);
  }
}

/** Another process removes the lock. One that was killed meanwhile must not hold it up for ever. */
async function awaitBreaking(breaking: string): Promise<void> {
  const { mtimeMs } = await stat(breaking).catch(() => ({ mtimeMs: Date.now() }));
  if (Date.now() - mtimeMs > defaults.unreadable) await unlink(breaking).catch(() => undefined);
  await sleep(defaults.poll);
}

async function release(file: string, owner: Owner): Promise<void> {
  const text = await readFile(file, "utf8").catch(() => "");
  if (parseOwner(text)?.nonce === owner.nonce) await unlink(file).catch(() => undefined);
}

function parseOwner(text: string): Owner | null {
  try {
    const owner = JSON.parse(text) as Partial<Owner> | null;
    return typeof owner?.pid === "number" && typeof owner.nonce === "string" ? (owner as Owner) : null;
  } catch {
    return null;
  }
}

function held(file: string, text: string | null): AppError {
  const pid = parseOwner(text ?? "")?.pid;
  return new AppError(
    "embedded-postgres",
    `Another Gitway${pid === undefined ? "" : ` (process ${pid})`} has been starting or stopping the embedded Postgres for too long. Wait for it or end it; if there is none, remove ${file}.`,
  );
}
