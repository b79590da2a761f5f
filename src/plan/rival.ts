import type { Manifest } from "../manifest/manifest.ts";
import type { Candidate } from "./candidates.ts";
import type { StoredObject } from "./plan.ts";

/** Who is in the way of a change, and what can be done about it. */
export interface Rival {
  readonly description: string;
  /** Absent where the usual cure is the right one: that one of the two changes. */
  readonly cure?: string;
}

/**
 * Names an object that has a value already. What it has by its live version only may be written in no file
 * any more: then that version is named, and that its own change has to go first.
 */
export function describeRival(candidate: Candidate, hasByWish: boolean): Rival {
  const { kind, name, desired, stored, fallback, present } = candidate;
  const title = `${kind} '${name}'`;
  if (desired && hasByWish) return { description: `${title} (${placeOf(desired)})` };
  const where = stored ? writtenPlace(stored) : fallback ? `${placeOf(fallback)} of an earlier commit` : "?";
  const why = present ? "whose own change is quarantined" : "whose deletion is held";
  return {
    description: `the live version of ${title} (${where}), ${why}`,
    cure: present ? "mend that, or change one of the two." : "settle that, or change one of the two.",
  };
}

function placeOf({ place }: Manifest): string {
  return `${place.file}:${place.line}`;
}

function writtenPlace({ written, commit }: StoredObject): string {
  return `${written.path}:${written.line} of commit ${commit.slice(0, 7)}`;
}
