import { idClaimsOf } from "../manifest/dashboard-ids.ts";
import { objectKey, type Identity, type Specified } from "../manifest/manifest.ts";
import { claimOf, referencesOf } from "../manifest/references.ts";
import { nameKey, type Candidate } from "./candidates.ts";

/** What decides whether some objects go live, so that all else may change without being looked at. */
export interface Dependencies {
  /** Marks of documents, as `marksOf` gives them: those without any of these have no say. */
  readonly marks: ReadonlySet<string>;
  /** Whether it matters what else is there at all: somebody goes, or comes (law 3). */
  readonly onAbsence: boolean;
}

/** By what a document meets others: the object that it stands for, its name, its ids, its claim. */
export function marksOf(document: Identity | (Identity & Specified)): string[] {
  const own = [objectKey(document), nameKey(document)];
  if (!("spec" in document)) return own;
  const claim = claimOf(document);
  const ids = idClaimsOf(document).map(({ value }) => `id ${document.kind} ${value}`);
  return [...own, ...ids, ...(claim ? [`claim ${claim.key}`] : [])];
}

/**
 * Follows, from some objects, who wants or holds the same names and claims, what they refer to, and who is new
 * in the file of what is gone, to the end. Nobody else can change what becomes of them.
 */
export function dependenciesOf(keys: readonly string[], candidates: readonly Candidate[]): Dependencies {
  const marksBy = marksOfAll(candidates);
  const index = indexOf(marksBy);
  const marks = new Set(keys);
  const seen = new Set<Candidate>();
  let onAbsence = false;
  // A set goes on to what is added while it is gone through.
  for (const mark of marks)
    for (const candidate of index.get(mark) ?? []) {
      if (seen.has(candidate)) continue;
      seen.add(candidate);
      onAbsence ||= !candidate.present || !candidate.stored;
      for (const more of marksBy.get(candidate) ?? []) marks.add(more);
      for (const reference of candidate.desired ? referencesOf(candidate.desired) : [])
        marks.add(nameKey(reference));
    }
  return { marks, onAbsence };
}

type Marks = ReadonlyMap<Candidate, readonly string[]>;

function indexOf(marksBy: Marks): ReadonlyMap<string, readonly Candidate[]> {
  const index = new Map<string, Candidate[]>();
  for (const [candidate, marks] of marksBy)
    for (const mark of new Set(marks)) {
      const there = index.get(mark);
      if (there) there.push(candidate);
      else index.set(mark, [candidate]);
    }
  return index;
}

/** In the file of what is gone it meets what is new there: the one may be meant in place of the other. */
function marksOfAll(candidates: readonly Candidate[]): Marks {
  const left = new Set(
    candidates.flatMap(({ stored, present }) => (stored && !present ? [stored.path] : [])),
  );
  const placesOf = ({ stored, present, files }: Candidate) => {
    if (stored) return present ? [] : [stored.path];
    return files.filter((file) => left.has(file));
  };
  return new Map(
    candidates.map((candidate) => [
      candidate,
      [...marksOfCandidate(candidate), ...placesOf(candidate).map((file) => `file ${file}`)],
    ]),
  );
}

function marksOfCandidate({ key, kind, name, desired, stored, fallback }: Candidate): string[] {
  const versions = [desired, stored, fallback].flatMap((version) => (version ? marksOf(version) : []));
  return [key, nameKey({ kind, name }), ...versions];
}
