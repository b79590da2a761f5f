import { type GitwayObject, type ManifestSet, objectKey } from "../manifest/manifest.ts";
import { routeOf } from "../manifest/references.ts";
import type { Candidate } from "./candidates.ts";
import type { CurrentState, Held, StoredObject } from "./plan.ts";

/** How many deletions of a kind go through without being asked for. */
export interface PruneLimit {
  /** So many may always be deleted. */
  readonly objects: number;
  /** And this part of a kind's objects, from 0 to 1. */
  readonly share: number;
}

interface PruneInput {
  readonly set: ManifestSet;
  readonly current: CurrentState;
  readonly candidates: readonly Candidate[];
  readonly origin: string;
  readonly pruneLimit: PruneLimit;
  readonly allowPrune: boolean;
  readonly trailer: boolean;
  readonly consents?: ReadonlySet<string>;
}

/**
 * The deletions that wait (law 3). While any document has no readable identity, absence is not proven
 * and nothing is deleted, whoever asks for it; what was last seen in another source, branch or path, and too
 * many deletions, wait for consent. A trailer was written without knowing what another source had: it
 * consents to many deletions only. What somebody consented to by itself neither waits nor counts for the others.
 */
export function holdDeletions(input: PruneInput): readonly Held[] {
  const gone = input.candidates.filter(({ present }) => !present);
  const [unreadable] = input.set.unidentified;
  if (unreadable) {
    const reason = unproven(`${unreadable.file}:${unreadable.line}`);
    return gone.flatMap(({ stored, fallback }) => heldOf(stored ?? fallback, reason) ?? []);
  }
  const absent = gone.flatMap(({ key, stored }) => (stored && !input.consents?.has(key) ? [stored] : []));
  const hold = reasonFor(input, absent);
  return absent.flatMap((object) => heldOf(object, hold(object)) ?? []);
}

function heldOf(object: GitwayObject | null, reason: Reason | null): Held | null {
  if (!object || !reason) return null;
  const { kind, id, name } = object;
  return { kind, id, name, route: routeOf(object), ...reason };
}

type Reason = Pick<Held, "code" | "reason">;

function reasonFor(
  input: PruneInput,
  others: readonly StoredObject[],
): (object: StoredObject) => Reason | null {
  if (input.allowPrune) return () => null;
  const isElsewhere = ({ origin }: StoredObject) => origin !== null && origin !== input.origin;
  const isEmptied = nothingIsLeft(input);
  const leaving = others.filter((object) => !isElsewhere(object));
  return (object) => {
    if (isElsewhere(object)) return sourceChanged;
    if (input.trailer) return null;
    return isEmptied ? emptied : overLimit(object, input, leaving);
  };
}

function nothingIsLeft(input: PruneInput): boolean {
  return !input.candidates.some((candidate) => candidate.present);
}

function overLimit(object: StoredObject, input: PruneInput, leaving: readonly StoredObject[]): Reason | null {
  const { objects, share } = input.pruneLimit;
  const ofKind = ({ kind, id }: StoredObject) =>
    kind === object.kind && !input.consents?.has(objectKey({ kind, id }));
  const deleted = leaving.filter(ofKind).length;
  const all = input.current.objects.filter(ofKind).length;
  if (deleted <= objects || deleted <= all * share) return null;
  return {
    code: "prune-limit",
    reason: `This pass would delete ${deleted} of ${all} ${object.kind} objects, and ${consent}`,
  };
}

const consent =
  "that many wait for consent: run `gitway apply --allow-prune`, or commit with the trailer `Gitway-Allow-Prune: yes`.";

const emptied: Reason = {
  code: "prune-limit",
  reason: `This pass would delete every object, and ${consent}`,
};

const sourceChanged: Reason = {
  code: "source-changed",
  reason:
    "It was last seen in another source, branch or path, and is not in this one. If it is meant to go, run `gitway apply --allow-prune`.",
};

function unproven(place: string): Reason {
  return {
    code: "absence-unproven",
    reason: `It may be what can't be read at ${place}. Mend that first; until then nothing is deleted.`,
  };
}
