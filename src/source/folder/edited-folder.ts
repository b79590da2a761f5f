import { lstat, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";

import { AppError } from "../../errors.ts";
import { type FileChange, writeTogether } from "../../write-together.ts";
import { type ChangedTexts, createChangedTexts } from "../edit/changed-texts.ts";
import { checkWritable } from "../edit/writable-path.ts";
import { createParsePool } from "../parse/parse-pool.ts";
import { editableText } from "../revision/file-content.ts";
import { manifestPaths } from "../revision/manifest-paths.ts";
import { readFileSafely } from "./folder-files.ts";
import { type FolderManifests, type FolderOptions, readFolder } from "./read-folder.ts";

/** The manifests of a folder outside of any revision, and changes to them that are not written yet. */
export interface EditedFolder extends ChangedTexts {
  /** What the folder says with the changes so far. */
  read(): Promise<FolderManifests>;
  /**
   * Writes the changes: all of them, or none. Fails with `edit-conflict` when somebody else changed one of
   * the files meanwhile, or when a path leads through a symbolic link.
   */
  save(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the folder that is the top of a repository. `paths` are those that hold manifests; not all need to be there. */
export function openEditedFolder(paths: readonly string[], options: FolderOptions): EditedFolder {
  const { cwd, limits, routeBase, targets } = options;
  const known = manifestPaths(paths);
  const pool = createParsePool({ routeBase, targets }, limits);
  const originals = new Map<string, Promise<string | null>>();
  const siblings = new Map<string, Promise<{ path: string; text: string } | undefined>>();
  const { texts, changes } = createChangedTexts({
    pool,
    paths: known,
    fileSize: limits.fileSize,
    original: (path) => remembered(originals, path, () => fileText(cwd, path, limits.fileSize)),
    sibling: (path) =>
      remembered(siblings, dirname(path), () => siblingOf(cwd, path, known.isManifest, limits.fileSize)),
  });
  return {
    ...texts,
    async read() {
      const there = await Promise.all(known.paths.map((path) => isThere(join(cwd, path))));
      const present = known.paths.filter((_, index) => there[index]);
      return readFolder(
        present.map((path) => path || "."),
        { ...options, changes },
      );
    },
    save: () =>
      saveAll(cwd, changes, (path) => originals.get(path) ?? Promise.resolve(null), limits.fileSize),
    close: () => pool.close(),
  };
}

function remembered<T>(known: Map<string, Promise<T>>, key: string, find: () => Promise<T>): Promise<T> {
  const found = known.get(key) ?? find();
  known.set(key, found);
  return found;
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** The text of a file; null when there is none. One that can't be edited is an `AppError`. */
async function fileText(cwd: string, path: string, maxSize: number): Promise<string | null> {
  await checkWritable(cwd, path);
  const file = join(cwd, path);
  if (!(await isThere(file))) return null;
  const content = await readFileSafely(file, maxSize);
  if (Buffer.isBuffer(content)) return editableText(path, content);
  throw new AppError("edit-conflict", `'${path}' can't be edited. ${content.message}`);
}

/** A manifest in the folder of a path, whose ways a new file follows. */
async function siblingOf(
  cwd: string,
  path: string,
  isManifest: (path: string) => boolean,
  maxSize: number,
): Promise<{ path: string; text: string } | undefined> {
  const names = await readdir(join(cwd, dirname(path))).catch(() => []);
  const first = names
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((name) => join(dirname(path), name))
    .find(isManifest);
  if (first === undefined) return undefined;
  const text = await fileText(cwd, first, maxSize).catch(() => null);
  return text === null ? undefined : { path: first, text };
}

async function saveAll(
  cwd: string,
  changes: ReadonlyMap<string, string | null>,
  originalOf: (path: string) => Promise<string | null>,
  maxSize: number,
): Promise<void> {
  const files: FileChange[] = [];
  for (const [path, after] of changes) {
    const before = await originalOf(path);
    if (before === after) continue;
    if ((await fileText(cwd, path, maxSize)) !== before) throw changedMeanwhile(path);
    const file = join(cwd, path);
    files.push({ file, before, after, ...(before === null ? {} : { mode: await modeOf(file) }) });
  }
  await writeTogether(files);
}

async function modeOf(file: string): Promise<number> {
  return (await lstat(file)).mode & 0o777;
}

function changedMeanwhile(path: string): AppError {
  return new AppError(
    "edit-conflict",
    `'${path}' was changed meanwhile by somebody else; nothing was written. Try again.`,
  );
}
