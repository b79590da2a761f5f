import type { Database, Session } from "../database.ts";
import type { HitsSince, NewHits, SharedHits } from "./limit-store.ts";

/**
 * Adds hits to the totals of all endpoints and gives those that changed since a mark, or all when it is
 * null. When the connection breaks during the commit, nobody knows whether they were added: the caller
 * then adds them again, so that a limit may bind earlier than it should, and never later.
 */
export async function shareHits(
  database: Database,
  added: readonly NewHits[],
  since: string | null,
): Promise<HitsSince> {
  return database.transaction(async (session) => {
    // Before anything is read: whatever commits after this look is at or beyond it.
    const mark = await readMark(session);
    if (added.length > 0) await addHits(session, added);
    return { mark, hits: await readHits(session, since) };
  });
}

/** The oldest transaction that still runs: all before it are seen already. */
async function readMark(session: Session): Promise<string> {
  const [row] = await session.query<{ mark: string }>(
    "select pg_snapshot_xmin(pg_current_snapshot())::text as mark",
  );
  if (!row) throw new Error("the database gave no snapshot");
  return row.mark;
}

/** In the order of their keys, as all endpoints do, so that no two wait for each other. */
async function addHits(session: Session, added: readonly NewHits[]): Promise<void> {
  await session.query(
    `insert into gitway.limit_hits as known (key, length, start, hits, last, needed_until)
     select key, length, start, hits, last, to_timestamp(needed / 1000.0)
     from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
       as row (key, length, start, hits, last, needed)
     order by key, length, start
     on conflict (key, length, start) do update set hits = known.hits + excluded.hits,
       last = greatest(known.last, excluded.last), needed_until = greatest(known.needed_until, excluded.needed_until),
       written_by = excluded.written_by`,
    [
      added.map(({ key }) => key),
      added.map(({ length }) => length),
      added.map(({ start }) => start),
      added.map(({ hits }) => hits),
      added.map(({ last }) => last),
      added.map(({ end }) => end),
    ],
  );
}

function readHits(session: Session, since: string | null): Promise<SharedHits[]> {
  return session.query<SharedHits>(
    `select key, start, length, hits, last from gitway.limit_hits
     where written_by >= coalesce($1::text::xid8, '0') and needed_until > now()`,
    [since],
  );
}

/** Removes hits that no window reaches any more. */
export async function forgetHits(session: Session): Promise<void> {
  await session.query(
    `delete from gitway.limit_hits where (key, length, start) in (
       select key, length, start from gitway.limit_hits where needed_until <= now()
       order by key, length, start for update skip locked)`,
  );
}
