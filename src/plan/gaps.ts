import { quoteForPeople } from "../manifest/pointer.ts";
import type { Candidate } from "./candidates.ts";
import type { Settled } from "./effective-state.ts";
import type { Held, StoredObject } from "./plan.ts";
import { askForIt, heldWith } from "./slips.ts";

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
    /** Objects, by key, whose deletion somebody consented to by name. */
    readonly consents: ReadonlySet<string>;
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
    return newcomer ? [heldWith(object, "possible-rename", gapReason(object, newcomer))] : [];
  });
}

function gapReason({ path }: StoredObject, { kind, name }: Candidate): string {
  return `In its file, ${path}, ${kind} ${quoteForPeople(name)} can't go live, which may be meant in its place. Mend that; to delete it all the same, ${askForIt}.`;
}
