import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { AppError, messageOf } from "./errors.ts";

/**
 * Makes the data folder, and keeps it out of the repository that it may lie in: it holds the password of
 * the embedded Postgres. Fails with `data-folder` when it can't be made or written.
 */
export async function makeDataFolder(folder: string): Promise<void> {
  await inDataFolder(folder, async () => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, ".gitignore"), "*\n", { flag: "wx" }).catch(ignoreExisting);
  });
}

/** Runs work that writes to the data folder, and says what to do when that is not allowed. */
export async function inDataFolder<Result>(folder: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw new AppError(
      "data-folder",
      `The data folder ${folder} can't be written (${messageOf(error)}). Make it writable, or name another with --data-dir.`,
      { cause: error },
    );
  }
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== "EEXIST") throw error;
}
