import type { ManifestSet } from "../../manifest/manifest.ts";
import type { Place, Problem } from "../../manifest/problem.ts";

/** The same set with its places named otherwise: relative to another folder. */
export function mapFiles(set: ManifestSet, rename: (file: string) => string): ManifestSet {
  const move = <P extends Place>(place: P): P => ({ ...place, file: rename(place.file) });
  const moveAll = (problems: readonly Problem[]) => problems.map(move);
  return {
    manifests: set.manifests.map((manifest) => ({
      ...manifest,
      place: move(manifest.place),
      places: Object.fromEntries(Object.entries(manifest.places).map(([path, place]) => [path, move(place)])),
    })),
    broken: set.broken.map((broken) => ({
      ...broken,
      place: move(broken.place),
      problems: moveAll(broken.problems),
    })),
    unidentified: moveAll(set.unidentified),
    warnings: moveAll(set.warnings),
  };
}
