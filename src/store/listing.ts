import type { StoredObject } from "../plan/plan.ts";
import type { StateReader } from "./current-state.ts";
import type { Database, Session } from "./database.ts";
import type { Listing } from "./listing-store.ts";
import { type ObjectStamps, readStamps } from "./stamps.ts";

/** More objects than this are not asked about one by one. */
const mostChanged = 500;

/** Reads what is live for who lists it, in one snapshot; of stamps, only those of objects that are new since. */
export function createListingReader(database: Database, readState: StateReader): () => Promise<Listing> {
  let last: Listing | null = null;
  return () =>
    database.transaction(
      async (session) => {
        const { revision, objects } = await readState(session);
        const stamps = await stampsOf(session, objects, last);
        last = { revision, objects, stamps };
        return last;
      },
      { snapshot: true },
    );
}

async function stampsOf(
  session: Session,
  objects: readonly StoredObject[],
  last: Listing | null,
): Promise<Listing["stamps"]> {
  const known = new Set(last?.objects);
  const definitions = objects.filter(({ kind }) => kind === "ApiDefinition");
  const changed = definitions.flatMap((object) => (known.has(object) ? [] : [object.id]));
  if (!last || changed.length > mostChanged) return readStamps(session, "ApiDefinition");
  const read = changed.length === 0 ? null : await readStamps(session, "ApiDefinition", changed);
  const stamps = new Map<string, ObjectStamps>();
  for (const { id } of definitions) {
    const found = read?.get(id) ?? last.stamps.get(id);
    if (found) stamps.set(id, found);
  }
  return stamps;
}
