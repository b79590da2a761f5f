import type { Manifest, ManifestSet } from "../../../src/manifest/manifest.ts";
import { liveObject } from "../../support/expected-state.ts";
import { readableOf, type MeantTree, type Placed } from "../../support/meant-tree.ts";
import { broken, definition, problem, set, token, user } from "./state.ts";

/** What the source would say of a tree; a manifest has its whole content in one field. */
export function setOf(tree: MeantTree): ManifestSet {
  const { good, broken: flawed, unreadable } = readableOf(tree);
  return set({
    manifests: good.map((placed) => manifestOf(placed, tree)),
    broken: flawed.map(({ path, meant }) => broken(meant.kind, meant.name, meant.id ?? undefined, path)),
    unidentified: unreadable.map(problem),
  });
}

function manifestOf(placed: Placed, tree: MeantTree): Manifest {
  const { kind, name, id, route, tokens } = placed.meant;
  const { content } = liveObject(placed, tree, "");
  const place = { file: placed.path, ...(id === null ? {} : { id }) };
  if (kind === "User") return user(name, { displayName: content, ...place });
  if (kind === "ApiToken") return token(name, { description: content, ...place });
  return definition(name, route, { body: content, tokens: [...tokens], ...place });
}
