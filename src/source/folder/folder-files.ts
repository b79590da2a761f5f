import { constants } from "node:fs";
import { lstat, open, readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";

import { AppError } from "../../errors.ts";
import type { Problem } from "../../manifest/problem.ts";
import { fileProblem } from "../parse/source-problem.ts";
import { submoduleProblem, symlinkProblem, tooLargeProblem } from "../revision/manifest-entries.ts";
import { hasManifestName } from "../revision/manifest-paths.ts";

/** What lies below some paths: the files to read, sorted, and what could not be looked into. */
export interface FolderFiles {
  readonly files: readonly string[];
  readonly problems: readonly Problem[];
}

/**
 * Finds the manifest files at and below absolute paths. Symlinks are not followed: one that could lead
 * to manifests is a problem. A path that does not exist is an `AppError` `usage`.
 */
export async function findFiles(paths: readonly string[]): Promise<FolderFiles> {
  const files = new Set<string>();
  const problems: Problem[] = [];
  for (const path of paths) {
    const named = await lstat(path).catch((error: unknown) => {
      throw new AppError("usage", `There is no file or folder ${path}. Correct the path.`, { cause: error });
    });
    if (named.isSymbolicLink()) problems.push(symlinkProblem(path));
    else if (named.isDirectory()) await walk(path, files, problems);
    else files.add(path);
  }
  return { files: [...files].toSorted(), problems };
}

async function walk(root: string, files: Set<string>, problems: Problem[]): Promise<void> {
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const entries = await entriesOf(folder, problems);
    if (folder !== root && entries.some(({ name }) => name === ".git")) {
      problems.push(submoduleProblem(folder));
      continue;
    }
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.name.toLowerCase() === ".git") continue;
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isSymbolicLink()) {
        if (hasManifestName(entry.name) || !(await leadsToFile(path))) problems.push(symlinkProblem(path));
      } else if (hasManifestName(entry.name)) files.add(path);
    }
  }
}

async function entriesOf(folder: string, problems: Problem[]) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch {
    problems.push(unreadable(folder));
    return [];
  }
}

async function leadsToFile(link: string): Promise<boolean> {
  return stat(link).then(
    (target) => target.isFile(),
    () => false,
  );
}

/** The content of a regular file of at most `maxSize` bytes, or why there is none. Follows no symlink. */
export async function readFileSafely(path: string, maxSize: number): Promise<Buffer | Problem> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const { size } = await file.stat();
      if (!(await file.stat()).isFile()) return unreadable(path);
      if (size > maxSize) return tooLargeProblem(path, size, maxSize);
      // A file that grows meanwhile is cut, not followed.
      const buffer = Buffer.alloc(size);
      const { bytesRead } = await file.read(buffer, 0, size, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    return unreadable(path);
  }
}

/** Whether no part of a path below `root` is a symlink. */
export async function isFreeOfLinks(root: string, path: string): Promise<boolean> {
  try {
    return (await realpath(path)) === join(await realpath(root), path.slice(root.length));
  } catch {
    return false;
  }
}

function unreadable(path: string): Problem {
  return fileProblem(
    path,
    "unreadable",
    "This can't be read: it is no regular file, or its permissions forbid it. Correct that.",
  );
}
