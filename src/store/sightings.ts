import type { Sighting } from "../plan/plan.ts";
import type { Database, Session } from "./database.ts";
import { storable } from "./object-versions.ts";
import { lockPointerAt } from "./pointer.ts";
import type { SightingsRequest } from "./store.ts";

/** Rows of one statement. */
const slice = 1000;

/** Notes where manifests stand whose objects did not change: no version, no event, nothing to serve anew. */
export async function noteSightings(database: Database, request: SightingsRequest): Promise<void> {
  await database.transaction(async (session) => {
    await lockPointerAt(session, request.parentRevision);
    await writeSightings(session, request.sightings);
  });
}

/** Writes sightings, each over the one before. The caller holds the lock of the pointer. */
export async function writeSightings(session: Session, sightings: readonly Sighting[]): Promise<void> {
  for (let start = 0; start < sightings.length; start += slice)
    await writeSlice(session, sightings.slice(start, start + slice));
}

async function writeSlice(session: Session, sightings: readonly Sighting[]): Promise<void> {
  await session.query(
    `insert into gitway.sighting (version, path, line, origin)
     select version, path, line, origin
     from unnest($1::bigint[], $2::text[], $3::integer[], $4::text[]) as row (version, path, line, origin)
     on conflict (version) do update
       set path = excluded.path, line = excluded.line, origin = excluded.origin, noted = default`,
    [
      sightings.map(({ version }) => version),
      sightings.map(({ path }) => storable(path)),
      sightings.map(({ line }) => line),
      sightings.map(({ origin }) => storable(origin)),
    ],
  );
}

/** The number of the newest sighting, for `readSightingsSince`. */
export const newestSighting = "(select coalesce(max(noted), 0) from gitway.sighting)";

/** What was noted after a number, by version. */
export async function readSightingsSince(
  session: Session,
  noted: number,
): Promise<ReadonlyMap<number, Sighting>> {
  const rows = await session.query<Sighting>(
    "select version, path, line, origin from gitway.sighting where noted > $1",
    [noted],
  );
  return new Map(rows.map((row) => [row.version, row]));
}
