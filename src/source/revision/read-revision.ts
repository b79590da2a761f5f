import type { ManifestSet } from "../../manifest/manifest.ts";
import type { Problem } from "../../manifest/problem.ts";
import type { ObjectReader } from "../git/object-reader.ts";
import type { TreeReader } from "../git/tree-reader.ts";
import type { ParseOutcome } from "../parse/parse-thread.ts";
import { fileProblem } from "../parse/source-problem.ts";
import { createAssembly } from "./assembly.ts";
import type { FilesOfCommit } from "./document-index.ts";
import { createDocumentIndex } from "./document-index.ts";
import { findFolderLinks } from "./folder-links.ts";
import { sortEntries, type EntryLimits } from "./manifest-entries.ts";
import { rememberFacts, type FactsReading } from "./manifest-facts.ts";
import { createManifestReader } from "./read-manifests.ts";
import { createReferencedFiles, type ReferencedFiles } from "./referenced-files.ts";
import { takeSnapshot, type Snapshot, type SnapshotReading } from "./snapshot.ts";

/** What the repository says at a commit. */
export interface Revision {
  readonly commit: string;
  readonly set: ManifestSet;
  /** The content of a referenced file by its digest (SHA-256, hex). */
  content(digest: string): Promise<Buffer>;
}

/** What revisions are read with. */
export interface RevisionReading extends SnapshotReading, FactsReading {
  readonly trees: TreeReader;
  readonly limits: EntryLimits;
}

/** What was read last, for the next one to go on from. */
interface LastRead {
  readonly revision: Revision;
  readonly snapshot: Snapshot;
  readonly referenced: ReferencedFiles;
  readonly documents: ReturnType<typeof createDocumentIndex>;
  /** Files that were not parsed, this time. */
  readonly unsettled: ReadonlySet<string>;
}

/** Reads one revision after the other: each is compared with the one before. */
export function createRevisionReader(reading: RevisionReading) {
  const { objects, pool, paths, limits, commits, trees, knownFacts } = reading;
  const manifests = createManifestReader(objects, pool);
  const references = createReferencedFiles(reading, limits.fileSize);
  const assembly = createAssembly();
  let last: LastRead | null = null;
  let turn: Promise<unknown> = Promise.resolve();

  function inTurn<T>(run: () => Promise<T>): Promise<T> {
    const mine = turn.then(run);
    turn = mine.catch(() => {});
    return mine;
  }

  async function readNow(commit: string): Promise<Revision> {
    if (last?.snapshot.commit === commit && last.unsettled.size === 0) return last.revision;
    const snapshot = await takeSnapshot(reading, last?.snapshot ?? null, commit);
    const { set, referenced } = await readTree(snapshot);
    const revision: Revision = {
      commit,
      set,
      content: (digest) => contentOf(objects, referenced.blobs.get(digest), digest),
    };
    last = {
      revision,
      snapshot: { ...snapshot, referenced: referenced.entries },
      referenced,
      ...indexed(snapshot),
    };
    return revision;
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
      referenced,
    };
  }

  function outcomeAt(entries: Snapshot["entries"], path: string): ParseOutcome | undefined {
    const entry = entries.get(path);
    return entry && manifests.outcomeOf(entry);
  }

  /** The index of what was read: that of the last one, changed as the tree has, or a new one. */
  function indexed({ entries, changed }: Snapshot): Pick<LastRead, "documents" | "unsettled"> {
    const known = changed && last;
    const documents = known?.documents ?? createDocumentIndex();
    const touched = known ? [...changed, ...known.unsettled] : entries.keys();
    const unsettled = new Set<string>();
    for (const path of touched) {
      if (known) forget(documents, known.snapshot.entries, path);
      documents.add(path, outcomeAt(entries, path));
      if (entries.has(path) && outcomeAt(entries, path) === undefined) unsettled.add(path);
    }
    return { documents, unsettled };
  }

  /** What it said before is asked for soon, by whoever looks for who changed it. */
  function forget(documents: LastRead["documents"], entries: Snapshot["entries"], path: string): void {
    const [entry, outcome] = [entries.get(path), outcomeAt(entries, path)];
    documents.remove(path, outcome);
    if (entry && outcome) rememberFacts(knownFacts, { path, entry }, outcome);
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
    const { snapshot, referenced, documents } = last;
    const { entries } = snapshot;
    const paths = [...referenced.entries.keys()];
    return {
      entries,
      outcomeAt: (path) => outcomeAt(entries, path),
      // It goes on with the next revision that is read, which may be before this one is done with.
      documents: () =>
        last?.snapshot === snapshot
          ? documents.index
          : indexed({ ...snapshot, changed: null }).documents.index,
      digests: new Map(paths.map((path) => [path, referenced.digests.get(path) ?? null])),
    };
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
