import { randomUUID } from "node:crypto";

import { AppError } from "../../errors.ts";
import type { Person } from "../../plan/plan.ts";
import type { CommitReader } from "../git/commit-reader.ts";
import { gitOutput } from "../git/git.ts";
import type { ObjectReader } from "../git/object-reader.ts";
import { isObjectId } from "../git/ref-name.ts";
import type { FileEntry } from "../git/step.ts";
import type { TreeReader } from "../git/tree-reader.ts";
import { isFile, type Repository, treeModes } from "../git/tree.ts";
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

/** Where commits are written, and what is read there. */
export interface CommitPlace {
  readonly repository: Repository;
  readonly objects: ObjectReader;
  readonly commits: CommitReader;
  readonly trees: TreeReader;
}

/**
 * Writes a commit into a bare repository, without a work tree and without moving a branch. Null when it
 * would change nothing. A path that can't be written there is an `AppError` `edit-conflict`.
 */
export async function createCommit(place: CommitPlace, draft: CommitDraft): Promise<string | null> {
  const tree = await treeOf(place, draft.parent);
  const changes: string[] = [];
  for (const [path, text] of draft.files) {
    const old = await entryFor(place, tree, path);
    if (text === null && old) changes.push(`D ${quoted(path)}\n`);
    if (text === null || (old && (await hasText(place, old, text)))) continue;
    changes.push(`M ${old?.mode ?? "100644"} inline ${quoted(path)}\n${dataOf(text)}`);
  }
  return changes.length === 0 ? null : importCommit(place.repository, draft, changes);
}

/** The tree of a commit that the mirror has. */
export async function treeOf({ commits }: Pick<CommitPlace, "commits">, commit: string): Promise<string> {
  const found = await commits(commit);
  if (!found) throw new Error(`The mirror has no commit ${commit} any more`);
  return found.tree;
}

/** The file that is there already. */
async function entryFor({ trees }: CommitPlace, tree: string, path: string): Promise<FileEntry | null> {
  checkWritablePath(path);
  const found = await trees.find(tree, path);
  if (found && !isFile(found)) throw inTheWay(path, "no regular file");
  for (const folder of found ? [] : foldersAbove(path)) {
    const above = await trees.find(tree, folder);
    if (above && above.mode !== treeModes.folder) throw inTheWay(folder, "no folder");
  }
  return found;
}

async function hasText({ objects }: CommitPlace, { id }: FileEntry, text: string): Promise<boolean> {
  const answer = await objects.read(id);
  return answer.status === "content" && answer.content.equals(Buffer.from(text));
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

/**
 * Has one process write all objects of a commit. It wants a branch to put it on: one that nobody else knows, and
 * that is taken back before it is ever written.
 */
async function importCommit(
  { setting, path }: Repository,
  { parent, author, message }: CommitDraft,
  changes: readonly string[],
): Promise<string> {
  const branch = `refs/gitway-edits/${randomUUID()}`;
  const input = [
    `commit ${branch}\nmark :1\n`,
    `author ${signature(committable(author))}\ncommitter ${signature(gitwayCommitter)}\n`,
    dataOf(commitMessage(message)),
    `from ${parent}\n`,
    ...changes,
    "\nget-mark :1\n",
    `reset ${branch}\nfrom ${"0".repeat(parent.length)}\n\ndone\n`,
  ].join("");
  const args = ["--git-dir", path, "fast-import", "--quiet", "--done", "--date-format=now"];
  const commit = (await gitOutput(setting, args, { cwd: path, input })).toString().trim();
  if (isObjectId(commit)) return commit;
  throw new Error(`git fast-import made no commit, but said '${commit.slice(0, 100)}'`);
}

function signature({ name, email }: Person): string {
  return `${name} <${email}> now`;
}

/** Control characters and backslashes are in no path that is written. */
function quoted(path: string): string {
  return `"${path.replaceAll('"', '\\"')}"`;
}

function dataOf(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`;
}
