import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { Log } from "../../log.ts";
import type { Repository } from "./tree.ts";

/**
 * Says in the log which of the commits are where a shallow history is cut off: they are named as makers
 * of what may well be older.
 */
export async function warnOfBoundaries(
  { repository, log }: { readonly repository: Repository; readonly log: Log },
  makers: readonly string[],
): Promise<void> {
  const boundaries = new Set(await readBoundaries(repository));
  for (const boundary of new Set(makers.filter((commit) => boundaries.has(commit))))
    log.warn(
      { boundary, changes: makers.filter((commit) => commit === boundary).length },
      "the history of the source is cut off here, so changes that may be older are credited to this commit",
    );
}

/** The commits where the history of a shallow mirror is cut off. */
export async function readBoundaries({ path }: Repository): Promise<string[]> {
  try {
    return (await readFile(join(path, "shallow"), "utf8")).split("\n").filter((line) => line !== "");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}
