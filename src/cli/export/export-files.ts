import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import { AppError, messageOf } from "../../errors.ts";
import { checkWritable } from "../../source/edit/writable-path.ts";
import { type FileChange, writeTogether } from "../../write-together.ts";

/** Whether an output is a folder: one that is there, or by its name. */
export async function isFolder(output: string): Promise<boolean> {
  const found = await stat(output).catch(() => null);
  return found?.isDirectory() ?? !/\.(ya?ml|json)$/i.test(output);
}

/** Writes a file that is not there yet. */
export async function writeExportedFile(output: string, text: string): Promise<void> {
  if ((await contentOf(output)) !== null) throw taken([output]);
  await writeTogether([{ file: output, before: null, after: text }]);
}

/** Writes files below a folder: all of them or none, and none over one that says something else. */
export async function writeExportedFolder(
  folder: string,
  files: readonly (readonly [path: string, content: string | Buffer])[],
): Promise<void> {
  const changes: FileChange[] = [];
  const inTheWay: string[] = [];
  for (const [path, content] of files) {
    await checkWritable(folder, path);
    const file = join(folder, path);
    const before = await contentOf(file);
    if (before === null) changes.push({ file, before, after: content });
    else if (!before.equals(Buffer.from(content))) inTheWay.push(file);
  }
  if (inTheWay.length > 0) throw taken(inTheWay);
  await writeTogether(changes);
}

async function contentOf(file: string): Promise<Buffer | null> {
  try {
    return await readFile(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return null;
    throw new AppError("usage", `${file} is in the way (${code ?? messageOf(error)}): name another place.`);
  }
}

const shownAtMost = 5;

function taken(files: readonly string[]): AppError {
  const more = files.length > shownAtMost ? ` and ${files.length - shownAtMost} more` : "";
  return new AppError(
    "usage",
    `There is another ${files.slice(0, shownAtMost).join(", ")}${more}: nothing was written. Name another place.`,
  );
}
