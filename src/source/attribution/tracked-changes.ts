import { objectKey } from "../../manifest/manifest.ts";
import type { Change } from "../../plan/plan.ts";
import type { DocumentIndex, FilesOfCommit } from "../revision/document-index.ts";
import type { FactsReader, FileFacts } from "../revision/manifest-facts.ts";
import { absentState, type FilesThere } from "./object-view.ts";
import type { Walker } from "./object-walk.ts";

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
    firstWritten: null,
  };
}

/** For each walker, the files of a commit that may speak of its object, and what they say. */
export async function filesOfWalkers<W extends Walker>(
  facts: FactsReader,
  files: FilesOfCommit,
  walkers: readonly W[],
): Promise<ReadonlyMap<W, FilesThere>> {
  const documents = files.documents();
  const byWalker = new Map(walkers.map((walker) => [walker, pathsOf(documents, walker)]));
  const said = await readFacts(facts, files, new Set([...byWalker.values()].flatMap((paths) => [...paths])));
  return new Map(
    [...byWalker].map(([walker, paths]) => [
      walker,
      new Map([...paths].map((path) => [path, said.get(path) ?? null])),
    ]),
  );
}

function pathsOf(
  documents: DocumentIndex,
  { subject: { key, storedName, homes } }: Walker,
): ReadonlySet<string> {
  const id = key.slice(key.indexOf("/") + 1);
  const namesakes = storedName === null ? [] : documents.withBrokenName(storedName);
  return new Set([...homes, ...documents.withId(id), ...namesakes]);
}

async function readFacts(
  facts: FactsReader,
  { entries, outcomeAt }: FilesOfCommit,
  paths: ReadonlySet<string>,
): Promise<ReadonlyMap<string, { readonly blob: string; readonly facts: FileFacts }>> {
  const files = [...paths].flatMap((path) => {
    const entry = entries.get(path);
    return entry ? [{ path, entry }] : [];
  });
  for (const file of files) {
    const outcome = outcomeAt(file.path);
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
