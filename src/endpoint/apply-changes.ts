import type { ServingChanges, ServingState } from "../store/serving-store.ts";

/**
 * The serving state that changes lead to. What did not change is the same object as before, so that who
 * has prepared it can tell; all of it is when nothing changed.
 */
export function applyChanges(state: ServingState, changes: ServingChanges): ServingState {
  const { revision, commit, mark } = changes;
  if (revision === state.revision && changes.credentials === null) return state;
  const definitions = merged(state.definitions, changes.definitions, removedOf(changes, "ApiDefinition"));
  return {
    revision,
    commit,
    definitions,
    tokens: merged(state.tokens, changes.tokens, removedOf(changes, "ApiToken")),
    credentials: changes.credentials ?? state.credentials,
    blobs:
      definitions === state.definitions
        ? state.blobs
        : neededBlobs(definitions, [changes.blobs, state.blobs]),
    mark,
  };
}

type Named = { readonly id: string; readonly name: string };

function removedOf({ removed }: ServingChanges, kind: "ApiDefinition" | "ApiToken"): readonly string[] {
  return removed.filter((each) => each.kind === kind).map(({ id }) => id);
}

/** Itself when nothing changed; else in the order of names, as the store has it. */
function merged<T extends Named>(
  before: readonly T[],
  changed: readonly T[],
  removed: readonly string[],
): readonly T[] {
  const replaced = new Set([...removed, ...changed.map(({ id }) => id)]);
  const kept = before.filter(({ id }) => !replaced.has(id));
  if (changed.length === 0 && kept.length === before.length) return before;
  return [...kept, ...changed].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function neededBlobs(
  definitions: ServingState["definitions"],
  sources: readonly ServingState["blobs"][],
): Map<string, string> {
  const digests = new Set(definitions.flatMap(({ files }) => Object.values(files)));
  const blobs = new Map<string, string>();
  for (const digest of digests) {
    const text = sources.map((source) => source.get(digest)).find((found) => found !== undefined);
    if (text !== undefined) blobs.set(digest, text);
  }
  return blobs;
}
