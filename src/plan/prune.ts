import { grouped } from "../grouped.ts";
import { type GitwayObject, type Kind, type ManifestSet, objectKey } from "../manifest/manifest.ts";
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
  if (gone.length === 0) return [];
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
  const leaving = byKind(others.filter((object) => !isElsewhere(object)));
  const all = byKind(input.current.objects.filter((object) => !input.consents?.has(objectKey(object))));
  return (object) => {
    if (isElsewhere(object)) return sourceChanged;
    if (input.trailer) return null;
    return isEmptied ? emptied : overLimit(object.kind, leaving, all, input.pruneLimit);
  };
}

function nothingIsLeft({ set }: PruneInput): boolean {
  return set.manifests.length === 0 && set.broken.length === 0;
}

type Counts = ReadonlyMap<string, readonly unknown[]>;

function byKind(objects: readonly StoredObject[]): Counts {
  return grouped(objects, ({ kind }) => kind);
}

function overLimit(kind: Kind, leaving: Counts, all: Counts, limit: PruneLimit): Reason | null {
  const [deleted, there] = [leaving.get(kind)?.length ?? 0, all.get(kind)?.length ?? 0];
  if (deleted <= limit.objects || deleted <= there * limit.share) return null;
  return {
    code: "prune-limit",
    reason: `This pass would delete ${deleted} of ${there} ${kind} objects, and ${consent}`,
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
