import type { Session } from "../database.ts";

/** That a delivery says something, not to be said again for so many milliseconds. */
export interface Mark {
  /** SHA-256, hex, of what is said. */
  readonly key: string;
  readonly deliveryId: string;
  readonly window: number;
}

/**
 * Marks what deliveries say, and gives the keys that were free: not said by another delivery within its
 * window. Keys are unique among the marks. In one order, so that two writers can't lock each other out.
 */
export async function takeMarks(session: Session, marks: readonly Mark[]): Promise<ReadonlySet<string>> {
  if (marks.length === 0) return new Set();
  const sorted = marks.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const rows = await session.query<{ key: string }>(
    `insert into gitway.outbox_mark (key, outbox_id, until)
     select key, id, clock_timestamp() + milliseconds * interval '1 ms'
     from unnest($1::text[], $2::uuid[], $3::bigint[]) as row (key, id, milliseconds) order by key
     on conflict (key) do update set outbox_id = excluded.outbox_id, until = excluded.until
     where outbox_mark.until <= clock_timestamp() or outbox_mark.outbox_id = excluded.outbox_id
     returning key`,
    [sorted.map(({ key }) => key), sorted.map((mark) => mark.deliveryId), sorted.map(({ window }) => window)],
  );
  return new Set(rows.map(({ key }) => key));
}

/** Lets the windows of all that a delivery says begin now. */
export async function renewMarks(session: Session, deliveryId: string, window: number): Promise<void> {
  await session.query(
    "update gitway.outbox_mark set until = clock_timestamp() + $2 * interval '1 ms' where outbox_id = $1",
    [deliveryId, window],
  );
}

/** Lets the windows of a duplicate end with that of what it would have repeated. */
export async function shareWindow(session: Session, duplicateId: string, key: string): Promise<void> {
  await session.query(
    `update gitway.outbox_mark set until = (select until from gitway.outbox_mark where key = $2)
     where outbox_id = $1`,
    [duplicateId, key],
  );
}

/** Forgets what a delivery would have said: it was not. */
export async function releaseMarks(session: Session, deliveryId: string): Promise<void> {
  await session.query("delete from gitway.outbox_mark where outbox_id = $1", [deliveryId]);
}

/** Counts what was left out at the deliveries that say it already. */
export async function countDuplicates(session: Session, counts: ReadonlyMap<string, number>): Promise<void> {
  if (counts.size === 0) return;
  await session.query(
    `update gitway.outbox set duplicates = duplicates + left_out.count
     from (select outbox_id, sum(count) as count
           from unnest($1::text[], $2::bigint[]) as row (key, count) join gitway.outbox_mark using (key)
           group by outbox_id) as left_out
     where id = left_out.outbox_id`,
    [[...counts.keys()], [...counts.values()]],
  );
}
