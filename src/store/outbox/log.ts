import type { Session } from "../database.ts";
import type { Delivery, EventMessage } from "./outbox.ts";

const mostEntries = 10_000;
const keptDays = 30;
const mostKept = 100_000;
/** Rows that one statement deletes. */
const slice = 10_000;

interface DeliveryRow extends Omit<Delivery, "time" | "message" | "nextAttempt" | "finishedAt"> {
  readonly time: Date;
  readonly message: EventMessage;
  readonly nextAttempt: Date | null;
  readonly finishedAt: Date | null;
}

/** The newest entries of the log, oldest first. Never more than 10,000. */
export async function readDeliveries(
  session: Session,
  { limit, webhook }: { readonly limit: number; readonly webhook?: string },
): Promise<Delivery[]> {
  const rows = await session.query<DeliveryRow>(
    `select id, created_at as time, event, message, definition, webhook_name as webhook,
       state, attempts, status, error, case when state = 'pending' then due_at end as "nextAttempt",
       finished_at as "finishedAt", duplicates
     from gitway.outbox ${webhook === undefined ? "" : "where webhook_name = $2"}
     order by position desc limit $1`,
    [Math.max(0, Math.min(Math.trunc(limit), mostEntries)), ...(webhook === undefined ? [] : [webhook])],
  );
  return rows.map(toDelivery).reverse();
}

function toDelivery(row: DeliveryRow): Delivery {
  return {
    ...row,
    time: row.time.toISOString(),
    message: row.message.message,
    nextAttempt: row.nextAttempt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
  };
}

/** How many messages wait or are being sent. */
export async function countPending(session: Session): Promise<number> {
  const [row] = await session.query<{ count: number }>(
    "select count(*) as count from gitway.outbox where finished_at is null",
  );
  return row?.count ?? 0;
}

/** Deletes what is over and older than 30 days or beyond the newest 100,000, and windows that have ended. */
export async function trimDeliveries(session: Session): Promise<void> {
  await session.query("delete from gitway.outbox_mark where until <= clock_timestamp()");
  for (let deleted = slice; deleted === slice;) {
    const rows = await session.query<unknown>(
      `delete from gitway.outbox where id in (
         select id from gitway.outbox
         where finished_at is not null and (finished_at < clock_timestamp() - $1 * interval '1 day'
           or position <= (select position from gitway.outbox where finished_at is not null
             order by position desc offset $2 limit 1))
         order by position limit $3)
       returning 1`,
      [keptDays, mostKept, slice],
    );
    deleted = rows.length;
  }
}
