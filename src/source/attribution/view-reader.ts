import type { Commit } from "../git/history.ts";
import type { FileEntry, Step } from "../git/step.ts";
import type { FactsReader, ManifestFile } from "../revision/manifest-facts.ts";
import { isInsideGit, type ManifestPaths } from "../revision/manifest-paths.ts";
import type { createReferencedFiles } from "../revision/referenced-files.ts";
import {
  type FilesThere,
  type FileThere,
  filesOf,
  moveStanding,
  stateOf,
  type Subject,
  type View,
} from "./object-view.ts";

/** An object whose state is looked at along history. */
export interface Tracked {
  readonly subject: Subject;
  /** Its id and its names: a text without any of them does not speak of it. */
  readonly words: readonly string[];
}

/** What states are read with. */
export interface ViewReading {
  readonly facts: FactsReader;
  readonly references: Pick<ReturnType<typeof createReferencedFiles>, "find" | "digestOf">;
  readonly paths: ManifestPaths;
}

/** From the views at a commit to those at an older one. */
export interface ViewReader<T extends Tracked> {
  /** The view where these manifests are all that speak of the object. Digests may be known already. */
  start(
    tracked: T,
    commit: string,
    there: FilesThere,
    digests: ReadonlyMap<string, string | null>,
  ): Promise<View>;
  /** Parses at once what several steps need. */
  prefetch(steps: Iterable<Step>): Promise<void>;
  /** The views at `older` of all that may be another than it is. */
  move(
    step: Step,
    older: Commit["id"],
    views: ReadonlyMap<T, { readonly view: View }>,
  ): Promise<Map<T, View>>;
}

/** So many files are read ahead at most: not all of them may be needed. */
const mostAhead = 1000;

/** So few objects that a text is searched for each before it is parsed. */
const fewObjects = 8;

export function createViewReader<T extends Tracked>(reading: ViewReading, all: readonly T[]): ViewReader<T> {
  const { facts, references, paths } = reading;
  const index = indexOf(all);

  async function start(
    tracked: T,
    commit: string,
    there: FilesThere,
    digests: ReadonlyMap<string, string | null>,
  ): Promise<View> {
    const { subject } = tracked;
    const moved = moveStanding(subject, { standing: [], unreadable: new Map() }, there);
    return finish(tracked, commit, { ...moved, digests }, new Map());
  }

  async function prefetch(steps: Iterable<Step>): Promise<void> {
    const files = [...steps].flatMap((step) => manifestsOf(step).flatMap(({ file }) => file ?? []));
    if (files.length <= mostAhead) await facts.read(files);
  }

  async function move(
    step: Step,
    older: string,
    views: ReadonlyMap<T, { readonly view: View }>,
  ): Promise<Map<T, View>> {
    const there = await readThere(step, views);
    const near = new Map<T, Map<string, FileThere>>();
    for (const path of step.keys())
      for (const tracked of index.byPath.get(path) ?? []) note(near, tracked, path, there.get(path));
    for (const [path, found] of there)
      for (const tracked of index.spokenOf(found?.facts.documents ?? [])) note(near, tracked, path, found);

    const moved = new Map<T, View>();
    for (const [tracked, files] of near) {
      const view = views.get(tracked)?.view;
      if (!view) continue;
      const placed = moveStanding(tracked.subject, view, files);
      moved.set(tracked, await finish(tracked, older, { ...placed, digests: view.digests }, step));
    }
    return moved;
  }

  /** The changed manifests that may speak of an object, as they are at the older commit. */
  async function readThere(step: Step, views: ReadonlyMap<T, unknown>): Promise<FilesThere> {
    const changed = manifestsOf(step);
    const worth: ManifestFile[] = [];
    for (const { path, file } of changed)
      if (file && (await isWorthParsing(path, file, views))) worth.push(file);
    const read = await facts.read(worth);
    const found = new Map(worth.map(({ path, entry }, at) => [path, { blob: entry.id, facts: read[at] }]));
    const there = changed.map(({ path }) => {
      const { blob, facts: said } = found.get(path) ?? {};
      return [path, blob !== undefined && said ? { blob, facts: said } : null] as const;
    });
    return new Map(there);
  }

  async function isWorthParsing(path: string, file: ManifestFile, views: ReadonlyMap<T, unknown>) {
    if (views.size > fewObjects) return true;
    for (const tracked of index.byPath.get(path) ?? []) if (views.has(tracked)) return true;
    const text = (await facts.text(file))?.toLowerCase();
    // With an escape, a name may stand there without being seen.
    if (text === undefined || text.includes("\\")) return true;
    for (const { words } of views.keys() as Iterable<T>)
      if (words.some((word) => text.includes(word))) return true;
    return false;
  }

  function manifestsOf(step: Step): { readonly path: string; readonly file: ManifestFile | null }[] {
    const changed = [...step].filter(([path]) => paths.isManifest(path) && !isInsideGit(path));
    return changed.map(([path, { older }]) => ({ path, file: older && { path, entry: older } }));
  }

  async function finish(tracked: T, commit: string, placed: Omit<View, "state">, step: Step): Promise<View> {
    const needed = [...new Set(filesOf(tracked.subject, placed.standing))];
    const digests = new Map<string, string | null>();
    for (const path of needed) {
      const change = step.get(path);
      if (change) digests.set(path, await digestOf(change.older));
      else if (placed.digests.has(path)) digests.set(path, placed.digests.get(path) ?? null);
    }
    const missing = needed.filter((path) => !digests.has(path));
    if (missing.length > 0) {
      const found = await references.find(commit, missing, new Map());
      for (const path of missing) digests.set(path, found.digests.get(path) ?? null);
    }
    index.add(tracked, [...placed.standing.map(({ file }) => file), ...needed]);
    const view = { standing: placed.standing, unreadable: placed.unreadable, digests };
    return { ...view, state: stateOf(tracked.subject, view) };
  }

  async function digestOf(entry: FileEntry | null): Promise<string | null> {
    return entry && references.digestOf(entry);
  }

  return { start, prefetch, move };
}

/** Of the changed files only those that an object has to do with: all for each would be a square of them. */
function note<T>(
  near: Map<T, Map<string, FileThere>>,
  tracked: T,
  path: string,
  found: FileThere | undefined,
): void {
  const files = near.get(tracked) ?? new Map<string, FileThere>();
  near.set(tracked, files);
  if (found !== undefined) files.set(path, found);
}

/** Finds tracked objects by the paths that they ever had to do with, and by their identity. */
function indexOf<T extends Tracked>(all: readonly T[]) {
  const byPath = new Map<string, Set<T>>();
  const byKey = new Map(all.map((tracked) => [tracked.subject.key, tracked]));
  const byStoredName = new Map(
    all.flatMap((tracked) =>
      tracked.subject.storedName === null ? [] : [[tracked.subject.storedName, tracked] as const],
    ),
  );

  function add(tracked: T, paths: Iterable<string>): void {
    for (const path of paths) {
      const there = byPath.get(path);
      if (there) there.add(tracked);
      else byPath.set(path, new Set([tracked]));
    }
  }

  function spokenOf(
    documents: readonly { readonly key: string; readonly nameKey: string; readonly broken: string | null }[],
  ): T[] {
    return documents.flatMap(({ key, nameKey, broken }) => [
      ...(byKey.get(key) ? [byKey.get(key) as T] : []),
      ...(broken !== null && byStoredName.get(nameKey) ? [byStoredName.get(nameKey) as T] : []),
    ]);
  }

  for (const tracked of all) add(tracked, tracked.subject.homes);
  return { byPath, add, spokenOf };
}
