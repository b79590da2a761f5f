import { closest } from "../closest.ts";
import { grouped } from "../grouped.ts";
import { hashObject } from "../manifest/canonical.ts";
import { problemAt } from "../manifest/check-set.ts";
import { deriveId } from "../manifest/identity.ts";
import type { GitwayObject, Manifest } from "../manifest/manifest.ts";
import { quoteForPeople } from "../manifest/pointer.ts";
import type { Problem } from "../manifest/problem.ts";
import { claimOf, routeOf } from "../manifest/references.ts";
import type { Candidate } from "./candidates.ts";
import type { Held } from "./plan.ts";

/** Objects that are gone, and newcomers in their files that look like them under misspelt names. */
export interface Slips {
  /** What each object that is gone may be now. */
  readonly gone: ReadonlyMap<GitwayObject, Manifest>;
  /** What each newcomer may have been. */
  readonly newcomers: ReadonlyMap<Manifest, GitwayObject>;
}

/** So many names are compared; of more nobody knows, and all of them wait. */
const mostCompared = 10_000;

export const noSlips: Slips = { gone: new Map(), newcomers: new Map() };

/**
 * Finds names that look misspelt: a newcomer without an id of its own stands in the file of an object that is
 * gone, its name is so near that one would ask "did you mean", and it takes the same requests or, where it
 * takes none, says the same. A rename to a name that is not near is what it seems.
 */
export function findSlips(candidates: readonly Candidate[], consents: ReadonlySet<string>): Slips {
  const gone = candidates.flatMap((candidate) => (consents.has(candidate.key) ? [] : goneIn(candidate)));
  if (gone.length === 0) return noSlips;
  const newcomers = candidates.flatMap(({ stored, fallback, desired }) =>
    desired && !stored && !fallback && desired.id === deriveId(desired.kind, desired.name) ? [desired] : [],
  );
  const alike = grouped(newcomers, (newcomer) => likeness(newcomer, newcomer.place.file));
  const slips = { gone: new Map<GitwayObject, Manifest>(), newcomers: new Map<Manifest, GitwayObject>() };
  let compared = 0;
  for (const [key, some] of grouped(gone, ({ object, file }) => likeness(object, file))) {
    const [objects, others] = [some.map(({ object }) => object), alike.get(key) ?? []];
    compared += objects.length * others.length;
    for (const [object, newcomer] of pairsOf(objects, others, compared <= mostCompared)) {
      slips.gone.set(object, newcomer);
      slips.newcomers.set(newcomer, object);
    }
  }
  return slips;
}

/** An object that no document stands for, and the file where one was last seen. */
interface Gone {
  readonly object: GitwayObject;
  readonly file: string;
}

function goneIn({ present, stored, fallback }: Candidate): readonly Gone[] {
  if (present) return [];
  if (stored) return [{ object: stored, file: stored.path }];
  return fallback ? [{ object: fallback, file: fallback.place.file }] : [];
}

function pairsOf(
  gone: readonly GitwayObject[],
  newcomers: readonly Manifest[],
  isComparable: boolean,
): (readonly [GitwayObject, Manifest])[] {
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
function likeness(object: GitwayObject, file: string): string {
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

function problemOf(newcomer: Manifest, gone: GitwayObject): Problem {
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

function cureFor({ id }: GitwayObject): string {
  return `If that is a slip, correct it; to rename the object, add 'id: ${id}' to metadata; to delete it, ${askForIt}.`;
}

/** The deletion of an object that may go on under another name. */
export function heldWith(object: GitwayObject, reason: string): Held {
  const { kind, id, name } = object;
  return { kind, id, name, route: routeOf(object), code: "possible-rename", reason };
}

/** How to have it deleted all the same. */
export const askForIt =
  "commit with the trailer `Gitway-Allow-Prune: yes` or run `gitway apply --allow-prune`";
