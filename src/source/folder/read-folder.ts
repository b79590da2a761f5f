import { createHash } from "node:crypto";
import { existsSync, lstatSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

import { assembleManifests, referencedFiles } from "../../manifest/assemble.ts";
import type { ManifestSet } from "../../manifest/manifest.ts";
import type { ParseOptions } from "../../manifest/parsed-file.ts";
import type { Problem } from "../../manifest/problem.ts";
import { chunks } from "../git/tree.ts";
import { createParsePool, type ParsePool } from "../parse/parse-pool.ts";
import { filesAtOnce, parseTexts } from "../parse/parse-texts.ts";
import type { ParseOutcome, SourceText } from "../parse/parse-thread.ts";
import { isLfsPointer, manifestText } from "../revision/file-content.ts";
import { tooManyFilesProblem } from "../revision/manifest-entries.ts";
import { findFiles, isFreeOfLinks, readFileSafely } from "./folder-files.ts";
import { mapFiles } from "./map-files.ts";

/** Where the folder is read from, and what it may ask for. Bytes and milliseconds. */
export interface FolderOptions extends ParseOptions {
  readonly cwd: string;
  readonly limits: { readonly fileSize: number; readonly files: number; readonly parseTime: number };
  /** Texts that files are to have, by path from `cwd`; null for one that is to be gone. */
  readonly changes?: ReadonlyMap<string, string | null>;
}

/** What the manifests of a folder say, outside of any revision. */
export interface FolderManifests {
  /** Files are named relative to `cwd`. */
  readonly set: ManifestSet;
  /** How many documents have a readable identity. */
  readonly manifests: number;
  /** Texts of the files that manifests refer to, by digest. */
  readonly contents: ReadonlyMap<string, string>;
  /** A line of a file, to show beside a problem. Lines count from 1. */
  readonly sourceLine: (file: string, line: number) => string | undefined;
}

/**
 * Reads the manifests at and below some paths as they lie there, without Git. Files that manifests
 * refer to are looked for within the repository around `cwd`, or else within `cwd`. A path that does
 * not exist is an `AppError` `usage`.
 */
export async function readFolder(paths: readonly string[], options: FolderOptions): Promise<FolderManifests> {
  const { limits, routeBase, targets } = options;
  const cwd = resolve(options.cwd);
  const absolute = paths.map((path) => resolve(cwd, path));
  const root = rootOf(cwd, absolute);
  const changes = new Map([...(options.changes ?? [])].map(([path, text]) => [resolve(cwd, path), text]));
  const found = await findFiles(absolute);
  const files = withChanges(found.files, changes);
  const surplus = files[limits.files];
  const problems = [
    ...found.problems,
    ...(surplus === undefined ? [] : [tooManyFilesProblem(surplus, files.length, limits.files)]),
  ];

  const pool = createParsePool({ routeBase, targets }, limits);
  try {
    const read = async (file: string) =>
      changes.has(file)
        ? { path: pathIn(root, file), text: changes.get(file) ?? "" }
        : textOf(root, file, limits.fileSize);
    const outcomes = await parseFiles(pool, files.slice(0, limits.files), read);
    const parsed = outcomes.flatMap((outcome) => outcome.parsed ?? []);
    const { digests, contents } = await readReferences(root, referencedFiles(parsed), limits.fileSize);
    const set = assembleManifests(parsed, { digestOf: (path) => digests.get(path) });
    const unread = [
      ...problems.map((problem) => inRoot(root, problem)),
      ...outcomes.flatMap(({ problem }) => problem ?? []),
    ];
    const whole = { ...set, unidentified: [...unread, ...set.unidentified] };
    return {
      set: mapFiles(whole, (file) => relative(cwd, join(root, file)) || "."),
      manifests: set.manifests.length + set.broken.length,
      contents,
      sourceLine: (file, line) => linesOf(resolve(cwd, file), limits.fileSize)[line - 1],
    };
  } finally {
    await pool.close();
  }
}

/** The repository around `cwd`, or `cwd`; when a path lies elsewhere, the folder that holds everything. */
function rootOf(cwd: string, paths: readonly string[]): string {
  let root = repositoryAround(cwd) ?? cwd;
  while (!paths.every((path) => isWithin(root, path))) root = dirname(root);
  return root;
}

function repositoryAround(folder: string): string | null {
  if (existsSync(join(folder, ".git"))) return folder;
  const parent = dirname(folder);
  return parent === folder ? null : repositoryAround(parent);
}

function isWithin(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** The files with those that come, and without those that go, sorted. */
function withChanges(files: readonly string[], changes: ReadonlyMap<string, string | null>): string[] {
  const coming = [...changes].flatMap(([file, text]) => (text === null ? [] : [file]));
  const kept = files.filter((file) => changes.get(file) !== null);
  return [...new Set([...kept, ...coming])].toSorted();
}

async function parseFiles(
  pool: ParsePool,
  files: readonly string[],
  read: (file: string) => Promise<SourceText | Problem>,
): Promise<ParseOutcome[]> {
  const outcomes: ParseOutcome[] = [];
  for (const some of chunks(files, filesAtOnce))
    outcomes.push(...(await parseTexts(pool, await Promise.all(some.map(read)))));
  return outcomes;
}

async function textOf(root: string, file: string, maxSize: number): Promise<SourceText | Problem> {
  const content = await readFileSafely(file, maxSize);
  return Buffer.isBuffer(content) ? manifestText(pathIn(root, file), content) : inRoot(root, content);
}

/** Digests by path, and texts by digest. */
async function readReferences(root: string, paths: readonly string[], maxSize: number) {
  const digests = new Map<string, string>();
  const contents = new Map<string, string>();
  for (const path of paths) {
    const file = join(root, path);
    if (!isWithin(root, file) || !(await isFreeOfLinks(root, file))) continue;
    const content = await readFileSafely(file, maxSize);
    if (!Buffer.isBuffer(content) || isLfsPointer(content)) continue;
    const digest = createHash("sha256").update(content).digest("hex");
    digests.set(path, digest);
    contents.set(digest, content.toString("utf8"));
  }
  return { digests, contents };
}

function inRoot(root: string, problem: Problem): Problem {
  return { ...problem, file: pathIn(root, problem.file) };
}

/** As in a repository: with slashes, from its top. */
function pathIn(root: string, file: string): string {
  return relative(root, file).split(sep).join("/");
}

function linesOf(file: string, maxSize: number): readonly string[] {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (!found?.isFile() || found.size > maxSize) return [];
  return readFileSync(file, "utf8").split(/\r\n|\n|\r/);
}
