import { dirname } from "node:path/posix";

import { AppError } from "../../errors.ts";
import type { FileEntry } from "../git/step.ts";
import { isFile } from "../git/tree.ts";
import type { ParsePool } from "../parse/parse-pool.ts";
import { editableText } from "../revision/file-content.ts";
import type { ManifestPaths } from "../revision/manifest-paths.ts";
import type { Revision } from "../revision/read-revision.ts";
import { type ChangedTexts, createChangedTexts } from "./changed-texts.ts";
import { type CommitPlace, treeOf } from "./create-commit.ts";

/** The files of a commit, and changes to them that are not committed yet. */
export interface EditedFiles extends ChangedTexts {
  /** The commit that they are changed from. */
  readonly commit: string;
  /** What that commit says, without the changes. */
  revision(): Promise<Revision>;
}

/** What files are changed with. */
export interface EditingParts extends CommitPlace {
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
  const { texts, changes } = createChangedTexts({
    ...parts,
    original: (path) => committedText(parts, commit, path),
    sibling: (path) => siblingOf(parts, commit, path),
  });
  return { files: { commit, revision: () => parts.read(commit), ...texts }, changes };
}

async function committedText(parts: EditingParts, commit: string, path: string): Promise<string | null> {
  const entry = await parts.trees.find(await treeOf(parts, commit), path);
  return entry && entryText(parts, path, entry);
}

async function entryText({ objects }: EditingParts, path: string, entry: FileEntry): Promise<string> {
  const refuse = (why: string) => new AppError("edit-conflict", `'${path}' can't be edited: ${why}.`);
  if (!isFile(entry)) throw refuse("it is no regular file");
  const answer = await objects.read(entry.id);
  if (answer.status === "too-large") throw refuse("it is larger than limits.fileSize");
  if (answer.status === "missing") throw new Error(`The mirror has no object ${entry.id} any more`);
  return editableText(path, answer.content);
}

/** A manifest in the folder of a path, whose ways a new file follows. */
async function siblingOf(parts: EditingParts, commit: string, path: string) {
  const folder = dirname(path);
  if (folder === ".") return undefined;
  const there = await parts.trees.list(await treeOf(parts, commit), folder);
  const first = there.find((entry) => isFile(entry) && parts.paths.isManifest(`${folder}/${entry.name}`));
  if (!first) return undefined;
  const name = `${folder}/${first.name}`;
  return entryText(parts, name, first).then(
    (text) => ({ path: name, text }),
    () => undefined,
  );
}
