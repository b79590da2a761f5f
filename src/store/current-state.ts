import type { CurrentState, StoredObject } from "../plan/plan.ts";
import type { Database, Session } from "./database.ts";
import { fingerprint, withDrift } from "./drift/drift.ts";
import { readCurrentRows, readEndedSince, type CurrentRow } from "./object-versions.ts";
import { readPointer } from "./pointer.ts";
import { newestSighting, readSightingsSince } from "./sightings.ts";

/** Rows that were read, in the order of kinds and names, to be held against the store the next time. */
interface Known {
  readonly revision: number;
  readonly fingerprint: string;
  /** The number of the newest sighting. */
  readonly noted: number;
  readonly rows: readonly CurrentRow[];
  readonly objects: readonly StoredObject[];
}

/**
 * Reads the objects that the revision pointer sees, in one snapshot; drifted ones so that a plan heals them.
 * What was read before is not read again while the fingerprint of the rows says that nobody wrote to it.
 */
export function createCurrentReader(database: Database): (now: Date) => Promise<CurrentState> {
  let known: Known | null = null;
  return (now) =>
    database.transaction(
      async (session) => {
        const { revision } = await readPointer(session);
        const { origin, ...mark } = await readMark(session, revision);
        known = await readKnown(session, known, mark);
        return { revision, origin, ...(await withDrift(session, known.objects, now)) };
      },
      { snapshot: true },
    );
}

type Mark = Pick<Known, "revision" | "fingerprint" | "noted">;

async function readMark(
  session: Session,
  revision: number,
): Promise<Mark & { readonly origin: string | null }> {
  const [row] = await session.query<{ fingerprint: string; noted: number; origin: string | null }>(
    `select ${fingerprint} as fingerprint, ${newestSighting} as noted,
       (select origin from gitway.revision where number = $1) as origin`,
    [revision],
  );
  const { fingerprint: found = "", noted = 0, origin = null } = row ?? {};
  return { revision, fingerprint: found, noted, origin };
}

async function readKnown(session: Session, before: Known | null, mark: Mark): Promise<Known> {
  const known = before && before.noted !== mark.noted ? await seenSince(session, before) : before;
  if (known?.fingerprint === mark.fingerprint) return { ...known, ...mark };
  const rows = known && (await readDifference(session, known));
  // Somebody else wrote as well, of which no revision tells.
  const isAll = rows !== null && fingerprintOf(rows) === mark.fingerprint;
  const current = isAll ? rows : await readCurrentRows(session, null);
  return { ...mark, rows: current, objects: current.map(({ object }) => object) };
}

/** With what was noted since of where manifests stand. */
async function seenSince(session: Session, known: Known): Promise<Known> {
  const sightings = await readSightingsSince(session, known.noted);
  const rows = known.rows.map((row) => {
    const sighting = sightings.get(row.object.version);
    return sighting ? { ...row, object: { ...row.object, ...sighting } } : row;
  });
  return { ...known, rows, objects: rows.map(({ object }) => object) };
}

/** What there is when nothing but revisions wrote since. */
async function readDifference(session: Session, known: Known): Promise<readonly CurrentRow[]> {
  const ended = new Set(await readEndedSince(session, known.revision));
  const added = await readCurrentRows(session, known.revision);
  const kept = known.rows.filter(({ object }) => !ended.has(object.version));
  return added.length === 0 ? kept : [...kept, ...added].sort(byKindAndName);
}

/** The same as `fingerprint` makes of the rows where they are. */
function fingerprintOf(rows: readonly CurrentRow[]): string {
  let [versions, writers] = [0, 0];
  for (const { object, writer } of rows) {
    versions += object.version;
    writers += writer;
  }
  return rows.length === 0 ? "0" : `${rows.length} ${versions} ${writers}`;
}

function byKindAndName({ object: a }: CurrentRow, { object: b }: CurrentRow): number {
  if (a.kind !== b.kind) return a.kind < b.kind ? -1 : 1;
  return a.name === b.name ? 0 : a.name < b.name ? -1 : 1;
}
