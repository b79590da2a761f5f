import type { Kind, ManifestSet } from "../../manifest/manifest.ts";

/** The names that a tree has for objects of a kind, also of those that do not go live. */
export function namesIn(set: ManifestSet | undefined, kind: Kind): ReadonlySet<string> {
  const names = new Set<string>();
  for (const manifest of set?.manifests ?? []) if (manifest.kind === kind) names.add(manifest.name);
  for (const { kind: its, name } of set?.broken ?? []) if (its === kind) names.add(name);
  return names;
}
