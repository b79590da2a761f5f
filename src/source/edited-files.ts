import { dirname } from "node:path/posix";

import { AppError } from "../errors.ts";
import type { ManifestEdit } from "../manifest/edit-call.ts";
import type { EditResult } from "../manifest/edit-check.ts";
import { isLfsPointer } from "./file-content.ts";
import type { ManifestPaths } from "./manifest-paths.ts";
import type { ObjectReader } from "./object-reader.ts";
import type { ParsePool } from "./parse-pool.ts";
import type { Revision } from "./read-revision.ts";
import { isFile, type Repository, statTree, type TreeEntry } from "./tree.ts";

/** The files of a commit, and changes to them that are not committed yet. */
export interface EditedFiles {
  /** The commit that they are changed from. */
  readonly commit: string;
  /** What that commit says, without the changes. */
  revision(): Promise<Revision>;
  /** The text of a file with the changes so far, a byte order mark included; null when there is none. */
  text(path: string): Promise<string | null>;
  /** Changes an object of a file. What comes of it is kept only if the result's status is `edited`. */
  edit(path: string, edit: ManifestEdit): Promise<EditResult>;
  /** Replaces a file; null deletes it. */
  write(path: string, text: string | null): void;
}

/** What files are changed with. */
export interface EditingParts {
  readonly repository: Repository;
  readonly objects: ObjectReader;
  readonly pool: ParsePool;
  readonly paths: ManifestPaths;
  readonly fileSize: number;
  readonly read: (commit: string) => Promise<Revision>;
}

/** The files of a commit, and the changes that are made to them. */
export function createEditedFiles(
  parts: EditingParts,
  commit: string,
): { readonly files: EditedFiles; readonly changes: ReadonlyMap<string, string | null> } {
  const changes = new Map<string, string | null>();

  async function text(path: string): Promise<string | null> {
    const changed = changes.get(path);
    return changed === undefined ? committedText(parts, commit, path) : changed;
  }

  async function edit(path: string, call: ManifestEdit): Promise<EditResult> {
    const before = await text(path);
    const sibling = before === null && call.op === "add" ? await siblingOf(parts, commit, path) : undefined;
    const outcome = await parts.pool.edit({
      path,
      file: { path, text: before, sibling },
      edit: call,
      fileSize: parts.fileSize,
    });
    if (outcome.problem) return { status: "refused", problems: [outcome.problem] };
    if (outcome.edited.status === "edited") write(path, outcome.edited.text);
    return outcome.edited;
  }

  function write(path: string, content: string | null): void {
    if (!parts.paths.covers(path))
      throw new AppError(
        "usage",
        `'${path}' is outside of the configured paths, where Gitway writes nothing.`,
      );
    changes.set(path, content);
  }

  return { files: { commit, revision: () => parts.read(commit), text, edit, write }, changes };
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

async function committedText(parts: EditingParts, commit: string, path: string): Promise<string | null> {
  const [entry] = await statTree(parts.repository, commit, [path]);
  return entry ? entryText(parts, entry) : null;
}

async function entryText({ objects }: EditingParts, entry: TreeEntry): Promise<string> {
  const refuse = (why: string) => new AppError("edit-conflict", `'${entry.path}' can't be edited: ${why}.`);
  if (!isFile(entry)) throw refuse("it is no regular file");
  const answer = await objects.read(entry.id);
  if (answer.status === "too-large") throw refuse("it is larger than limits.fileSize");
  if (answer.status === "missing") throw new Error(`The mirror has no object ${entry.id} any more`);
  if (isLfsPointer(answer.content)) throw refuse("Git holds only a pointer to Git LFS there");
  try {
    return utf8.decode(answer.content);
  } catch {
    throw refuse("it is not UTF-8");
  }
}

/** A manifest in the folder of a path, whose ways a new file follows. */
async function siblingOf(parts: EditingParts, commit: string, path: string) {
  const folder = dirname(path);
  if (folder === ".") return undefined;
  const there = await statTree(parts.repository, commit, [`${folder}/`]);
  const first = there.find((entry) => isFile(entry) && entry.readable && parts.paths.isManifest(entry.path));
  if (!first) return undefined;
  return entryText(parts, first).then(
    (text) => ({ path: first.path, text }),
    () => undefined,
  );
}
