import { assembleManifests } from "../manifest/assemble.ts";
import { objectKey, type BrokenManifest, type Manifest } from "../manifest/manifest.ts";
import type { HistoryReading } from "./attribute.ts";
import { gitOutput } from "./git.ts";
import { createFactsReader, textOf } from "./manifest-facts.ts";
import { isGoodState, type View } from "./object-view.ts";
import { walkObjects, type Walker } from "./object-walk.ts";
import { filesOfWalkers } from "./tracked-changes.ts";
import { createViewReader } from "./view-reader.ts";

/** A version of an object that could go live, and a commit that has it. */
export interface ValidVersion {
  readonly manifest: Manifest;
  readonly commit: string;
  /** Contents of the files that it refers to, by digest: they may be others at the head. */
  readonly contents: ReadonlyMap<string, Buffer>;
}

/** How many old manifest files are parsed at most, for all objects together. */
const mostParsed = 1000;

/**
 * For objects that are broken at a commit, the newest valid version in its history: what goes live when
 * the store has none. Objects without one are left out, and so are those for which too much would have
 * to be read; the log says which.
 */
export async function newestValid(
  reading: HistoryReading,
  broken: readonly BrokenManifest[],
  commit: string,
): Promise<readonly ValidVersion[]> {
  if (broken.length === 0) return [];
  const walkers = [...new Map(broken.map((each) => [objectKey(each), walkerOf(each)])).values()];
  await findVersions(reading, walkers, commit);
  const versions: ValidVersion[] = [];
  const left: string[] = [];
  for (const { found, subject } of walkers) {
    const manifest = found && (await readVersion(reading, subject.key, found));
    const version = manifest && {
      manifest,
      commit: found.commit,
      contents: await contentsOf(reading, manifest, found.commit),
    };
    if (version) versions.push(version);
    else left.push(subject.key);
  }
  if (left.length > 0)
    reading.log.warn(
      { objects: left.slice(0, 20), count: left.length, commit },
      "no valid version of broken manifests was found in the history",
    );
  return versions;
}

function walkerOf(broken: BrokenManifest): Walker {
  return {
    subject: { key: objectKey(broken), storedName: null, storedPath: null, homes: [broken.place.file] },
    words: [broken.id.toLowerCase(), broken.name.toLowerCase()],
    seeks: isGoodState,
    stopsThere: true,
    converged: "",
    found: null,
    author: null,
    broughtBy: null,
    contributors: [],
  };
}

async function findVersions(
  reading: HistoryReading,
  walkers: readonly Walker[],
  commit: string,
): Promise<void> {
  const facts = createFactsReader(reading, walkers.length + mostParsed);
  const views = createViewReader({ ...reading, facts }, walkers);
  const files = await reading.filesAt(commit);
  const there = await filesOfWalkers(facts, files, walkers);
  const heads = new Map<Walker, View>();
  for (const walker of walkers)
    heads.set(walker, await views.start(walker, commit, there.get(walker) ?? new Map(), files.digests));
  const range = (await reading.graphs.read(commit, [])).list([commit], null);
  const isEnough = () => facts.isExhausted() || walkers.every(({ found }) => found !== null);
  await walkObjects(
    {
      range,
      line: new Set(),
      behind: () => [],
      steps: reading.steps,
      views,
      isEnough,
    },
    commit,
    heads,
  );
}

async function readVersion(
  { objects, pool }: HistoryReading,
  key: string,
  { view }: NonNullable<Walker["found"]>,
): Promise<Manifest | null> {
  const [standing] = view.standing;
  if (!standing) return null;
  const text = await textOf(objects, {
    path: standing.file,
    entry: { mode: "100644", id: standing.blob },
  });
  const [outcome] = "text" in text ? await pool.parse([text]) : [];
  if (!outcome?.parsed) return null;
  const { manifests } = assembleManifests([outcome.parsed], {
    digestOf: (path) => view.digests.get(path) ?? undefined,
  });
  return manifests.find((each) => objectKey(each) === key) ?? null;
}

/** The view has looked at these files: they are regular, and small enough to read. */
async function contentsOf(
  { repository: { setting, path } }: HistoryReading,
  { files }: Manifest,
  commit: string,
): Promise<ReadonlyMap<string, Buffer>> {
  const contents = new Map<string, Buffer>();
  for (const [file, digest] of Object.entries(files)) {
    const args = ["--git-dir", path, "cat-file", "blob", `${commit}:${file}`];
    contents.set(digest, await gitOutput(setting, args, { cwd: path }));
  }
  return contents;
}
