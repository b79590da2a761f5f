import { objectKey } from "../manifest/manifest.ts";
import type { AttributedChange, StoredObject } from "../plan/plan.ts";
import { storedFrom } from "../plan/stored-object.ts";
import type { Applied } from "../store/store.ts";

/** What is live after an apply: what was before it, with the versions that it has made. */
export function objectsAfter(
  before: readonly StoredObject[],
  changes: readonly AttributedChange[],
  applied: Applied | null,
  origin: string,
): readonly StoredObject[] {
  if (!applied) return before;
  const objects = new Map(before.map((object) => [objectKey(object), object]));
  // There is one event for each change, in the same order.
  for (const [index, { change, attribution }] of changes.entries()) {
    const version = applied.events[index]?.versionAfter ?? 0;
    const { commit } = attribution;
    if (change.after === null) objects.delete(objectKey(change));
    else objects.set(objectKey(change), storedFrom(change.after, { version, commit, origin }));
  }
  return [...objects.values()];
}
