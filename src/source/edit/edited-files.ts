import { dirname } from "node:path/posix";

import { AppError } from "../../errors.ts";
import type { ObjectReader } from "../git/object-reader.ts";
import { isFile, type Repository, statTree, type TreeEntry } from "../git/tree.ts";
import type { ParsePool } from "../parse/parse-pool.ts";
import { editableText } from "../revision/file-content.ts";
import type { ManifestPaths } from "../revision/manifest-paths.ts";
import type { Revision } from "../revision/read-revision.ts";
import { type ChangedTexts, createChangedTexts } from "./changed-texts.ts";

/** The files of a commit, and changes to them that are not committed yet. */
export interface EditedFiles extends ChangedTexts {
  /** The commit that they are changed from. */
  readonly commit: string;
  /** What that commit says, without the changes. */
  revision(): Promise<Revision>;
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
  const { texts, changes } = createChangedTexts({
    ...parts,
    original: (path) => committedText(parts, commit, path),
    sibling: (path) => siblingOf(parts, commit, path),
  });
  return { files: { commit, revision: () => parts.read(commit), ...texts }, changes };
}

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
  return editableText(entry.path, answer.content);
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
