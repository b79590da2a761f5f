import type { StoredObject } from "../../plan/plan.ts";
import { parseDuration } from "../../units.ts";
import { readBlobs } from "../blobs.ts";
import type { Database, Session } from "../database.ts";
import { readObjects } from "../object-versions.ts";
import { durationOf } from "./hooks.ts";
import { releaseMarks, renewMarks, shareWindow, takeMarks } from "./marks.ts";
import type { DeliveryOutcome, DueDelivery, DueWebhook, EventMessage, Outbox } from "./outbox.ts";

/** Any number: it keeps two processes from claiming at once, so that a webhook gets one message at a time. */
const lockNumber = 7_164_651;

interface ClaimedRow {
  readonly id: string;
  readonly attempts: number;
  readonly age: number;
  readonly dedupe: number;
  readonly message: EventMessage;
  readonly webhookId: string;
}

/** Takes messages that are due, one for each webhook that nobody is sending to. */
export function claimDeliveries(
  database: Database,
  { except, limit, lease }: Parameters<Outbox["claim"]>[0],
): Promise<DueDelivery[]> {
  return database.transaction(async (session) => {
    await session.query("select pg_advisory_xact_lock($1)", [lockNumber]);
    const rows = await session.query<ClaimedRow>(claimStatement, [except, limit, lease]);
    return rows.length === 0 ? [] : withWebhooks(session, rows);
  });
}

const claimStatement = `
  with head as (
    select due.id from gitway.object_version as webhook
    cross join lateral (
      select id, due_at from gitway.outbox
      where webhook_id = webhook.object_id and finished_at is null and due_at <= clock_timestamp()
      order by due_at, position limit 1 for update skip locked) as due
    where webhook.kind = 'Webhook' and webhook.to_revision is null and webhook.object_id <> all($1::uuid[])
      and not exists (
        select 1 from gitway.outbox
        where webhook_id = webhook.object_id and state = 'sending' and due_at > clock_timestamp())
    order by due.due_at limit $2)
  update gitway.outbox
  set state = 'sending', attempts = attempts + 1, due_at = clock_timestamp() + $3 * interval '1 ms'
  from head where outbox.id = head.id
  returning outbox.id, attempts, dedupe_ms as dedupe, message, webhook_id as "webhookId",
    (extract(epoch from clock_timestamp() - created_at) * 1000)::bigint as age`;

async function withWebhooks(session: Session, rows: readonly ClaimedRow[]): Promise<DueDelivery[]> {
  const webhooks = new Map((await readObjects(session, { kind: "Webhook" })).map((each) => [each.id, each]));
  const digests = rows.flatMap(({ webhookId }) => templateOf(webhooks.get(webhookId))?.digest ?? []);
  const blobs = await readBlobs(session, digests);
  return rows.flatMap(({ webhookId, attempts, id, age, dedupe, message }) => {
    const webhook = requestOf(webhooks.get(webhookId), blobs);
    // What can't be read waits until its lease is over, and by then until it is healed.
    return webhook ? [{ id, attempt: attempts, age, dedupe, message, webhook }] : [];
  });
}

/** Null for what a stranger has made unreadable. */
function requestOf(object: StoredObject | undefined, blobs: ReadonlyMap<string, string>): DueWebhook | null {
  const template = templateOf(object);
  const text = blobs.get(template?.digest ?? "");
  if (object?.kind !== "Webhook" || typeof object.spec?.url !== "string") return null;
  const { url, method = "POST", headers = {}, timeout = "10s" } = object.spec;
  return {
    id: object.id,
    name: object.name,
    url,
    method,
    headers,
    timeout: durationOf(timeout) ?? parseDuration("10s"),
    template: template && text !== undefined ? { path: template.path, text } : null,
  };
}

function templateOf(object: StoredObject | undefined): { path: string; digest: string } | null {
  const path = object?.kind === "Webhook" ? object.spec?.template : undefined;
  const digest = path === undefined ? undefined : object?.files?.[path];
  return path === undefined || digest === undefined ? null : { path, digest };
}

/** Notes that a message is said now, unless another delivery said it within its window. */
export function markDelivery(
  database: Database,
  { id, dedupe }: Pick<DueDelivery, "id" | "dedupe">,
  key: string,
): Promise<boolean> {
  return database.transaction(async (session) => {
    const free = await takeMarks(session, [{ key, deliveryId: id, window: dedupe }]);
    if (free.size > 0) await renewMarks(session, id, dedupe);
    else await shareWindow(session, id, key);
    return free.size > 0;
  });
}

/** Records how an attempt ended, if it is still the newest one. */
export async function finishDelivery(
  database: Database,
  { id, attempt }: Pick<DueDelivery, "id" | "attempt">,
  outcome: DeliveryOutcome,
): Promise<void> {
  const { state, after, status, error } = { after: null, status: null, error: null, ...outcome };
  await database.transaction(async (session) => {
    const rows = await session.query<unknown>(
      `update gitway.outbox set state = $3, status = $4, error = $5,
         due_at = coalesce(clock_timestamp() + $6 * interval '1 ms', due_at),
         finished_at = case when $6::bigint is null then clock_timestamp() end
       where id = $1 and attempts = $2 and state = 'sending' returning 1`,
      [id, attempt, state === "retry" ? "pending" : state, status, error, after],
    );
    if (rows.length > 0 && state === "failed") await releaseMarks(session, id);
  });
}

/** Gives up what waits for webhooks that are gone, and says how much that was. */
export async function dropOrphans(session: Session): Promise<number> {
  const rows = await session.query<unknown>(
    `update gitway.outbox set state = 'dropped', finished_at = clock_timestamp(),
       error = 'The webhook ''' || webhook_name || ''' is gone.'
     where finished_at is null and (state = 'pending' or due_at <= clock_timestamp())
       and not exists (select 1 from gitway.object_version
         where kind = 'Webhook' and to_revision is null and object_id = webhook_id)
     returning 1`,
  );
  return rows.length;
}
