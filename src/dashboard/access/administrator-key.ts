import { randomBytes } from "node:crypto";
import { readFile, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { inDataFolder, makeDataFolder } from "../../data-folder.ts";
import type { Log } from "../../log.ts";
import { Secret } from "../../secret.ts";

/** The file in the data folder that holds the administrator's key, for its owner's eyes only. */
export const administratorKeyFile = "administrator-key";

/**
 * Gives the function that keeps the administrator's key: made while no user can manage users, so that
 * somebody can, and removed once a user can.
 */
export function administratorKeys(
  dataDir: string,
  log: Log,
): (usersCanManage: boolean) => Promise<Secret | null> {
  const file = join(dataDir, administratorKeyFile);
  return async (usersCanManage) => {
    if (usersCanManage) {
      await inDataFolder(dataDir, () => unlink(file).catch(ignoreMissing));
      return null;
    }
    return (await readKey(file)) ?? (await makeKey(dataDir, file, log));
  };
}

async function readKey(file: string): Promise<Secret | null> {
  const text = await readFile(file, "utf8").catch(ignoreMissing);
  const key = text?.trim() ?? "";
  return key.length >= 32 ? new Secret(key) : null;
}

async function makeKey(dataDir: string, file: string, log: Log): Promise<Secret> {
  const key = randomBytes(32).toString("base64url");
  await makeDataFolder(dataDir);
  await inDataFolder(dataDir, async () => {
    await unlink(file).catch(ignoreMissing);
    await writeFile(file, `${key}\n`, { flag: "wx", mode: 0o600 });
  });
  log.info({ file }, "no user can manage users: an administrator's key was made");
  return new Secret(key);
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
