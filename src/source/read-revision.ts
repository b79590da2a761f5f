import type { ManifestSet } from "../manifest/manifest.ts";
import type { Problem } from "../manifest/problem.ts";
import { createAssembly } from "./assembly.ts";
import { findFolderLinks } from "./folder-links.ts";
import { isAncestor } from "./is-ancestor.ts";
import { isOfInterest, sortEntries, type EntryLimits } from "./manifest-entries.ts";
import type { ManifestPaths } from "./manifest-paths.ts";
import type { ObjectReader } from "./object-reader.ts";
import type { ParsePool } from "./parse-pool.ts";
import type { ParseOutcome } from "./parse-thread.ts";
import { createManifestReader } from "./read-manifests.ts";
import { createReferencedFiles, type ReferencedEntries } from "./referenced-files.ts";
import { fileProblem } from "./source-problem.ts";
import type { FilesOfCommit } from "./tracked-changes.ts";
import { changedPaths, listTree, statTree, type Repository, type TreeEntry } from "./tree.ts";

/** What the repository says at a commit. */
export interface Revision {
  readonly commit: string;
  readonly set: ManifestSet;
  /** The content of a referenced file by its digest (SHA-256, hex). */
  content(digest: string): Promise<Buffer>;
}

/** What revisions are read with. */
export interface RevisionReading {
  readonly repository: Repository;
  readonly objects: ObjectReader;
  readonly pool: ParsePool;
  readonly paths: ManifestPaths;
  readonly limits: EntryLimits;
}

/** The entries of a commit that matter, kept for the next one. */
interface Snapshot {
  readonly commit: string;
  readonly entries: ReadonlyMap<string, TreeEntry>;
  readonly referenced: ReferencedEntries;
}

/** More changed paths than this are not looked up one by one. */
const mostChanges = 2000;

/**
 * Reads one revision after the other. What differs from the one before is asked of git; everything is,
 * when there was none, when it is no ancestor, or when git can't compare the two.
 */
export function createRevisionReader(reading: RevisionReading) {
  const { repository, objects, pool, paths, limits } = reading;
  const manifests = createManifestReader(objects, pool);
  const references = createReferencedFiles(repository, objects, limits.fileSize);
  const assembly = createAssembly();
  let last: Snapshot | null = null;
  let parsed: FilesOfCommit | null = null;
  let turn: Promise<unknown> = Promise.resolve();

  function inTurn<T>(run: () => Promise<T>): Promise<T> {
    const mine = turn.then(run);
    turn = mine.catch(() => {});
    return mine;
  }

  async function readNow(commit: string): Promise<Revision> {
    const snapshot =
      (last && (await updated(repository, paths, last, commit))) ?? (await whole(repository, paths, commit));
    parsed = null;
    const { set, files, referenced } = await readTree(snapshot);
    last = { ...snapshot, referenced: referenced.entries };
    parsed = files;
    return {
      commit,
      set,
      content: (digest) => contentOf(objects, referenced.blobs.get(digest), digest),
    };
  }

  async function readTree(snapshot: Snapshot) {
    const { commit, entries } = snapshot;
    const folderLinks = await findFolderLinks(reading, commit, entries);
    const sorted = sortEntries(entries.values(), paths, folderLinks, limits);
    const outcomes = await manifests.read(sorted.manifests);
    const files = outcomes.flatMap(({ parsed }) => parsed ?? []);
    const referenced = await references.find(commit, assembly.references(files), snapshot.referenced);
    const set = assembly.assemble(files, referenced.digests);
    const digests = [...referenced.entries.keys()].map(
      (path) => [path, referenced.digests.get(path) ?? null] as const,
    );
    const missing = await missingPaths(repository, paths, commit);
    return {
      set: withProblems(set, [...missing, ...sorted.problems, ...problemsOf(outcomes)], referenced.warnings),
      files: { entries, outcomes: byPath(sorted.manifests, outcomes), digests: new Map(digests) },
      referenced,
    };
  }

  async function filesAt(commit: string): Promise<FilesOfCommit> {
    await turn;
    if (parsed === null || last?.commit !== commit) await inTurn(() => readNow(commit));
    if (parsed === null) throw new Error(`Another revision was read while ${commit} was looked at`);
    return parsed;
  }

  return {
    read: (commit: string) => inTurn(() => readNow(commit)),
    /** The same without leaving a trace: the next read goes on from the one before. */
    look: (commit: string) =>
      inTurn(async () => (await readTree(await whole(repository, paths, commit))).set),
    filesAt,
  };
}

function byPath(
  entries: readonly TreeEntry[],
  outcomes: readonly ParseOutcome[],
): ReadonlyMap<string, ParseOutcome> {
  return new Map(outcomes.flatMap((outcome, at) => [[entries[at]?.path ?? "", outcome] as const]));
}

async function whole(repository: Repository, paths: ManifestPaths, commit: string): Promise<Snapshot> {
  const listed = await listTree(repository, commit, paths.paths.includes("") ? null : paths.paths);
  const entries = listed
    .filter((entry) => isOfInterest(entry, paths))
    .map((entry) => [entry.path, entry] as const);
  return { commit, entries: new Map(entries), referenced: new Map() };
}

async function updated(
  repository: Repository,
  paths: ManifestPaths,
  last: Snapshot,
  commit: string,
): Promise<Snapshot | null> {
  if (last.commit === commit) return last;
  if (!(await isAncestor(repository, last.commit, commit))) return null;
  const changed = await changedPaths(repository, last.commit, commit);
  if (changed === null || changed.length > mostChanges) return null;

  const entries = new Map(last.entries);
  const referenced = new Map(last.referenced);
  const relevant = changed.filter((path) => paths.covers(path) || referenced.has(path));
  for (const path of relevant) {
    entries.delete(path);
    referenced.delete(path);
  }
  const listed = relevant.length === 0 ? [] : await listTree(repository, commit, relevant);
  for (const entry of listed) if (isOfInterest(entry, paths)) entries.set(entry.path, entry);
  return { commit, entries, referenced };
}

async function missingPaths(
  repository: Repository,
  { paths }: ManifestPaths,
  commit: string,
): Promise<Problem[]> {
  const named = paths.filter((path) => path !== "");
  if (named.length === 0) return [];
  const there = new Set((await statTree(repository, commit, named)).map(({ path }) => path));
  return named
    .filter((path) => !there.has(path))
    .map((path) =>
      fileProblem(
        path,
        "path-missing",
        "The configured path is not in the repository at this commit. Correct 'paths', or add the folder (Git keeps no empty one: put a file into it); until then nothing is deleted.",
      ),
    );
}

function problemsOf(outcomes: readonly ParseOutcome[]): Problem[] {
  return outcomes.flatMap(({ problem }) => problem ?? []);
}

function withProblems(
  set: ManifestSet,
  unidentified: readonly Problem[],
  warnings: readonly Problem[],
): ManifestSet {
  return {
    ...set,
    unidentified: [...unidentified, ...set.unidentified],
    warnings: [...set.warnings, ...warnings],
  };
}

async function contentOf(objects: ObjectReader, blob: string | undefined, digest: string): Promise<Buffer> {
  if (blob === undefined) throw new Error(`No file of the revision has the digest ${digest}`);
  const answer = await objects.read(blob);
  if (answer.status !== "content") throw new Error(`The mirror has no object ${blob} any more`);
  return answer.content;
}
