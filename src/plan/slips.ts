import { closest } from "../closest.ts";
import { grouped } from "../grouped.ts";
import { hashObject } from "../manifest/canonical.ts";
import { problemAt } from "../manifest/check-set.ts";
import { deriveId } from "../manifest/identity.ts";
import type { GitwayObject, Manifest } from "../manifest/manifest.ts";
import { quoteForPeople } from "../manifest/pointer.ts";
import type { Problem } from "../manifest/problem.ts";
import { claimOf, routeOf } from "../manifest/references.ts";
import { nameKey, type Candidate } from "./candidates.ts";
import type { Held } from "./plan.ts";

/** Objects that are gone, and newcomers that seem to be them: under misspelt names, or under other ids. */
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
 * Finds what seems to be a slip of somebody who did not mean to delete anything. Of `others`, by `objectKey`, it
 * is known that it is none.
 */
export function findSlips(candidates: readonly Candidate[], others: ReadonlySet<string>): Slips {
  const gone = candidates.flatMap((candidate) => (others.has(candidate.key) ? [] : goneIn(candidate)));
  if (gone.length === 0) return noSlips;
  const newcomers = candidates.flatMap(({ stored, fallback, desired }) =>
    desired && !stored && !fallback ? [desired] : [],
  );
  const pairs = [...misspeltNames(gone, newcomers), ...changedIds(gone, newcomers)];
  return {
    gone: new Map(pairs),
    newcomers: new Map(pairs.map(([object, newcomer]) => [newcomer, object])),
  };
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

type Pair = readonly [gone: GitwayObject, newcomer: Manifest];

/** An object that is gone, and a newcomer of its name, wherever that stands: one name is one object to people. */
function changedIds(gone: readonly Gone[], newcomers: readonly Manifest[]): readonly Pair[] {
  const named = grouped(newcomers, nameKey);
  return gone.flatMap(({ object }) =>
    (named.get(nameKey(object)) ?? []).map((newcomer): Pair => [object, newcomer]),
  );
}

/**
 * Names that look misspelt: a newcomer without an id of its own stands in the file of an object that is
 * gone, its name is so near that one would ask "did you mean", and it takes the same requests or, where it
 * takes none, says the same. A rename to a name that is not near is what it seems.
 */
function misspeltNames(gone: readonly Gone[], newcomers: readonly Manifest[]): readonly Pair[] {
  const alike = grouped(
    newcomers.filter((newcomer) => !hasOwnId(newcomer)),
    (newcomer) => likeness(newcomer, newcomer.place.file),
  );
  let compared = 0;
  return [...grouped(gone, ({ object, file }) => likeness(object, file))].flatMap(([key, some]) => {
    const [objects, others] = [some.map(({ object }) => object), alike.get(key) ?? []];
    compared += objects.length * others.length;
    return pairsOf(objects, others, compared <= mostCompared);
  });
}

function hasOwnId({ kind, id, name }: Manifest): boolean {
  return id !== deriveId(kind, name);
}

function pairsOf(
  gone: readonly GitwayObject[],
  newcomers: readonly Manifest[],
  isComparable: boolean,
): readonly Pair[] {
  if (isComparable)
    return gone.flatMap((object) =>
      newcomers.filter(({ name }) => isNear(name, object.name)).map((newcomer): Pair => [object, newcomer]),
    );
  const [object, newcomer] = [gone[0], newcomers[0]];
  if (!object || !newcomer) return [];
  return [...gone.map((each): Pair => [each, newcomer]), ...newcomers.map((each): Pair => [object, each])];
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
export function withoutSlips(candidates: readonly Candidate[], { newcomers }: Slips): readonly Candidate[] {
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
  const { kind, id, name } = newcomer;
  if (name !== gone.name) {
    const message = `${quoteForPeople(name)} may be ${kind} '${gone.name}' misspelt, which stood in this file and is gone. ${cureForName(gone)}`;
    return problemAt(newcomer, "/metadata/name", "possible-rename", message, gone);
  }
  const path = hasOwnId(newcomer) ? "/metadata/id" : "/metadata/name";
  const message = `${kind} '${name}' has the id ${id} here, and had ${gone.id} until now. ${cureForId(gone)}`;
  return problemAt(newcomer, path, "changed-id", message, gone);
}

/** The deletions of objects that seem to be there, under other names or ids. */
export function holdSlips({ gone }: Slips): readonly Held[] {
  return [...gone].map(([object, { id, name, place }]) => {
    const where = `${place.file}:${place.line}`;
    if (name === object.name)
      return heldWith(object, "changed-id", `In ${where} it has the id ${id} now. ${cureForId(object)}`);
    const reason = `It may be what is ${quoteForPeople(name)} in ${where} now. ${cureForName(object)}`;
    return heldWith(object, "possible-rename", reason);
  });
}

function cureForName({ id }: GitwayObject): string {
  return `If that is a slip, correct it; to rename the object, add 'id: ${id}' to metadata; to delete it, ${askForIt}.`;
}

function cureForId({ id }: GitwayObject): string {
  return `To keep the object, write 'id: ${id}' in metadata; to have another in its place, ${askForIt}.`;
}

/** The deletion of an object that may go on under another name or id. */
export function heldWith(object: GitwayObject, code: Held["code"], reason: string): Held {
  const { kind, id, name } = object;
  return { kind, id, name, route: routeOf(object), code, reason };
}

/** How to have it deleted all the same. */
export const askForIt =
  "commit with the trailer `Gitway-Allow-Prune: yes` or run `gitway apply --allow-prune`";
