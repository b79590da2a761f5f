import { createCache } from "../cache.ts";
import type { createGraphReader } from "../git/commit-graph.ts";
import type { CommitReader } from "../git/commit-reader.ts";
import { gitOutput } from "../git/git.ts";
import type { Commit, StepReader } from "../git/history.ts";
import type { FileEntry } from "../git/step.ts";
import { splitAtNul, type Repository } from "../git/tree.ts";
import { createFactsReader, type FactsReading } from "../revision/manifest-facts.ts";
import type { ManifestPaths } from "../revision/manifest-paths.ts";

/** Which deletions somebody consented to in a range of commits. */
export interface PruneConsents {
  /** Whether a commit says `Gitway-Allow-Prune: yes`. */
  readonly all: boolean;
  /**
   * Objects, as `objectKey` gives them, that a commit deletes and names: `Gitway-Allow-Prune: ApiToken/internal`.
   * What another commit deletes is no business of such a consent, whatever it names.
   */
  readonly objects: ReadonlySet<string>;
}

/** What consents are looked for with. */
export interface ConsentReading extends FactsReading {
  readonly trailers: TrailerReader;
  readonly commits: CommitReader;
  readonly graphs: ReturnType<typeof createGraphReader>;
  readonly steps: StepReader;
  readonly paths: ManifestPaths;
}

/** Reads the consents of the commits that `to` has and `from` has not, and of `to` itself. */
export async function pruneConsents(
  reading: ConsentReading,
  from: string | null,
  to: string,
): Promise<PruneConsents> {
  const graph = await reading.graphs.read(to, from === null ? [] : [from]);
  const range = from !== null && from !== to && graph.has(from) ? graph.list([to], from) : [];
  const trailers = await reading.trailers([to, ...range.map(({ id }) => id)]);
  const objects = new Set<string>();
  for (const [commit, values] of trailers) {
    const names = new Set(values.flatMap((value) => nameIn(value) ?? []));
    if (names.size === 0) continue;
    for (const key of await deletedBy(reading, commit, names)) objects.add(key);
  }
  return { all: [...trailers.values()].some(saysAll), objects };
}

/** Which of some commits consent to whatever is deleted. */
export async function findConsents(
  reading: Pick<ConsentReading, "trailers">,
  asked: readonly Pick<Commit, "id">[],
): Promise<readonly string[]> {
  const trailers = await reading.trailers(asked.map(({ id }) => id));
  return [...trailers].flatMap(([commit, values]) => (saysAll(values) ? [commit] : []));
}

const trailer = "%(trailers:key=Gitway-Allow-Prune,valueonly,unfold)";
const fewCommits = 50;

/** The trailers of those commits that have some, by commit. */
export type TrailerReader = (ids: readonly string[]) => Promise<ReadonlyMap<string, readonly string[]>>;

const mostRemembered = 100;

/** Reads trailers. What one is, git alone knows; where none can be, it is not asked, and of few commits only once. */
export function createTrailerReader(repository: Repository, commits: CommitReader): TrailerReader {
  const known = createCache<readonly string[]>(mostRemembered, () => 1);
  return async (asked) => {
    const ids = [...new Set(asked)];
    if (ids.length > fewCommits) return readTrailers(repository, ids);
    const found = new Map<string, readonly string[]>();
    const unknown: string[] = [];
    for (const id of await mentionsIn(commits, ids)) {
      const values = known.get(id);
      if (values) found.set(id, values);
      else unknown.push(id);
    }
    for (const [id, values] of unknown.length === 0 ? [] : await readTrailers(repository, unknown)) {
      known.set(id, values);
      found.set(id, values);
    }
    return found;
  };
}

async function readTrailers(
  { setting, path }: Repository,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const options = ["log", "--no-walk=unsorted", "-z", `--format=%H%x00${trailer}`, "--stdin"];
  const input = ids.map((id) => `${id}\n`).join("");
  const output = await gitOutput(setting, ["--git-dir", path, ...options], { cwd: path, input });
  const fields = splitAtNul(output).map(String);
  return new Map(
    fields.flatMap((field, at) => (at % 2 === 1 ? [[fields[at - 1] ?? "", valuesIn(field)] as const] : [])),
  );
}

async function mentionsIn(commits: CommitReader, ids: readonly string[]): Promise<readonly string[]> {
  const mentioning: string[] = [];
  for (const id of ids) {
    const commit = await commits(id);
    if (!commit || /gitway-allow-prune/i.test(commit.message.toString("latin1"))) mentioning.push(id);
  }
  return mentioning;
}

function valuesIn(field: string): string[] {
  return field.split("\n").map((value) => value.trim());
}

function saysAll(values: readonly string[]): boolean {
  return values.some((value) => /^yes$/i.test(value));
}

/** `kind name`, as manifests are told apart by. */
function nameIn(value: string): string | null {
  const [, kind, name] = /^(\w+)\/([a-z0-9-]+)$/.exec(value) ?? [];
  return kind === undefined || name === undefined ? null : `${kind} ${name}`;
}

/** A commit that touches more files than this is not looked into: what it deletes can wait for consent. */
const mostPaths = 1000;

/** The objects that stand in the parent of a commit and not in the commit, of those that it names. */
async function deletedBy(
  reading: ConsentReading,
  commit: string,
  names: ReadonlySet<string>,
): Promise<readonly string[]> {
  const parent = (await reading.commits(commit))?.parents[0];
  // A shallow mirror does not have every parent.
  if (parent === undefined || !(await reading.commits(parent))) return [];
  const [step] = await reading.steps([{ newer: commit, older: parent }]);
  if (!step || step.size > mostPaths) return [];
  const facts = createFactsReader(reading);
  const objectsOn = async (side: "older" | "newer") => {
    const files = [...step].flatMap(([path, change]) => fileOf(reading.paths, path, change[side]));
    const documents = (await facts.read(files)).flatMap((file) => file.documents);
    return new Map(documents.map(({ key, nameKey }) => [key, nameKey]));
  };
  const [before, after] = [await objectsOn("older"), await objectsOn("newer")];
  return [...before].flatMap(([key, name]) => (names.has(name) && !after.has(key) ? [key] : []));
}

function fileOf(paths: ManifestPaths, path: string, entry: FileEntry | null) {
  return entry !== null && paths.isManifest(path) ? [{ path, entry }] : [];
}
