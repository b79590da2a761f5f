import { createHash } from "node:crypto";

import { assembleManifests } from "../../src/manifest/assemble.ts";
import { objectKey, type Manifest } from "../../src/manifest/manifest.ts";
import { parseFile } from "../../src/manifest/parse-file.ts";
import type { Change, Person } from "../../src/plan/plan.ts";
import type { RandomCommit } from "./random-history.ts";

/** Who made a change, by numbers of commits; null is Gitway. */
export interface OracleVerdict {
  readonly author: number | null;
  readonly contributors: readonly Person[];
  readonly releasedBy: number | null;
}

/** A range of a history, by numbers of commits. */
export interface OracleRange {
  readonly from: number | null;
  readonly to: number;
  readonly attempted: number | null | undefined;
}

/**
 * Says who made a change the slow, obvious way, to hold the real one against: it parses every manifest of
 * every commit in full and follows the definition word by word. It shares nothing but the parser with it.
 */
export function createOracle(history: readonly RandomCommit[]) {
  const ancestors = history.map((_, index) => ancestorsOf(history, index));

  function isBehind(commit: number, other: number): boolean {
    return ancestors[other]?.has(commit) ?? false;
  }

  /** The manifests of a commit that can go live by themselves, and whether all of it can be read. */
  function read(commit: number): { manifests: readonly Manifest[]; isReadable: boolean } {
    const files = parsedFiles(history, commit);
    const digests = digestsOf(history, commit);
    const set = assembleManifests(
      files.flatMap(({ parsed }) => parsed ?? []),
      { digestOf: (path) => digests.get(path) },
    );
    const isReadable = set.unidentified.length === 0 && files.every(({ parsed }) => parsed !== null);
    return { manifests: set.manifests, isReadable };
  }

  /** `stored` is the commit of the version that the store has. */
  function judge(change: Change, stored: number | null, range: OracleRange): OracleVerdict {
    const { from, to, attempted } = range;
    const homes = new Set([change.before?.path ?? [], change.after?.place.file ?? []].flat());
    if (from !== null && from !== to) for (const { file } of standing(history, from, change)) homes.add(file);
    const states = history.map((_, commit) => stateAt(history, commit, change, homes));
    const wanted = change.after?.hash ?? "absent";
    const converged = change.before?.hash ?? "absent";
    const inRange = (commit: number) => isBehind(commit, to) && (from === null || !isBehind(commit, from));
    const order = dateOrder(history, (commit) => inRange(commit));

    const older = dateOrder(history, (commit) => isBehind(commit, to) && !inRange(commit));
    const start = seek(states, wanted, to, [...order, ...older]);
    const author = start === null ? null : makerOf(states, start);
    if (author === null) return gitway;
    const path = start === null ? [] : pathOf(states, start);

    if (stored !== null && !isBehind(stored, to) && isBehind(author, stored)) return gitway;
    if (inRange(author)) {
      const waited = attempted !== undefined && attempted !== null && isBehind(author, attempted);
      const releasedBy = waited ? releaser(attempted, to) : null;
      return { author, contributors: contributorsOf(author), releasedBy };
    }
    if (from === null) throw new Error("without a start everything is in the range");
    if (from === to || !isBehind(from, to)) return gitway;
    if (states[from] !== wanted) {
      const bringer = path.findLast((commit) => isBehind(from, commit)) ?? null;
      return { author, contributors: [], releasedBy: bringer };
    }
    if (attempted !== undefined) return gitway;
    const isOlder = stored === null || (stored !== author && isBehind(stored, author));
    return isOlder ? { author, contributors: [], releasedBy: releaser(from, to) } : gitway;

    function contributorsOf(maker: number): readonly Person[] {
      const makers = new Set<number>();
      const visited = new Set<number>();
      const behindMaker = (commit: number): void => {
        for (const parent of history[commit]?.parents ?? []) {
          if (!inRange(parent) || states[parent] === converged || visited.has(parent)) continue;
          visited.add(parent);
          const earlier = makerOf(states, parent);
          if (earlier === null || !inRange(earlier)) continue;
          makers.add(earlier);
          behindMaker(earlier);
        }
      };
      behindMaker(maker);
      const own = history[maker]?.author.email;
      const found = new Map<string, Person>();
      for (const commit of order)
        if (makers.has(commit)) {
          const { author: person } = history[commit] as RandomCommit;
          if (person.email !== own) found.set(person.email, person);
        }
      return [...found.values()];
    }
  }

  /** The first commit on the way to the root whose parents all have another state. */
  function makerOf(states: readonly string[], start: number): number | null {
    return pathOf(states, start).find((commit) => isMaker(states, commit)) ?? null;
  }

  function isMaker(states: readonly string[], commit: number): boolean {
    const parents = history[commit]?.parents ?? [];
    if (parents.length === 0) return states[commit] !== "absent";
    return parents.every((parent) => states[parent] !== states[commit]);
  }

  function pathOf(states: readonly string[], start: number): number[] {
    const path: number[] = [];
    for (let commit: number | undefined = start; commit !== undefined;) {
      path.push(commit);
      commit = history[commit]?.parents.find((parent) => states[parent] === states[path.at(-1) as number]);
    }
    return path;
  }

  /** The newest commit on the lines of the object that has the state. */
  function seek(
    states: readonly string[],
    wanted: string,
    to: number,
    order: readonly number[],
  ): number | null {
    const found: number[] = [];
    const visited = new Set<number>();
    const look = (commit: number): void => {
      if (visited.has(commit)) return;
      visited.add(commit);
      if (states[commit] === wanted) {
        found.push(commit);
        return;
      }
      for (const parent of history[pathOf(states, commit).at(-1) as number]?.parents ?? []) look(parent);
    };
    look(to);
    return found.length <= 1 ? (found[0] ?? null) : (order.find((commit) => found.includes(commit)) ?? null);
  }

  function releaser(since: number, to: number): number | null {
    const newer = dateOrder(history, (commit) => isBehind(commit, to) && !isBehind(commit, since));
    if (newer.length === 0) return null;
    return newer.find((commit) => changesManifests(history, commit)) ?? to;
  }

  return { read, judge, isBehind };
}

const gitway: OracleVerdict = { author: null, contributors: [], releasedBy: null };

function ancestorsOf(history: readonly RandomCommit[], commit: number): ReadonlySet<number> {
  const found = new Set<number>();
  const visit = (each: number): void => {
    if (found.has(each)) return;
    found.add(each);
    history[each]?.parents.forEach(visit);
  };
  visit(commit);
  return found;
}

/** Children before parents, and the newest first of those that may come next. */
function dateOrder(history: readonly RandomCommit[], belongs: (commit: number) => boolean): number[] {
  const left = new Set(history.map((_, commit) => commit).filter(belongs));
  const order: number[] = [];
  while (left.size > 0) {
    const free = [...left].filter((commit) =>
      [...left].every((other) => !history[other]?.parents.includes(commit)),
    );
    const next = free.toSorted((a, b) => (history[b]?.date ?? 0) - (history[a]?.date ?? 0))[0] as number;
    order.push(next);
    left.delete(next);
  }
  return order;
}

function changesManifests(history: readonly RandomCommit[], commit: number): boolean {
  const { parents, files } = history[commit] as RandomCommit;
  if (parents.length !== 1) return false;
  const older = (history[parents[0] as number] as RandomCommit).files;
  return [...new Set([...files.keys(), ...older.keys()])].some((path) => {
    const [now, then] = [files.get(path), older.get(path)];
    return isManifest(path) && (now?.text !== then?.text || now?.mode !== then?.mode);
  });
}

function isManifest(path: string): boolean {
  return path.startsWith("apis/") && path.endsWith(".yaml");
}

interface Standing {
  readonly file: string;
  readonly state: string;
}

function stateAt(
  history: readonly RandomCommit[],
  commit: number,
  change: Change,
  homes: ReadonlySet<string>,
): string {
  const all = standing(history, commit, change);
  const atStored = all.filter(({ file }) => file === change.before?.path);
  const speaking = all.length > 1 && atStored.length === 1 ? atStored : all;
  if (speaking.length > 0)
    return speaking
      .map(({ state }) => state)
      .toSorted()
      .join(" and ");
  const lost = parsedFiles(history, commit).filter(
    ({ path, parsed }) =>
      homes.has(path) &&
      (parsed === null || parsed.documents.some(({ status }) => status === "unidentified")),
  );
  return lost.length === 0 ? "absent" : lost.map(({ path, text }) => `lost ${path} ${text}`).join(" and ");
}

/** The documents of a commit that stand for the object of a change. */
function standing(history: readonly RandomCommit[], commit: number, change: Change): Standing[] {
  const digests = digestsOf(history, commit);
  return parsedFiles(history, commit).flatMap(({ path, text, parsed }) =>
    (parsed?.documents ?? []).flatMap((document) => {
      if (document.status === "unidentified") return [];
      const isOwn = objectKey(document) === objectKey(change);
      const isNamesake =
        document.status === "broken" &&
        document.kind === change.before?.kind &&
        document.name === change.before.name;
      if (!isOwn && !isNamesake) return [];
      if (document.status === "broken") {
        const { line, endLine, endColumn } = document.place;
        const lines = text.split("\n").slice(line - 1, endColumn === 1 ? endLine - 1 : endLine);
        return [{ file: path, state: `broken ${lines.join("\n").trim()}` }];
      }
      const [good] = assembleManifests([{ path, documents: [document] }], {
        digestOf: (file) => digests.get(file),
      }).manifests;
      const { name, spec } = document;
      return [{ file: path, state: good?.hash ?? `no script for ${name} ${JSON.stringify(spec)}` }];
    }),
  );
}

const parsedTexts = new Map<string, ReturnType<typeof parseFile>>();

function parsedFiles(history: readonly RandomCommit[], commit: number) {
  const files = [...(history[commit]?.files ?? [])].filter(([path]) => isManifest(path));
  return files
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, { mode, text }]) => ({
      path,
      text,
      parsed: mode === "100644" ? parseText(path, text) : null,
    }));
}

function parseText(path: string, text: string): ReturnType<typeof parseFile> {
  const key = `${path}\0${text}`;
  const parsed = parsedTexts.get(key) ?? parseFile(path, text, { routeBase: "/api/custom" });
  parsedTexts.set(key, parsed);
  return parsed;
}

function digestsOf(history: readonly RandomCommit[], commit: number): ReadonlyMap<string, string> {
  const files = [...(history[commit]?.files ?? [])].filter(([, { mode }]) => mode === "100644");
  return new Map(files.map(([path, { text }]) => [path, createHash("sha256").update(text).digest("hex")]));
}
