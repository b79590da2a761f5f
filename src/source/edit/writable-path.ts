import { lstat } from "node:fs/promises";
import { join } from "node:path";

import { AppError } from "../../errors.ts";
import { isInsideGit } from "../revision/manifest-paths.ts";

/** Refuses a path that git would not take, or that leads elsewhere: `usage`. */
export function checkWritablePath(path: string): void {
  const isPlain = path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
  if (!isPlain || isInsideGit(path) || /[\p{Cc}\\]/u.test(path) || Buffer.byteLength(path) > 1024)
    throw new AppError(
      "usage",
      `'${path.slice(0, 100).replaceAll(/\p{Cc}/gu, "?")}' can't be the path of a file.`,
    );
}

/** The same for a path below a folder, where none of the folders on the way may lead elsewhere: `edit-conflict`. */
export async function checkWritable(folder: string, path: string): Promise<void> {
  checkWritablePath(path);
  const parts = path.split("/").slice(0, -1);
  for (const [index] of parts.entries()) {
    const above = parts.slice(0, index + 1).join("/");
    const found = await lstat(join(folder, above)).catch(() => null);
    if (found && !found.isDirectory())
      throw new AppError("edit-conflict", `'${above}' is no folder, so nothing can be written below it.`);
  }
}
