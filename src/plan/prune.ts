import { type ManifestSet, objectKey } from "../manifest/manifest.ts";
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
  readonly consents?: ReadonlySet<string>;
}

/**
 * The deletions that wait (law 3). While any document has no readable identity, absence is not proven
 * and nothing is deleted, whoever asks for it; a changed source or too many deletions wait for consent.
 * What somebody consented to by itself neither waits nor counts for the others.
 */
export function holdDeletions(input: PruneInput): readonly Held[] {
  const absent = input.candidates.flatMap(({ present, stored }) => (!present && stored ? [stored] : []));
  const others = absent.filter((object) => !input.consents?.has(objectKey(object)));
  const hold = reasonFor(input, others);
  return (isProven(input) ? others : absent).flatMap((object) => {
    const reason = hold(object);
    if (!reason) return [];
    return [{ kind: object.kind, id: object.id, name: object.name, route: routeOf(object), ...reason }];
  });
}

type Reason = Pick<Held, "code" | "reason">;

function isProven({ set }: PruneInput): boolean {
  return set.unidentified.length === 0;
}

function reasonFor(
  input: PruneInput,
  others: readonly StoredObject[],
): (object: StoredObject) => Reason | null {
  const [unreadable] = input.set.unidentified;
  if (unreadable) return always(unproven(`${unreadable.file}:${unreadable.line}`));
  if (input.allowPrune) return () => null;
  if (input.current.origin !== null && input.current.origin !== input.origin) return always(sourceChanged);
  if (nothingIsLeft(input)) return always(emptied);
  return (object) => overLimit(object, input, others);
}

function nothingIsLeft(input: PruneInput): boolean {
  return !input.candidates.some((candidate) => candidate.present);
}

function overLimit(object: StoredObject, input: PruneInput, others: readonly StoredObject[]): Reason | null {
  const { objects, share } = input.pruneLimit;
  const ofKind = ({ kind, id }: StoredObject) =>
    kind === object.kind && !input.consents?.has(objectKey({ kind, id }));
  const deleted = others.filter(ofKind).length;
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
    "The source, branch or paths are not those of the last apply. If they are meant, run `gitway apply --allow-prune`.",
};

function unproven(place: string): Reason {
  return {
    code: "absence-unproven",
    reason: `It may be what can't be read at ${place}. Mend that first; until then nothing is deleted.`,
  };
}

function always(reason: Reason): () => Reason {
  return () => reason;
}
