import { mostSuggestions } from "../closest.ts";
import {
  collisionMessage,
  danglingMessage,
  duplicateMessage,
  problemAt,
  sharedIdMessage,
} from "../manifest/check-set.ts";
import { idClaimsOf } from "../manifest/dashboard-ids.ts";
import { kinds, type Kind, type Manifest } from "../manifest/manifest.ts";
import type { Problem } from "../manifest/problem.ts";
import { claimOf, referencesOf, type Reference } from "../manifest/references.ts";
import { nameKey, type Candidate } from "./candidates.ts";
import type { StoredObject } from "./plan.ts";
import type { NamesByKind } from "./relevant-part.ts";
import { describeRival, type Rival } from "./rival.ts";

/** What is live after the apply: the new version of an object, or one that it falls back to. */
export type EffectiveObject =
  | { readonly from: "desired" | "history"; readonly object: Manifest }
  | { readonly from: "stored"; readonly object: StoredObject };

/** The effective state, and the problems of whatever does not go live. */
export interface Settled {
  readonly effective: ReadonlyMap<string, EffectiveObject>;
  readonly problems: ReadonlyMap<string, readonly Problem[]>;
}

/** A value that only one object may have: its name, its claim on a route, an id that requests name it by. */
interface UniqueValue {
  readonly value: string;
  readonly path: string;
  readonly code: "duplicate-name" | "duplicate-id" | "route-in-use";
  /** What to say when another has it. */
  readonly message: (other: Rival) => string;
}

/**
 * The fixpoint of law 4: new good plus last good of the bad. It starts from all good manifests; one
 * that refers to what is not there, or wants a value that another holds, goes back to its last good
 * version, and whoever is touched by that is looked at again. Nobody comes forward again, so it ends.
 * What is referred to is settled first: a name that goes back is there again for those who refer to it.
 */
export function settleEffectiveState(
  candidates: readonly Candidate[],
  heldKeys: ReadonlySet<string>,
  otherNames: NamesByKind = new Map(),
): Settled {
  const state = startState(candidates, heldKeys, otherNames);
  for (const kind of kinds) settleKind(kind, candidates, state);
  return state;
}

function settleKind(kind: Kind, candidates: readonly Candidate[], state: State): void {
  const queue = candidates.filter((candidate) => candidate.kind === kind && candidate.desired);
  for (let candidate = queue.pop(); candidate; candidate = queue.pop()) {
    const entry = state.effective.get(candidate.key);
    if (entry?.from !== "desired") continue;
    const problems = [...clashes(candidate, entry.object, state), ...danglingReferences(entry.object, state)];
    if (problems.length === 0) continue;
    queue.push(...retreat(candidate, entry.object, problems, state));
  }
}

interface State {
  readonly effective: Map<string, EffectiveObject>;
  readonly problems: Map<string, readonly Problem[]>;
  readonly byKey: ReadonlyMap<string, Candidate>;
  /** Who has a unique value in the effective state. */
  readonly owners: Map<string, Set<string>>;
  /** Values that two or more newcomers want: none of them gets it, in whatever order they are looked at. */
  readonly contested: ReadonlyMap<string, readonly Candidate[]>;
  /** What each object has in the store already: who holds a route, name or id keeps it. */
  readonly held: ReadonlyMap<string, ReadonlySet<string>>;
  /** Names of objects that are none of the candidates, and stay. */
  readonly otherNames: NamesByKind;
}

function startState(
  candidates: readonly Candidate[],
  heldKeys: ReadonlySet<string>,
  otherNames: NamesByKind,
): State {
  const held = heldValues(candidates);
  const state: State = {
    effective: new Map(),
    problems: new Map(
      candidates.flatMap(({ key, problems }) => (problems.length > 0 ? [[key, problems] as const] : [])),
    ),
    byKey: new Map(candidates.map((candidate) => [candidate.key, candidate])),
    owners: new Map(),
    contested: contestedValues(candidates, held),
    held,
    otherNames,
  };
  for (const candidate of candidates) {
    const entry = startOf(candidate, heldKeys);
    if (entry) enter(candidate.key, entry, state);
  }
  return state;
}

function startOf(candidate: Candidate, heldKeys: ReadonlySet<string>): EffectiveObject | null {
  const { desired } = candidate;
  if (desired) return { from: "desired", object: desired };
  return candidate.present || heldKeys.has(candidate.key) ? lastGoodOf(candidate) : null;
}

function lastGoodOf({ stored, fallback }: Candidate): EffectiveObject | null {
  if (stored) return { from: "stored", object: stored };
  return fallback ? { from: "history", object: fallback } : null;
}

function contestedValues(
  candidates: readonly Candidate[],
  held: State["held"],
): ReadonlyMap<string, readonly Candidate[]> {
  const newcomers = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    if (!candidate.desired) continue;
    for (const { value } of uniqueValues(candidate.desired)) {
      if (!held.get(candidate.key)?.has(value)) append(newcomers, value, candidate);
    }
  }
  return new Map([...newcomers].filter(([, wanting]) => wanting.length > 1));
}

function clashes(candidate: Candidate, object: Manifest, state: State): Problem[] {
  const held = state.held.get(candidate.key);
  return uniqueValues(object).flatMap((unique) => {
    if (held?.has(unique.value)) return [];
    const rival = rivalOf(candidate, unique.value, state);
    if (!rival) return [];
    const hasByWish = uniqueOf(rival.desired).includes(unique.value);
    const message = unique.message(describeRival(rival, hasByWish));
    return [problemAt(object, unique.path, unique.code, message, rival)];
  });
}

function rivalOf(candidate: Candidate, value: string, state: State): Candidate | undefined {
  const newcomer = state.contested.get(value)?.find((other) => other !== candidate);
  if (newcomer) return newcomer;
  const owner = [...(state.owners.get(value) ?? [])].find((key) => key !== candidate.key);
  return owner === undefined ? undefined : state.byKey.get(owner);
}

function danglingReferences(object: Manifest, state: State): Problem[] {
  return referencesOf(object)
    .filter((reference) => !isOwned(reference, state))
    .map((reference) => {
      const candidates = state.problems.size < mostSuggestions ? namesOf(reference.kind, state) : [];
      const message = danglingMessage(reference, candidates);
      return problemAt(object, reference.path, "dangling-reference", message);
    });
}

function* namesOf(kind: Kind, state: State): Iterable<string> {
  for (const { object } of state.effective.values()) if (object.kind === kind) yield object.name;
  yield* state.otherNames.get(kind) ?? [];
}

function isOwned(reference: Reference, state: State): boolean {
  const { kind, name } = reference;
  return (
    (state.owners.get(nameKey(reference))?.size ?? 0) > 0 || (state.otherNames.get(kind)?.has(name) ?? false)
  );
}

/** Back to the last good version, or away. Says whose values that touches. */
function retreat(
  candidate: Candidate,
  object: Manifest,
  problems: readonly Problem[],
  state: State,
): Candidate[] {
  const { key } = candidate;
  const lastGood = lastGoodOf(candidate);
  state.problems.set(key, [...(state.problems.get(key) ?? []), ...problems]);
  leave(key, object, state);
  if (lastGood) enter(key, lastGood, state);
  const rivals = uniqueOf(lastGood?.object).flatMap((value) => [...(state.owners.get(value) ?? [])]);
  return rivals.flatMap((rival) => state.byKey.get(rival) ?? []);
}

function enter(key: string, entry: EffectiveObject, state: State): void {
  state.effective.set(key, entry);
  for (const { value } of uniqueValues(entry.object)) {
    const owners = state.owners.get(value) ?? new Set();
    state.owners.set(value, owners.add(key));
  }
}

function leave(key: string, object: Manifest, state: State): void {
  state.effective.delete(key);
  for (const { value } of uniqueValues(object)) state.owners.get(value)?.delete(key);
}

/** What each object has already. What two have in the store, of a time that did not refuse it, is neither's. */
function heldValues(candidates: readonly Candidate[]): State["held"] {
  const holders = new Map<string, number>();
  const values = new Map<string, readonly string[]>();
  for (const candidate of candidates) {
    const own = uniqueOf(lastGoodOf(candidate)?.object);
    values.set(candidate.key, own);
    for (const value of own) holders.set(value, (holders.get(value) ?? 0) + 1);
  }
  const isHeld = (value: string) => holders.get(value) === 1;
  return new Map([...values].map(([key, own]) => [key, new Set(own.filter(isHeld))]));
}

function uniqueOf(object: Manifest | StoredObject | null | undefined): readonly string[] {
  return object ? uniqueValues(object).map(({ value }) => value) : [];
}

/** Asked for several times in a plan, and objects never change. */
const known = new WeakMap<Manifest | StoredObject, readonly UniqueValue[]>();

/** The name, the ids and the claim of an object. */
export function uniqueValues(object: Manifest | StoredObject): readonly UniqueValue[] {
  const values = known.get(object) ?? readUniqueValues(object);
  known.set(object, values);
  return values;
}

function readUniqueValues(object: Manifest | StoredObject): readonly UniqueValue[] {
  const name: UniqueValue = {
    value: nameKey(object),
    path: "/metadata/name",
    code: "duplicate-name",
    message: ({ description, cure }) => duplicateMessage("name", object, description, cure),
  };
  const ids = idClaimsOf(object).map((id): UniqueValue => ({
    value: `id ${object.kind} ${id.value}`,
    path: id.path,
    code: "duplicate-id",
    message: ({ description, cure }) => sharedIdMessage(id, description, cure),
  }));
  const claim = claimOf(object);
  if (!claim) return [name, ...ids];
  const { key, path } = claim;
  const message = ({ description, cure }: Rival) => collisionMessage(claim, description, cure);
  return [name, ...ids, { value: `claim ${key}`, path, code: "route-in-use", message }];
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
