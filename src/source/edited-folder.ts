import { lstat, mkdir, readdir, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";

import { AppError, messageOf } from "../errors.ts";
import { type FreshFile, writeFresh } from "../fresh-file.ts";
import { type ChangedTexts, createChangedTexts } from "./changed-texts.ts";
import { editableText } from "./file-content.ts";
import { readFileSafely } from "./folder-files.ts";
import { manifestPaths } from "./manifest-paths.ts";
import { createParsePool } from "./parse-pool.ts";
import { type FolderManifests, type FolderOptions, readFolder } from "./read-folder.ts";
import { checkWritablePath } from "./writable-path.ts";

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
  const { cwd, limits } = options;
  const known = manifestPaths(paths);
  const pool = createParsePool(options.routeBase, limits);
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
  checkWritablePath(path);
  await checkFolders(cwd, path);
  const file = join(cwd, path);
  if (!(await isThere(file))) return null;
  const content = await readFileSafely(file, maxSize);
  if (Buffer.isBuffer(content)) return editableText(path, content);
  throw new AppError("edit-conflict", `'${path}' can't be edited. ${content.message}`);
}

/** What is written must stay in the folder: none of the folders on the way may lead elsewhere. */
async function checkFolders(cwd: string, path: string): Promise<void> {
  const parts = path.split("/").slice(0, -1);
  for (const [index] of parts.entries()) {
    const folder = parts.slice(0, index + 1).join("/");
    const found = await lstat(join(cwd, folder)).catch(() => null);
    if (found && !found.isDirectory())
      throw new AppError("edit-conflict", `'${folder}' is no folder, so nothing can be written below it.`);
  }
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
    .toSorted()
    .map((name) => join(dirname(path), name))
    .find(isManifest);
  if (first === undefined) return undefined;
  const text = await fileText(cwd, first, maxSize).catch(() => null);
  return text === null ? undefined : { path: first, text };
}

interface Written {
  readonly path: string;
  readonly before: string | null;
  readonly fresh: FreshFile | null;
}

async function saveAll(
  cwd: string,
  changes: ReadonlyMap<string, string | null>,
  originalOf: (path: string) => Promise<string | null>,
  maxSize: number,
): Promise<void> {
  const folders: string[] = [];
  const written: Written[] = [];
  let placed = 0;
  try {
    for (const [path, text] of changes) {
      const before = await originalOf(path);
      if (before === text) continue;
      if ((await fileText(cwd, path, maxSize)) !== before) throw changedMeanwhile(path);
      written.push({ path, before, fresh: await writeText(cwd, path, text, folders) });
    }
    for (const { path, fresh } of written) {
      await (fresh ? fresh.place() : rm(join(cwd, path)));
      placed++;
    }
  } catch (error) {
    await undo(cwd, written, placed, folders);
    throw error instanceof AppError ? error : unwritable(error);
  }
}

async function writeText(
  cwd: string,
  path: string,
  text: string | null,
  folders: string[],
): Promise<FreshFile | null> {
  if (text === null) return null;
  const file = join(cwd, path);
  const made = await mkdir(dirname(file), { recursive: true });
  if (made !== undefined) folders.push(...foldersBetween(made, dirname(file)));
  const mode = await lstat(file).then(
    (found) => found.mode & 0o777,
    () => 0o666,
  );
  return writeFresh(file, [text], { mode });
}

/** The folders that were made, from the first that was missing down to the last. */
function foldersBetween(first: string, last: string): string[] {
  const above = last === first ? [] : foldersBetween(first, dirname(last));
  return [...above, last];
}

/** Puts back what there was, as far as that can be done. */
async function undo(
  cwd: string,
  written: readonly Written[],
  placed: number,
  folders: readonly string[],
): Promise<void> {
  for (const [index, { path, before, fresh }] of written.entries()) {
    const file = join(cwd, path);
    const back = async () => {
      if (index >= placed) await fresh?.discard();
      else if (before === null) await rm(file, { force: true });
      else await (await writeFresh(file, [before], { mode: 0o666 })).place();
    };
    await back().catch(() => undefined);
  }
  for (const folder of folders.toReversed()) await rmdir(folder).catch(() => undefined);
}

function changedMeanwhile(path: string): AppError {
  return new AppError(
    "edit-conflict",
    `'${path}' was changed meanwhile by somebody else; nothing was written. Try again.`,
  );
}

function unwritable(error: unknown): AppError {
  return new AppError("file-failed", `Nothing was written: ${messageOf(error)}.`, { cause: error });
}
