import type { ServingChanges, ServingState, StoredDefinition } from "../../store/serving/serving-store.ts";

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
    definitions: definitions.all,
    tokens: merged(state.tokens, changes.tokens, removedOf(changes, "ApiToken")).all,
    credentials: changes.credentials ?? state.credentials,
    blobs: [...changes.definitions, ...definitions.gone].some(hasFiles)
      ? neededBlobs(definitions.all, [changes.blobs, state.blobs])
      : state.blobs,
    mark,
  };
}

type Named = { readonly id: string; readonly name: string };

function removedOf({ removed }: ServingChanges, kind: "ApiDefinition" | "ApiToken"): readonly string[] {
  return removed.filter((each) => each.kind === kind).map(({ id }) => id);
}

interface Merged<T> {
  readonly all: readonly T[];
  /** Those before that are replaced or removed. */
  readonly gone: readonly T[];
}

/** The list itself when nothing changed; else in the order of names, as the store has it. */
function merged<T extends Named>(
  before: readonly T[],
  changed: readonly T[],
  removed: readonly string[],
): Merged<T> {
  if (changed.length === 0 && removed.length === 0) return { all: before, gone: [] };
  const replaced = new Set([...removed, ...changed.map(({ id }) => id)]);
  const gone = before.filter(({ id }) => replaced.has(id));
  const kept = before.filter(({ id }) => !replaced.has(id));
  return { all: [...kept, ...changed].sort((a, b) => (a.name < b.name ? -1 : 1)), gone };
}

function hasFiles({ files }: StoredDefinition): boolean {
  return Object.keys(files).length > 0;
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
