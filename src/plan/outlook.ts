import { objectKey, type Identity, type Manifest, type ManifestSet } from "../manifest/manifest.ts";
import { nameKey } from "./candidates.ts";
import { dependenciesOf, type Dependencies } from "./dependencies.ts";
import { decide, type PlanInput } from "./make-plan.ts";
import type { StoredObject } from "./plan.ts";

/** An object as it is meant to be; null: not at all. */
export interface Wanted extends Pick<Identity, "kind" | "id"> {
  readonly manifest: Manifest | null;
  readonly stored: StoredObject | null;
}

/** What the tree of a commit would do to the store as it is now: to tell since when it would. */
export interface Outlook {
  /** Whether the object would be live as it is wanted. */
  isLive(wanted: Wanted): boolean;
  /** Whether a document of the object would be quarantined. */
  isQuarantined(wanted: Wanted): boolean;
  /** What decides about these objects in this tree. */
  dependencies(wanted: readonly Wanted[]): Dependencies;
}

/**
 * Looks at a tree as `makePlan` does, with objects put into it as they are wanted: where a commit lacks
 * them, the question is whether all else was ready for them.
 */
export function outlookOf(input: PlanInput, wanted: readonly Wanted[]): Outlook {
  const { candidates, settled } = decide({ ...input, set: withWanted(input.set, wanted) });
  return {
    isLive(object) {
      const effective = settled.effective.get(objectKey(object));
      if (object.manifest === null) return effective === undefined;
      return effective?.from === "desired" && effective.object.hash === object.manifest.hash;
    },
    isQuarantined: (object) => settled.problems.has(objectKey(object)),
    dependencies: (objects) => dependenciesOf(objects.map(objectKey), candidates),
  };
}

/** The tree with each object as it is wanted, unless one of its documents there already says so. */
function withWanted(set: ManifestSet, wanted: readonly Wanted[]): ManifestSet {
  const there = new Set(set.manifests.map((manifest) => `${objectKey(manifest)} ${manifest.hash}`));
  const lacking = wanted.filter(({ manifest }) => {
    return manifest === null || !there.has(`${objectKey(manifest)} ${manifest.hash}`);
  });
  if (lacking.length === 0) return set;
  const keys = new Set(lacking.map(objectKey));
  const names = new Set(lacking.flatMap(({ stored }) => (stored ? [nameKey(stored)] : [])));
  return {
    ...set,
    manifests: [
      ...set.manifests.filter((manifest) => !keys.has(objectKey(manifest))),
      ...lacking.flatMap(({ manifest }) => manifest ?? []),
    ],
    broken: set.broken.filter((broken) => !keys.has(objectKey(broken)) && !names.has(nameKey(broken))),
  };
}
