import { AppError } from "../../errors.ts";
import type { CommitReader } from "../git/commit-reader.ts";
import type { StepReader } from "../git/history.ts";
import type { ObjectReader } from "../git/object-reader.ts";
import type { FileEntry } from "../git/step.ts";
import { isFile, listTree, type Repository, type TreeEntry } from "../git/tree.ts";
import { isOfInterest } from "./manifest-entries.ts";
import type { ManifestPaths } from "./manifest-paths.ts";
import type { ReferencedEntries } from "./referenced-files.ts";

/** The entries of a commit that matter, kept for the next one: what stays the same stays the same object. */
export interface Snapshot {
  readonly commit: string;
  /** By path, in the order of their paths. */
  readonly entries: ReadonlyMap<string, TreeEntry>;
  readonly referenced: ReferencedEntries;
  /** What is not the same as in the snapshot before; null when everything may be. */
  readonly changed: ReadonlySet<string> | null;
}

/** What snapshots are taken with. */
export interface SnapshotReading {
  readonly repository: Repository;
  readonly objects: ObjectReader;
  readonly commits: CommitReader;
  readonly steps: StepReader;
  readonly paths: ManifestPaths;
}

/** More changed paths than this are not looked up one by one. */
const mostChanges = 2000;

/** The snapshot of a commit: what differs from another one, or else everything, is asked of git. */
export async function takeSnapshot(
  reading: SnapshotReading,
  last: Snapshot | null,
  commit: string,
): Promise<Snapshot> {
  if (last?.commit === commit) return { ...last, changed: new Set() };
  return (last && (await takeNext(reading, last, commit))) ?? takeWhole(reading, last, commit);
}

async function takeWhole(
  { repository, paths }: SnapshotReading,
  last: Snapshot | null,
  commit: string,
): Promise<Snapshot> {
  const listed = await listTree(repository, commit, paths.paths.includes("") ? null : paths.paths);
  const entries = listed
    .filter((entry) => isOfInterest(entry, paths))
    .map((entry) => {
      const known = last?.entries.get(entry.path);
      return known && isSame(known, entry) ? known : entry;
    });
  return { commit, entries: inOrder(entries), referenced: new Map(), changed: null };
}

async function takeNext(
  { objects, commits, steps, paths }: SnapshotReading,
  last: Snapshot,
  commit: string,
): Promise<Snapshot | null> {
  if ((await commits(last.commit)) === null) return null;
  const [step] = await steps([{ newer: commit, older: last.commit }]);
  if (!step || step.size > mostChanges || [...step.keys()].some(isUnclear)) return null;

  const entries = new Map(last.entries);
  const referenced = new Map(last.referenced);
  const changed = new Set<string>();
  let isInOrder = true;
  for (const [path, { newer }] of step) {
    if (!paths.covers(path) && !referenced.has(path)) continue;
    changed.add(path);
    const entry = newer && (await entryAt(objects, path, newer));
    if (referenced.has(path)) referenced.set(path, entry);
    if (entry && isOfInterest(entry, paths)) {
      isInOrder &&= entries.has(path);
      entries.set(path, entry);
    } else entries.delete(path);
  }
  return { commit, entries: isInOrder ? entries : inOrder([...entries.values()]), referenced, changed };
}

async function entryAt(objects: ObjectReader, path: string, { mode, id }: FileEntry): Promise<TreeEntry> {
  const size = isFile({ mode }) ? await objects.size(id) : 0;
  if (size === null)
    throw new AppError(
      "git-failed",
      `The mirror of the source lacks the file ${path} (object ${id}). It is only a copy: delete it and start again.`,
    );
  return { path, mode, id, size, readable: true };
}

/** Whether a name may be one that is no UTF-8. */
function isUnclear(path: string): boolean {
  return path.includes("\uFFFD");
}

function isSame(a: TreeEntry, b: TreeEntry): boolean {
  return a.id === b.id && a.mode === b.mode && a.size === b.size && a.readable === b.readable;
}

function inOrder(entries: readonly TreeEntry[]): ReadonlyMap<string, TreeEntry> {
  const sorted = entries.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return new Map(sorted.map((entry) => [entry.path, entry]));
}
