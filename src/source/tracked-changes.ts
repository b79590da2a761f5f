import { objectKey, type Identity } from "../manifest/manifest.ts";
import type { Change } from "../plan/plan.ts";
import type { FileEntry } from "./history.ts";
import type { FactsReader, FileFacts } from "./manifest-facts.ts";
import { absentState, type FilesThere } from "./object-view.ts";
import type { Walker } from "./object-walk.ts";
import type { ParseOutcome } from "./parse-thread.ts";

/** The manifest files of a commit. */
export interface FilesOfCommit {
  /** By path, links and what else is not read too. */
  readonly entries: ReadonlyMap<string, FileEntry>;
  /** By path, what parsing came to. */
  readonly outcomes: ReadonlyMap<string, ParseOutcome>;
  /** Digests of files that manifests refer to; null where none can be used. */
  readonly digests: ReadonlyMap<string, string | null>;
}

/** A change whose maker is looked for. */
export interface TrackedChange extends Walker {
  readonly change: Change;
  readonly subject: Walker["subject"] & { readonly homes: string[] };
}

/** The object of a change, to be followed from the state that it now has to the one that is stored. */
export function trackChange(change: Change): TrackedChange {
  const { before, after } = change;
  const now = after?.hash ?? absentState;
  const names = [change.id, change.name, before?.name ?? change.name];
  return {
    change,
    subject: {
      key: objectKey(change),
      storedName: before && `${before.kind} ${before.name}`,
      storedPath: before?.path ?? null,
      homes: [...new Set([before?.path ?? [], after?.place.file ?? []].flat())],
    },
    words: [...new Set(names.map((name) => name.toLowerCase()))],
    seeks: (state) => state === now,
    converged: before?.hash ?? absentState,
    found: null,
    author: null,
    broughtBy: null,
    contributors: [],
  };
}

/** For each walker, the files of a commit that may speak of its object, and what they say. */
export async function filesOfWalkers<W extends Walker>(
  facts: FactsReader,
  { entries, outcomes }: FilesOfCommit,
  walkers: readonly W[],
): Promise<ReadonlyMap<W, FilesThere>> {
  const byWalker = new Map(walkers.map((walker) => [walker, new Set<string>(walker.subject.homes)]));
  const byKey = new Map(walkers.map((walker) => [walker.subject.key, walker]));
  const byName = new Map(walkers.map((walker) => [walker.subject.storedName, walker]));
  // There may be very many documents and few walkers: most need not be asked for their keys.
  const ids = new Set(walkers.map(({ subject: { key } }) => key.slice(key.indexOf("/") + 1)));
  for (const [path, { parsed }] of outcomes)
    for (const document of parsed?.documents ?? []) {
      if (document.status === "unidentified") continue;
      const walker = ids.has(document.id) ? byKey.get(objectKey(document)) : undefined;
      if (walker) byWalker.get(walker)?.add(path);
      const namesake = document.status === "broken" ? byName.get(nameKey(document)) : undefined;
      if (namesake) byWalker.get(namesake)?.add(path);
    }
  const said = await readFacts(
    facts,
    { entries, outcomes },
    new Set([...byWalker.values()].flatMap((paths) => [...paths])),
  );
  return new Map(
    [...byWalker].map(([walker, paths]) => [
      walker,
      new Map([...paths].map((path) => [path, said.get(path) ?? null])),
    ]),
  );
}

async function readFacts(
  facts: FactsReader,
  { entries, outcomes }: Pick<FilesOfCommit, "entries" | "outcomes">,
  paths: ReadonlySet<string>,
): Promise<ReadonlyMap<string, { readonly blob: string; readonly facts: FileFacts }>> {
  const files = [...paths].flatMap((path) => {
    const entry = entries.get(path);
    return entry ? [{ path, entry }] : [];
  });
  for (const file of files) {
    const outcome = outcomes.get(file.path);
    if (outcome) facts.remember(file, outcome);
  }
  const read = await facts.read(files);
  return new Map(
    files.flatMap(({ path, entry }, index) => {
      const said = read[index];
      return said ? [[path, { blob: entry.id, facts: said }] as const] : [];
    }),
  );
}

function nameKey({ kind, name }: Pick<Identity, "kind" | "name">): string {
  return `${kind} ${name}`;
}
