import { readFile, realpath, stat } from "node:fs/promises";
import { dirname } from "node:path";

import { AppError } from "../../errors.ts";

/** The user that the server runs as when Gitway runs as root, since Postgres refuses to run as root. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

/** Whether this process is root (never on Windows). */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** The user `postgres` where there is one, else `nobody`. */
export async function unprivilegedAccount(): Promise<Account> {
  const lines = (await readFile("/etc/passwd", "utf8").catch(() => "")).split("\n");
  for (const name of ["postgres", "nobody"]) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(":") ?? [];
    if (Number(uid) > 0 && Number(gid) > 0) return { uid: Number(uid), gid: Number(gid), name };
  }
  throw new AppError(
    "embedded-postgres",
    "Postgres refuses to run as root, and /etc/passwd has neither a user 'postgres' nor 'nobody' to run it as. Run Gitway as an ordinary user, or set DATABASE_URL.",
  );
}

/** The owner of a folder, to run as; null when that is root, or there is no such folder. */
export async function ownerOf(folder: string): Promise<Account | null> {
  const found = await stat(folder).catch(() => null);
  if (!found || found.uid === 0) return null;
  return { uid: found.uid, gid: found.gid, name: `with the number ${found.uid}` };
}

/** Whether an account may go to a folder: into it, and through all that is above it. */
export async function canEnter(folder: string, account: Account): Promise<boolean> {
  let path = await realpath(folder);
  while (true) {
    const { mode, uid, gid } = await stat(path);
    const needed = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & needed) === 0) return false;
    if (dirname(path) === path) return true;
    path = dirname(path);
  }
}
