import { posix } from "node:path";

import type { Problem } from "../../manifest/problem.ts";
import { isFile, treeModes, type TreeEntry } from "../git/tree.ts";
import { fileProblem } from "../parse/source-problem.ts";
import { isInsideGit, type ManifestPaths } from "./manifest-paths.ts";

/** What the entries of a tree come to. */
export interface SortedEntries {
  /** Files to read, in the order of their paths. */
  readonly manifests: readonly TreeEntry[];
  /** Entries that are not read although they may stand for manifests. */
  readonly problems: readonly Problem[];
}

/** What a manifest tree may ask for. */
export interface EntryLimits {
  readonly fileSize: number;
  readonly files: number;
}

/** Whether an entry says something about manifests; the others need not be remembered. */
export function isOfInterest(entry: TreeEntry, paths: ManifestPaths): boolean {
  if (!paths.covers(entry.path) || isInsideGit(entry.path)) return false;
  return !isFile(entry) || paths.isManifest(entry.path);
}

/**
 * Sorts the entries of interest into files to read and problems. `folderLinks` are the symlinks that
 * lead to a folder, or to where nobody knows: manifests could be behind them.
 */
export function sortEntries(
  entries: Iterable<TreeEntry>,
  paths: ManifestPaths,
  folderLinks: ReadonlySet<string>,
  limits: EntryLimits,
): SortedEntries {
  const manifests: TreeEntry[] = [];
  const problems: Problem[] = [];
  for (const entry of [...entries].sort(byPath)) {
    const problem = entryProblem(entry, paths, folderLinks, limits);
    if (problem) problems.push(problem);
    else if (isFile(entry)) manifests.push(entry);
  }
  if (manifests.length > limits.files) {
    problems.push(tooManyFilesProblem(manifests[limits.files]?.path ?? "", manifests.length, limits.files));
    manifests.length = limits.files;
  }
  return { manifests, problems };
}

const longestTarget = 1024;

/** Where a symlink leads in the repository, null when it leads out of it. */
export function linkTarget(path: string, target: string): string | null {
  if (target.startsWith("/") || target.includes("\0") || target.length > longestTarget) return null;
  const inside = posix.join(posix.dirname(path), target).replace(/\/+$/, "");
  return inside === ".." || inside.startsWith("../") ? null : inside;
}

function entryProblem(
  entry: TreeEntry,
  paths: ManifestPaths,
  folderLinks: ReadonlySet<string>,
  limits: EntryLimits,
): Problem | null {
  const { path, mode, size } = entry;
  if (!entry.readable)
    return fileProblem(
      path,
      "file-name",
      "The name of the file is not UTF-8, so it is not read. Rename the file.",
    );
  if (mode === treeModes.submodule) return submoduleProblem(path);
  if (mode === treeModes.symlink)
    return paths.isManifest(path) || folderLinks.has(path) ? symlinkProblem(path) : null;
  if (size > limits.fileSize) return tooLargeProblem(path, size, limits.fileSize);
  return null;
}

/** A folder that belongs to another repository. */
export function submoduleProblem(path: string): Problem {
  return fileProblem(
    path,
    "submodule",
    "This is a submodule, which Gitway does not read. Put the manifests themselves in the repository.",
  );
}

/** A manifest, or a folder of them, behind a symlink. */
export function symlinkProblem(path: string): Problem {
  return fileProblem(
    path,
    "symlink",
    "This is a symbolic link, which Gitway does not follow. Put the manifests themselves there, or configure the folder that it leads to.",
  );
}

/** A file that is not read because of its size. */
export function tooLargeProblem(path: string, size: number, limit: number): Problem {
  return fileProblem(
    path,
    "file-too-large",
    `The file has ${size} bytes, and at most ${limit} are read. Split it, or raise limits.fileSize.`,
  );
}

/** The first of the files that are not read because there are too many. */
export function tooManyFilesProblem(path: string, files: number, limit: number): Problem {
  return fileProblem(
    path,
    "too-many-files",
    `There are ${files} manifest files, and at most ${limit} are read. Raise limits.files, or configure fewer paths.`,
  );
}

function byPath(a: TreeEntry, b: TreeEntry): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}
