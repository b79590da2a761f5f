import { mkdir, rm, rmdir } from "node:fs/promises";
import { dirname } from "node:path";

import { AppError, messageOf } from "./errors.ts";
import { type FreshFile, writeFresh } from "./fresh-file.ts";

/** A file that is to have another content. */
export interface FileChange {
  readonly file: string;
  /** Null when it was not there. */
  readonly before: string | Buffer | null;
  /** Null when it is to go. */
  readonly after: string | Buffer | null;
  /** Its permissions; those of a new file when absent. */
  readonly mode?: number;
}

interface Step extends FileChange {
  readonly fresh: FreshFile | null;
}

/**
 * Changes files: all of them, or none. Each is written beside its place first; then they are put there, one
 * right after the other. What fails is undone, and is an `AppError` `file-failed`.
 */
export async function writeTogether(changes: readonly FileChange[]): Promise<void> {
  const folders: string[] = [];
  const steps: Step[] = [];
  let placed = 0;
  try {
    for (const change of changes) steps.push({ ...change, fresh: await writeBeside(change, folders) });
    for (const { file, fresh } of steps) {
      await (fresh ? fresh.place() : rm(file));
      placed++;
    }
  } catch (error) {
    for (const [index, step] of steps.entries()) await undo(step, index < placed).catch(() => undefined);
    for (const folder of folders.toReversed()) await rmdir(folder).catch(() => undefined);
    throw new AppError("file-failed", `Nothing was written: ${messageOf(error)}.`, { cause: error });
  }
}

const newFile = 0o666;

async function writeBeside(
  { file, after, mode = newFile }: FileChange,
  folders: string[],
): Promise<FreshFile | null> {
  if (after === null) return null;
  const made = await mkdir(dirname(file), { recursive: true });
  if (made !== undefined) folders.push(...foldersBetween(made, dirname(file)));
  return writeFresh(file, [after], { mode });
}

/** The folders that were made, from the first that was missing down to the last. */
function foldersBetween(first: string, last: string): string[] {
  const above = last === first ? [] : foldersBetween(first, dirname(last));
  return [...above, last];
}

async function undo({ file, before, mode = newFile, fresh }: Step, wasPlaced: boolean): Promise<void> {
  if (!wasPlaced) await fresh?.discard();
  else if (before === null) await rm(file, { force: true });
  else await (await writeFresh(file, [before], { mode })).place();
}
