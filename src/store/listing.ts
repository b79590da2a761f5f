import { objectKey } from "../manifest/manifest.ts";
import type { StoredObject } from "../plan/plan.ts";
import type { Database, Session } from "./database.ts";
import type { Listing } from "./listing-store.ts";
import { readEndedSince, readObjects, readObjectsSince } from "./object-versions.ts";
import { newestSighting, readSightingsSince } from "./sightings.ts";
import { type ObjectStamps, readStamps } from "./stamps.ts";

/** More objects than this are not asked about one by one. */
const mostChanged = 500;

/** Up to where a listing was read. */
interface Mark {
  readonly revision: number;
  /** Tells the revision from one with the same number in another store, or after a restore. */
  readonly applyId: string | null;
  /** The number of the newest sighting. */
  readonly noted: number;
}

interface Kept extends Listing, Mark {}

/** Reads what is live for who lists it, in one snapshot: all of it, and later what revisions have changed since. */
export function createListingReader(database: Database): () => Promise<Listing> {
  let last: Kept | null = null;
  return () => {
    const before = last;
    return database.transaction(
      async (session) => {
        const { mark, isKnown } = await readMark(session, before);
        const known = isKnown ? before : null;
        const objects = known ? await readNext(session, known, mark) : await readObjects(session);
        const stamps = await stampsOf(session, objects, known);
        last = { ...mark, objects, stamps };
        return last;
      },
      { snapshot: true },
    );
  };
}

async function readMark(session: Session, before: Mark | null): Promise<{ mark: Mark; isKnown: boolean }> {
  const [row] = await session.query<Mark & { readonly earlierId: string | null }>(
    `select pointer.revision, now.apply_id as "applyId", earlier.apply_id as "earlierId", ${newestSighting} as noted
     from gitway.pointer
       left join gitway.revision as now on now.number = pointer.revision
       left join gitway.revision as earlier on earlier.number = $1`,
    [before?.revision ?? 0],
  );
  if (!row) throw new Error("the store has lost its revision pointer");
  const { earlierId, ...mark } = row;
  const isKnown = before !== null && mark.revision >= before.revision && earlierId === before.applyId;
  return { mark, isKnown };
}

async function readNext(session: Session, known: Kept, mark: Mark): Promise<readonly StoredObject[]> {
  const seen = known.noted === mark.noted ? null : await readSightingsSince(session, known.noted);
  const ended = new Set(await readEndedSince(session, known.revision));
  const added = await readObjectsSince(session, known.revision);
  // What a stranger took away has no end, and comes back all the same.
  const replaced = new Set(added.map(objectKey));
  const kept: StoredObject[] = [];
  for (const object of known.objects) {
    if (ended.has(object.version) || (replaced.size > 0 && replaced.has(objectKey(object)))) continue;
    const sighting = seen?.get(object.version);
    kept.push(sighting ? { ...object, ...sighting } : object);
  }
  return added.length === 0 ? kept : [...kept, ...added].sort(byKindAndName);
}

function byKindAndName(a: StoredObject, b: StoredObject): number {
  if (a.kind !== b.kind) return a.kind < b.kind ? -1 : 1;
  return a.name === b.name ? 0 : a.name < b.name ? -1 : 1;
}

/** An object's stamps change with its versions only. */
async function stampsOf(
  session: Session,
  objects: readonly StoredObject[],
  last: Listing | null,
): Promise<Listing["stamps"]> {
  if (!last) return readStamps(session, "ApiDefinition");
  const known = new Set(last.objects);
  const definitions = objects.filter(({ kind }) => kind === "ApiDefinition");
  const changed = definitions.flatMap((object) => (known.has(object) ? [] : [object.id]));
  if (changed.length > mostChanged) return readStamps(session, "ApiDefinition");
  const read = changed.length === 0 ? null : await readStamps(session, "ApiDefinition", changed);
  const stamps = new Map<string, ObjectStamps>();
  for (const { id } of definitions) {
    const found = read?.get(id) ?? last.stamps.get(id);
    if (found) stamps.set(id, found);
  }
  return stamps;
}
