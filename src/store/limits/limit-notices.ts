import type { Session } from "../database.ts";
import type { LimitNotice, NewNotice } from "./limit-store.ts";

interface NoticeRow {
  readonly kind: LimitNotice["kind"];
  readonly objectId: string;
  readonly name: string;
  readonly limit: number;
  readonly window: number;
  readonly since: Date;
}

const columns = 'kind, object_id as "objectId", name, hits as limit, period as window, since';

/** The notices that are open, of objects that are there. */
const openNotices = `select notice.kind, notice.object_id, object.name, hits, period, since
  from gitway.limit_notice as notice join gitway.object_version as object
    on object.kind = notice.kind and object.object_id = notice.object_id and object.to_revision is null
  where cleared_at is null`;

/**
 * Opens notices, one for each object, and gives those that were not open. One that was cleared opens
 * again, but not sooner than `interval` milliseconds after it was last opened (UD-APIs 1.5).
 */
export async function raiseNotices(
  session: Session,
  notices: readonly NewNotice[],
  interval: number,
): Promise<LimitNotice[]> {
  const rows = await session.query<NoticeRow>(
    `with raised as (
       insert into gitway.limit_notice as known (kind, object_id, hits, period, since)
       select distinct on (kind, object_id) kind, object_id, hits, period, clock_timestamp()
       from unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[]) as row (kind, object_id, hits, period)
       order by kind, object_id
       on conflict (kind, object_id) do update
         set hits = excluded.hits, period = excluded.period, since = excluded.since, cleared_at = null
         where known.cleared_at is not null and known.since <= excluded.since - $5 * interval '1 millisecond'
       returning kind, object_id, hits, period, since)
     select ${columns} from raised join lateral (
       select name from gitway.object_version as object
       where object.kind = raised.kind and object.object_id = raised.object_id and to_revision is null
     ) as object on true`,
    [
      notices.map(({ kind }) => kind),
      notices.map(({ objectId }) => objectId),
      notices.map(({ limit }) => limit),
      notices.map(({ window }) => window),
      interval,
    ],
  );
  return rows.map(toNotice);
}

/** The open notices, oldest first. */
export async function readNotices(session: Session): Promise<LimitNotice[]> {
  const rows = await session.query<NoticeRow>(
    `select ${columns} from (${openNotices}) as open order by since, kind, name`,
  );
  return rows.map(toNotice);
}

/** Clears the open notice of an object; false when there is none. */
export async function clearNotice(session: Session, kind: NewNotice["kind"], name: string): Promise<boolean> {
  const rows = await session.query<unknown>(
    `update gitway.limit_notice set cleared_at = clock_timestamp() where (kind, object_id) in (
       select kind, object_id from (${openNotices}) as open where kind = $1 and name = $2)
     returning 1`,
    [kind, name],
  );
  return rows.length > 0;
}

/** Removes the notices of objects that are gone. */
export async function forgetNotices(session: Session): Promise<void> {
  await session.query(
    `delete from gitway.limit_notice as notice where not exists (
       select 1 from gitway.object_version as object
       where object.kind = notice.kind and object.object_id = notice.object_id and to_revision is null)`,
  );
}

function toNotice({ since, ...rest }: NoticeRow): LimitNotice {
  return { ...rest, since: since.toISOString() };
}
