import type { HeaderList } from "../http/header-list.ts";

/**
 * Parts of definitions of which one serves all that have an equal one. With thousands of definitions a call
 * finds in the processor's caches what other calls have used, and there is little that is its definition's own.
 */
export interface SharedParts {
  readonly names: (names: readonly string[]) => ReadonlySet<string>;
  readonly headers: (headers: HeaderList) => HeaderList;
}

/** The parts of the definitions of one table. */
export function createSharedParts(): SharedParts {
  const sets = new Map<string, ReadonlySet<string>>();
  const lists = new Map<string, HeaderList>();
  return {
    names: (names) => oneOf(sets, names, () => new Set(names)),
    headers: (headers) => oneOf(lists, headers, () => headers),
  };
}

function oneOf<T>(known: Map<string, T>, texts: readonly string[], make: () => T): T {
  const key = JSON.stringify(texts);
  const found = known.get(key);
  if (found !== undefined) return found;
  const made = make();
  known.set(key, made);
  return made;
}
