import type { CatalogueEntry } from "./catalogue.ts";

/** Finds definitions by what requests name them by. */
export interface CatalogueIndex {
  byId(id: string): CatalogueEntry | undefined;
  byName(name: string): CatalogueEntry | undefined;
  /** The index of the next catalogue; null where it has to be made from all entries. */
  after(changes: EntryChanges): CatalogueIndex | null;
}

/** What differs between the entries of one catalogue and those of the next. */
export interface EntryChanges {
  readonly removed: readonly CatalogueEntry[];
  readonly added: readonly CatalogueEntry[];
}

/** More than this is not laid over an index that was made from all entries. */
const mostChanges = 200;

/** Entries by a text; null for what a lower layer has and this one has not. */
type Layer = ReadonlyMap<string, CatalogueEntry | null>;

/** Indexes entries, in the order of their names. */
export function indexEntries(entries: readonly CatalogueEntry[]): CatalogueIndex {
  const [ids, names] = [new Map<string, CatalogueEntry>(), new Map<string, CatalogueEntry>()];
  let isUnique = true;
  for (const entry of entries) {
    for (const id of entry.allIds) {
      // Stores of a time that did not refuse it may have two with the same.
      isUnique &&= !ids.has(id);
      ids.set(id, entry);
    }
    isUnique &&= !names.has(entry.object.name);
    names.set(entry.object.name, entry);
  }
  return isUnique ? layered({ ids, names }, { ids: new Map(), names: new Map() }) : alone(ids, names);
}

interface Layers {
  readonly ids: Layer;
  readonly names: Layer;
}

function alone(ids: Layer, names: Layer): CatalogueIndex {
  return {
    byId: (id) => ids.get(id) ?? undefined,
    byName: (name) => names.get(name) ?? undefined,
    after: () => null,
  };
}

function layered(lower: Layers, upper: Layers): CatalogueIndex {
  const find = (kind: keyof Layers, key: string) => {
    const found = upper[kind].get(key);
    return (found === undefined ? lower[kind].get(key) : found) ?? undefined;
  };

  function after({ removed, added }: EntryChanges): CatalogueIndex | null {
    if (upper.names.size + removed.length + added.length > mostChanges) return null;
    const [ids, names] = [new Map(upper.ids), new Map(upper.names)];
    for (const { object, allIds } of removed) {
      for (const id of allIds) ids.set(id, null);
      names.set(object.name, null);
    }
    const next = layered(lower, { ids, names });
    for (const entry of added) {
      const { name } = entry.object;
      if (entry.allIds.some((id) => next.byId(id)) || next.byName(name)) return null;
      for (const id of entry.allIds) ids.set(id, entry);
      names.set(name, entry);
    }
    return next;
  }

  return { byId: (id) => find("ids", id), byName: (name) => find("names", name), after };
}
