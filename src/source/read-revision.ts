import type { ManifestSet } from "../manifest/manifest.ts";
import type { Problem } from "../manifest/problem.ts";
import { createAssembly } from "./assembly.ts";
import { findFolderLinks } from "./folder-links.ts";
import { sortEntries, type EntryLimits } from "./manifest-entries.ts";
import type { ObjectReader } from "./object-reader.ts";
import type { ParsePool } from "./parse-pool.ts";
import type { ParseOutcome } from "./parse-thread.ts";
import { createManifestReader } from "./read-manifests.ts";
import { createReferencedFiles } from "./referenced-files.ts";
import { takeSnapshot, type Snapshot, type SnapshotReading } from "./snapshot.ts";
import { fileProblem } from "./source-problem.ts";
import type { FilesOfCommit } from "./tracked-changes.ts";
import type { TreeReader } from "./tree-reader.ts";
import type { TreeEntry } from "./tree.ts";

/** What the repository says at a commit. */
export interface Revision {
  readonly commit: string;
  readonly set: ManifestSet;
  /** The content of a referenced file by its digest (SHA-256, hex). */
  content(digest: string): Promise<Buffer>;
}

/** What revisions are read with. */
export interface RevisionReading extends SnapshotReading {
  readonly pool: ParsePool;
  readonly trees: TreeReader;
  readonly limits: EntryLimits;
}

/** Reads one revision after the other: each is compared with the one before. */
export function createRevisionReader(reading: RevisionReading) {
  const { objects, pool, paths, limits, commits, trees } = reading;
  const manifests = createManifestReader(objects, pool);
  const references = createReferencedFiles(reading, limits.fileSize);
  const assembly = createAssembly();
  let last: { readonly snapshot: Snapshot; readonly files: () => FilesOfCommit } | null = null;
  let turn: Promise<unknown> = Promise.resolve();

  function inTurn<T>(run: () => Promise<T>): Promise<T> {
    const mine = turn.then(run);
    turn = mine.catch(() => {});
    return mine;
  }

  async function readNow(commit: string): Promise<Revision> {
    const snapshot = await takeSnapshot(reading, last?.snapshot ?? null, commit);
    const { set, files, referenced } = await readTree(snapshot);
    last = { snapshot: { ...snapshot, referenced: referenced.entries }, files };
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
    const parsed = outcomes.flatMap((outcome) => outcome.parsed ?? []);
    const referenced = await references.find(commit, assembly.references(parsed), snapshot.referenced);
    const set = assembly.assemble(parsed, referenced.digests);
    const missing = await missingPaths(commit);
    return {
      set: withProblems(set, [...missing, ...sorted.problems, ...problemsOf(outcomes)], referenced.warnings),
      files: () => ({
        entries,
        outcomes: byPath(sorted.manifests, outcomes),
        digests: new Map(
          [...referenced.entries.keys()].map((path) => [path, referenced.digests.get(path) ?? null]),
        ),
      }),
      referenced,
    };
  }

  async function missingPaths(commit: string): Promise<Problem[]> {
    const tree = (await commits(commit))?.tree;
    const named = paths.paths.filter((path) => path !== "");
    const found = await Promise.all(
      named.map(async (path) => tree !== undefined && (await trees.find(tree, path))),
    );
    return named.filter((_path, at) => !found[at]).map(missingPath);
  }

  async function filesAt(commit: string): Promise<FilesOfCommit> {
    await turn;
    if (last?.snapshot.commit !== commit) await inTurn(() => readNow(commit));
    if (last?.snapshot.commit !== commit)
      throw new Error(`Another revision was read while ${commit} was looked at`);
    return last.files();
  }

  return {
    read: (commit: string) => inTurn(() => readNow(commit)),
    /** The same without leaving a trace: the next read goes on from the one before. */
    look: (commit: string) =>
      inTurn(async () => {
        const snapshot = await takeSnapshot(reading, last?.snapshot ?? null, commit);
        return (await readTree(snapshot)).set;
      }),
    filesAt,
  };
}

function byPath(
  entries: readonly TreeEntry[],
  outcomes: readonly ParseOutcome[],
): ReadonlyMap<string, ParseOutcome> {
  return new Map(outcomes.map((outcome, at) => [entries[at]?.path ?? "", outcome]));
}

function missingPath(path: string): Problem {
  return fileProblem(
    path,
    "path-missing",
    "The configured path is not in the repository at this commit. Correct 'paths', or add the folder (Git keeps no empty one: put a file into it); until then nothing is deleted.",
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
