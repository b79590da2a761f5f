import { chmod, mkdir } from "node:fs/promises";

import { embeddedFailure } from "./embedded-failure.ts";

/** Makes a folder that every user of the machine may enter, whatever the umask. One that exists stays as it is. */
export async function makeOpenFolder(folder: string): Promise<void> {
  try {
    const made = await mkdir(folder, { recursive: true });
    if (made !== undefined) await chmod(folder, 0o755);
  } catch (error) {
    throw embeddedFailure(`The folder ${folder}, for files of the embedded Postgres, can't be made`, error);
  }
}
