import type { Kind, ManifestSet } from "../../manifest/manifest.ts";

/** The names that a tree has for objects of a kind, also of those that do not go live. */
export function namesIn(set: ManifestSet | undefined, kind: Kind): readonly string[] {
  const all = set ? [...set.manifests, ...set.broken] : [];
  return all.flatMap((manifest) => (manifest.kind === kind ? [manifest.name] : []));
}
