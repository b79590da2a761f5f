import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";

import { AppError } from "../../errors.ts";
import type { Person } from "../../plan/plan.ts";
import { gitOutput } from "../git/git.ts";
import { isFile, type Repository, statTree, type TreeEntry, treeModes } from "../git/tree.ts";
import { commitMessage, committable, gitwayCommitter } from "./commit-words.ts";
import { checkWritablePath } from "./writable-path.ts";

/** A commit to be. */
export interface CommitDraft {
  readonly parent: string;
  /** The new texts of files by path; null deletes one. */
  readonly files: ReadonlyMap<string, string | null>;
  readonly author: Person;
  readonly message: string;
}

/**
 * Writes a commit into a bare repository, without a work tree and without moving a branch. Null when it
 * would change nothing. A path that can't be written there is an `AppError` `edit-conflict`.
 */
export async function createCommit(repository: Repository, draft: CommitDraft): Promise<string | null> {
  const there = await entriesAt(repository, draft);
  const changes: string[] = [];
  for (const [path, text] of draft.files) {
    const old = there.get(path);
    if (text === null && old) changes.push(`0 ${"0".repeat(old.id.length)}\t${path}`);
    if (text === null) continue;
    const id = await writeBlob(repository, text);
    const mode = old?.mode === "100755" ? old.mode : "100644";
    if (id !== old?.id) changes.push(`${mode} ${id}\t${path}`);
  }
  if (changes.length === 0) return null;
  return commitTree(repository, draft, await writeTree(repository, draft.parent, changes));
}

/** The files that are there already, by path. */
async function entriesAt(
  repository: Repository,
  { parent, files }: CommitDraft,
): Promise<ReadonlyMap<string, TreeEntry>> {
  const paths = [...files.keys()];
  for (const path of paths) checkWritablePath(path);
  const found = await statTree(repository, parent, paths);
  const there = new Map(found.map((entry) => [entry.path, entry]));
  for (const entry of found) if (!isFile(entry)) throw inTheWay(entry.path, "no regular file");
  const above = paths.filter((path) => !there.has(path)).flatMap(foldersAbove);
  for (const entry of await statTree(repository, parent, [...new Set(above)]))
    if (entry.mode !== treeModes.folder) throw inTheWay(entry.path, "no folder");
  return there;
}

function inTheWay(path: string, what: string): AppError {
  return new AppError(
    "edit-conflict",
    `'${path}' is ${what} in the repository, so nothing can be written there.`,
  );
}

function foldersAbove(path: string): string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"));
}

async function writeBlob(repository: Repository, text: string): Promise<string> {
  return gitLine(repository, ["hash-object", "-w", "--no-filters", "--stdin"], { input: text });
}

/** The tree of a commit with some entries changed, by way of an index of its own. */
async function writeTree(
  repository: Repository,
  parent: string,
  entries: readonly string[],
): Promise<string> {
  const index = join(repository.path, `edit-${randomUUID()}.index`);
  const variables = { GIT_INDEX_FILE: index };
  try {
    await gitLine(repository, ["read-tree", parent], { variables });
    const input = entries.map((entry) => `${entry}\0`).join("");
    await gitLine(repository, ["update-index", "-z", "--index-info"], { variables, input });
    return await gitLine(repository, ["write-tree"], { variables });
  } finally {
    await rm(index, { force: true });
    await rm(`${index}.lock`, { force: true });
  }
}

async function commitTree(repository: Repository, draft: CommitDraft, tree: string): Promise<string> {
  const author = committable(draft.author);
  const variables = {
    GIT_AUTHOR_NAME: author.name,
    GIT_AUTHOR_EMAIL: author.email,
    GIT_COMMITTER_NAME: gitwayCommitter.name,
    GIT_COMMITTER_EMAIL: gitwayCommitter.email,
  };
  const args = ["commit-tree", "-p", draft.parent, "-F", "-", tree];
  return gitLine(repository, args, { variables, input: commitMessage(draft.message) });
}

async function gitLine(
  { setting, path }: Repository,
  args: readonly string[],
  call: { readonly input?: string; readonly variables?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  return (await gitOutput(setting, ["--git-dir", path, ...args], { cwd: path, ...call })).toString().trim();
}
