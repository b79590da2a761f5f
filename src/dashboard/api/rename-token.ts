import type { Manifest, ManifestSet } from "../../manifest/manifest.ts";
import { conflict, type EditRefusal, type WritingEdit } from "../../reconcile/object-edit.ts";
import type { CatalogueEntry } from "../catalogue.ts";

/**
 * The edits that give a token another name in the definitions that refer to it. A live one whose manifest can't
 * be edited would lose the token.
 */
export function renamedReferences(
  set: ManifestSet,
  live: readonly CatalogueEntry[],
  { from, to }: { readonly from: string; readonly to: string },
): readonly WritingEdit[] | EditRefusal {
  const users = new Set(
    live.filter(({ object }) => object.spec.tokens?.includes(from)).map(({ object }) => object.id),
  );
  const broken = set.broken.find(({ kind, id }) => kind === "ApiDefinition" && users.has(id));
  if (broken) {
    const { name, place, problems } = broken;
    const line = problems[0]?.line ?? place.line;
    return conflict(
      `ApiDefinition '${name}' uses the token and is quarantined: mend ${place.file}:${line} first.`,
      problems,
    );
  }
  return set.manifests.flatMap((manifest) => {
    const tokens = tokensOf(manifest);
    if (!tokens.includes(from)) return [];
    const { kind, name, id, labels, annotations } = manifest;
    const spec = { ...manifest.spec, tokens: tokens.map((token) => (token === from ? to : token)) };
    const wanted = { kind, name, id, labels, annotations, spec };
    return [{ operation: "set", target: manifest, seen: null, wanted } as const];
  });
}

function tokensOf(manifest: Manifest): readonly string[] {
  return manifest.kind === "ApiDefinition" ? (manifest.spec.tokens ?? []) : [];
}
