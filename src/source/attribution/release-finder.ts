import type { Wanted } from "../../plan/outlook.ts";
import type { Lineage } from "./lineage.ts";
import { createPastTrees, type PastTreeReading } from "./past-trees.ts";
import type { TrackedChange } from "./tracked-changes.ts";
import { findTurningPoints, type Circumstance } from "./turning-points.ts";

/** A change that had waited, and the commit that made it. */
export interface Waiting {
  readonly tracked: TrackedChange;
  readonly author: string;
}

/**
 * Finds the commits that let waiting changes go live: each the first after `since` from which on the plan
 * of what the branch had would have had the change.
 */
export async function findReleases(
  reading: PastTreeReading,
  waiting: readonly Waiting[],
  { lineage, since, to }: { readonly lineage: Lineage; readonly since: string; readonly to: string },
): Promise<ReadonlyMap<TrackedChange, string>> {
  if (waiting.length === 0) return new Map();
  const range = { since, to, range: lineage.since(since) };
  const wanted = waiting.map(wantedOf);
  const circumstances = waiting.map(({ tracked, author }, at): Circumstance & Waiting => ({
    tracked,
    author,
    origin: author,
    isSo: (outlook) => outlook.isLive(wanted[at] as Wanted),
  }));
  const found = await findTurningPoints({
    ...range,
    circumstances,
    trees: await createPastTrees(reading, range, wanted),
    dependencies: (outlook) => outlook.dependencies(wanted),
    steps: reading.steps,
  });
  return new Map([...found].map(([{ tracked }, commit]) => [tracked, commit]));
}

function wantedOf({ tracked: { change } }: Waiting): Wanted {
  const { kind, id, before, after } = change;
  return { kind, id, manifest: after, stored: before };
}
