import type { CatalogueEntry } from "./catalogue.ts";

/** Finds definitions by what requests name them by. */
export interface CatalogueIndex {
  readonly byId: ReadonlyMap<string, CatalogueEntry>;
  readonly byName: ReadonlyMap<string, CatalogueEntry>;
  /** Whether no two have an id or a name in common, as stores of a time that did not refuse it may have. */
  readonly isUnique: boolean;
}

/** What differs between the entries of one catalogue and those of the next. */
export interface EntryChanges {
  readonly removed: readonly CatalogueEntry[];
  readonly added: readonly CatalogueEntry[];
}

/** Indexes entries, in the order of their names. */
export function indexEntries(entries: readonly CatalogueEntry[]): CatalogueIndex {
  const [byId, byName] = [new Map<string, CatalogueEntry>(), new Map<string, CatalogueEntry>()];
  return { byId, byName, isUnique: add(entries, byId, byName) };
}

/** The index of the next catalogue; null where it has to be made from all entries. */
export function indexAfter(last: CatalogueIndex, { removed, added }: EntryChanges): CatalogueIndex | null {
  if (!last.isUnique) return null;
  const [byId, byName] = [new Map(last.byId), new Map(last.byName)];
  for (const { object, allIds } of removed) {
    for (const id of allIds) byId.delete(id);
    byName.delete(object.name);
  }
  return add(added, byId, byName) ? { byId, byName, isUnique: true } : null;
}

/** Whether all ids and names were free. */
function add(
  entries: readonly CatalogueEntry[],
  byId: Map<string, CatalogueEntry>,
  byName: Map<string, CatalogueEntry>,
): boolean {
  let isUnique = true;
  for (const entry of entries) {
    for (const id of entry.allIds) {
      if (byId.has(id)) isUnique = false;
      byId.set(id, entry);
    }
    if (byName.has(entry.object.name)) isUnique = false;
    byName.set(entry.object.name, entry);
  }
  return isUnique;
}
