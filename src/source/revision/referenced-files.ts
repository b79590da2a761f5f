import { createHash } from "node:crypto";

import type { Problem } from "../../manifest/problem.ts";
import { createCache } from "../cache.ts";
import type { CommitReader } from "../git/commit-reader.ts";
import type { ObjectReader } from "../git/object-reader.ts";
import type { TreeReader } from "../git/tree-reader.ts";
import { isFile, listTree, treeModes, type Repository, type TreeEntry } from "../git/tree.ts";
import { fileWarning } from "../parse/source-problem.ts";
import { isLfsPointer } from "./file-content.ts";

/** The files that manifests refer to, by path; null for a path where no entry is. */
export type ReferencedEntries = ReadonlyMap<string, TreeEntry | null>;

/** What the referenced files of a revision come to. */
export interface ReferencedFiles {
  readonly entries: ReferencedEntries;
  /** SHA-256, hex, by path; only regular files that are not too large have one. */
  readonly digests: ReadonlyMap<string, string>;
  /** The blob that has a digest. */
  readonly blobs: ReadonlyMap<string, string>;
  /** Why a path that exists has no digest. */
  readonly warnings: readonly Problem[];
}

/** What referenced files are found with. */
export interface ReferenceReading {
  readonly repository: Repository;
  readonly objects: ObjectReader;
  readonly commits: CommitReader;
  readonly trees: TreeReader;
}

const fewPaths = 50;
/** Digests of so many blobs are remembered. */
const mostDigests = 100_000;

/** Finds referenced files at a commit. Digests are remembered by blob, so each is computed once. */
export function createReferencedFiles(reading: ReferenceReading, maxSize: number) {
  const { repository, objects, commits, trees } = reading;
  const digestByBlob = createCache<string | null>(mostDigests, () => 1);

  async function find(
    commit: string,
    paths: readonly string[],
    known: ReferencedEntries,
  ): Promise<ReferencedFiles> {
    const entries = new Map(paths.map((path) => [path, known.get(path) ?? null]));
    const unknown = paths.filter((path) => !known.has(path) && isPlain(path));
    // Unlike a work tree, a tree has nothing below a symlink, so none is ever followed.
    for (const entry of await lookUp(commit, unknown))
      if (entries.has(entry.path)) entries.set(entry.path, entry);

    const digests = new Map<string, string>();
    const blobs = new Map<string, string>();
    const warnings: Problem[] = [];
    for (const [path, entry] of entries) {
      if (!entry) continue;
      const digest = entry.size <= maxSize ? await digestOf(entry) : null;
      if (digest === null) warnings.push(unusable(entry, maxSize));
      else {
        digests.set(path, digest);
        blobs.set(digest, entry.id);
      }
    }
    return { entries, digests, blobs, warnings };
  }

  async function lookUp(commit: string, paths: readonly string[]): Promise<TreeEntry[]> {
    const tree = paths.length > fewPaths ? undefined : (await commits(commit))?.tree;
    if (tree === undefined) return paths.length === 0 ? [] : listTree(repository, commit, paths);
    const found: TreeEntry[] = [];
    for (const path of paths) {
      const entry = await trees.find(tree, path);
      if (!entry || entry.mode === treeModes.folder) continue;
      const size = isFile(entry) ? ((await objects.size(entry.id)) ?? 0) : 0;
      found.push({ path, ...entry, size, readable: true });
    }
    return found;
  }

  /** The digest of an entry; null for what is no regular file, too large, or a pointer to Git LFS. */
  async function digestOf({ mode, id: blob }: Pick<TreeEntry, "mode" | "id">): Promise<string | null> {
    if (!isFile({ mode })) return null;
    const known = digestByBlob.get(blob);
    if (known !== undefined) return known;
    const answer = await objects.read(blob);
    const isContent = answer.status === "content" && !isLfsPointer(answer.content);
    const digest = isContent ? createHash("sha256").update(answer.content).digest("hex") : null;
    digestByBlob.set(blob, digest);
    return digest;
  }

  return { find, digestOf };
}

/** Whether git can be asked for the path: it is normalised and within the repository. */
function isPlain(path: string): boolean {
  return (
    path !== "" &&
    path.length <= 1024 &&
    !path.includes("\0") &&
    path.split("/").every((part) => part !== "" && part !== "." && part !== "..")
  );
}

function unusable(entry: TreeEntry, maxSize: number): Problem {
  const { path } = entry;
  if (entry.mode === treeModes.symlink)
    return fileWarning(
      path,
      "symlink",
      "A manifest refers to this symbolic link, which Gitway does not follow. Put the file itself there.",
    );
  if (entry.mode === treeModes.submodule)
    return fileWarning(
      path,
      "submodule",
      "A manifest refers to this submodule, which Gitway does not read. Put the file itself there.",
    );
  if (entry.size > maxSize)
    return fileWarning(
      path,
      "file-too-large",
      `A manifest refers to this file of ${entry.size} bytes, and at most ${maxSize} are read. Make it smaller, or raise limits.fileSize.`,
    );
  return fileWarning(
    path,
    "lfs-pointer",
    "A manifest refers to this file, of which Git holds only a pointer to Git LFS. Commit the file itself.",
  );
}
