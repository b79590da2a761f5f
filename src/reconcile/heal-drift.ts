import type { Log } from "../log.ts";
import { objectKey } from "../manifest/manifest.ts";
import {
  gitwayActor,
  type AttributedChange,
  type Attribution,
  type Change,
  type DriftedObject,
  type Plan,
} from "../plan/plan.ts";
import type { Store } from "../store/store.ts";

/** Looks for objects that somebody changed in the store, and says which are new. The pass heals them. */
export async function noticeDrift(store: Store, log: Log): Promise<void> {
  for (const { kind, name, id, what } of await store.checkDrift())
    log.warn({ kind, name, id, what }, "an object was changed behind Gitway's back");
}

/**
 * Who made each change (law 5). Putting back what Gitway had put there before is Gitway's own doing; all
 * else is as if nothing had drifted.
 */
export async function attributeWithDrift(
  { changes, commit }: Pick<Plan, "changes" | "commit">,
  drifted: readonly DriftedObject[],
  attribute: (changes: readonly Change[]) => Promise<readonly AttributedChange[]>,
): Promise<readonly AttributedChange[]> {
  if (drifted.length === 0) return attribute(changes);
  const byKey = new Map(drifted.map((each) => [objectKey(each), each]));
  const own = new Set(changes.filter((change) => isHealing(change, byKey.get(objectKey(change)))));
  const others = changes.filter((change) => !own.has(change)).map((change) => asLeft(change, byKey));
  const attributed = (await attribute(others)).values();
  return changes.map((change) => {
    const made = own.has(change) ? undefined : attributed.next().value;
    return made ?? { change, attribution: healing(commit) };
  });
}

function isHealing(change: Change, drift: DriftedObject | undefined): boolean {
  if (!drift) return false;
  return change.after === null ? drift.what === "unexpected" : change.after.hash === drift.expectedHash;
}

/** The change from what Gitway left, which is what the history knows. */
function asLeft(change: Change, byKey: ReadonlyMap<string, DriftedObject>): Change {
  const hash = byKey.get(objectKey(change))?.expectedHash ?? null;
  if (change.before === null || hash === null) return change;
  return { ...change, before: { ...change.before, hash } };
}

function healing(commit: string): Attribution {
  return { author: gitwayActor, committer: gitwayActor, commit, contributors: [] };
}
