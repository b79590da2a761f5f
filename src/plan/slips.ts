import { closest } from "../closest.ts";
import { grouped } from "../grouped.ts";
import { hashObject } from "../manifest/canonical.ts";
import { problemAt } from "../manifest/check-set.ts";
import { deriveId } from "../manifest/identity.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { quoteForPeople } from "../manifest/pointer.ts";
import type { Problem } from "../manifest/problem.ts";
import { claimOf, routeOf } from "../manifest/references.ts";
import type { Candidate } from "./candidates.ts";
import type { Settled } from "./effective-state.ts";
import type { Held, StoredObject } from "./plan.ts";

/** Objects that are gone, and newcomers in their files that look like them under misspelt names. */
export interface Slips {
  /** What each object that is gone may be now. */
  readonly gone: ReadonlyMap<StoredObject, Manifest>;
  /** What each newcomer may have been. */
  readonly newcomers: ReadonlyMap<Manifest, StoredObject>;
}

/** So many names are compared; of more nobody knows, and all of them wait. */
const mostCompared = 10_000;

export const noSlips: Slips = { gone: new Map(), newcomers: new Map() };

/** Objects, by key, whose deletion somebody consented to by name: they are no slips. */
type Consents = ReadonlySet<string>;

/**
 * Finds names that look misspelt: a newcomer without an id of its own stands in the file of an object that is
 * gone, its name is so near that one would ask "did you mean", and it takes the same requests or, where it
 * takes none, says the same. A rename to a name that is not near is what it seems.
 */
export function findSlips(candidates: readonly Candidate[], consents: Consents): Slips {
  const gone = candidates.flatMap(({ key, stored, present }) =>
    stored && !present && !consents.has(key) ? [stored] : [],
  );
  if (gone.length === 0) return noSlips;
  const newcomers = candidates.flatMap(({ stored, fallback, desired }) =>
    desired && !stored && !fallback && desired.id === deriveId(desired.kind, desired.name) ? [desired] : [],
  );
  const alike = grouped(newcomers, (newcomer) => likeness(newcomer, newcomer.place.file));
  const slips = { gone: new Map<StoredObject, Manifest>(), newcomers: new Map<Manifest, StoredObject>() };
  let compared = 0;
  for (const [key, objects] of grouped(gone, (object) => likeness(object, object.path))) {
    const others = alike.get(key) ?? [];
    compared += objects.length * others.length;
    for (const [object, newcomer] of pairsOf(objects, others, compared <= mostCompared)) {
      slips.gone.set(object, newcomer);
      slips.newcomers.set(newcomer, object);
    }
  }
  return slips;
}

function pairsOf(
  gone: readonly StoredObject[],
  newcomers: readonly Manifest[],
  isComparable: boolean,
): (readonly [StoredObject, Manifest])[] {
  if (isComparable)
    return gone.flatMap((object) =>
      newcomers
        .filter(({ name }) => isNear(name, object.name))
        .map((newcomer) => [object, newcomer] as const),
    );
  const [object, newcomer] = [gone[0], newcomers[0]];
  if (!object || !newcomer) return [];
  return [
    ...gone.map((each) => [each, newcomer] as const),
    ...newcomers.map((each) => [object, each] as const),
  ];
}

function isNear(name: string, other: string): boolean {
  return name !== other && closest(name, [other]) !== null;
}

/** Equal for objects of a file that could be one under two names. */
function likeness(object: Manifest | StoredObject, file: string): string {
  const { kind, spec, files } = object;
  return JSON.stringify([kind, file, claimOf(object)?.key ?? hashObject({ spec, files })]);
}

/** The candidates when none of the newcomers goes live: each is told what it may have been. */
export function withoutMisspelt(
  candidates: readonly Candidate[],
  { newcomers }: Slips,
): readonly Candidate[] {
  if (newcomers.size === 0) return candidates;
  return candidates.map((candidate) => {
    const { desired, problems } = candidate;
    const gone = desired && newcomers.get(desired);
    return gone
      ? { ...candidate, desired: null, problems: [...problems, problemOf(desired, gone)] }
      : candidate;
  });
}

function problemOf(newcomer: Manifest, gone: StoredObject): Problem {
  const message = `${quoteForPeople(newcomer.name)} may be ${gone.kind} '${gone.name}' misspelt, which stood in this file and is gone. ${cureFor(gone)}`;
  return problemAt(newcomer, "/metadata/name", "possible-rename", message, gone);
}

/** The deletions of objects whose names were misspelt. */
export function holdMisspelt({ gone }: Slips): readonly Held[] {
  return [...gone].map(([object, { name, place }]) =>
    heldWith(
      object,
      `It may be what is ${quoteForPeople(name)} in ${place.file}:${place.line} now. ${cureFor(object)}`,
    ),
  );
}

function cureFor({ id }: StoredObject): string {
  return `If that is a slip, correct it; to rename the object, add 'id: ${id}' to metadata; to delete it, ${consent}.`;
}

/**
 * The deletions that would leave a gap: in the file of the object stands a newcomer that can't go live, and
 * may be what is to take its place.
 */
export function holdGaps(
  candidates: readonly Candidate[],
  {
    settled,
    consents,
    isWaiting,
  }: {
    readonly settled: Settled;
    readonly consents: Consents;
    /** Whether a newcomer does not go live. */
    readonly isWaiting: (newcomer: Candidate) => boolean;
  },
): readonly Held[] {
  const leaving = candidates.flatMap(({ key, stored, present }) =>
    stored && !present && !consents.has(key) && !settled.effective.has(key) ? [stored] : [],
  );
  if (leaving.length === 0) return [];
  const waiting = new Map<string, Candidate>();
  for (const candidate of candidates)
    if (!candidate.stored && candidate.present && isWaiting(candidate))
      for (const file of candidate.files) waiting.set(file, candidate);
  return leaving.flatMap((object) => {
    const newcomer = waiting.get(object.path);
    return newcomer ? [heldWith(object, gapReason(object, newcomer))] : [];
  });
}

function gapReason({ path }: StoredObject, { kind, name }: Candidate): string {
  return `In its file, ${path}, ${kind} ${quoteForPeople(name)} can't go live, which may be meant in its place. Mend that; to delete it all the same, ${consent}.`;
}

function heldWith(object: StoredObject, reason: string): Held {
  const { kind, id, name } = object;
  return { kind, id, name, route: routeOf(object), code: "possible-rename", reason };
}

const consent = "commit with the trailer `Gitway-Allow-Prune: yes` or run `gitway apply --allow-prune`";
