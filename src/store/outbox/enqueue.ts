import { createHash, randomUUID } from "node:crypto";

import type { Database, Session } from "../database.ts";
import { readHookedById, readWebhooks, recipientsOf, type HookedDefinition } from "./hooks.ts";
import { countDuplicates, takeMarks } from "./marks.ts";
import type { Enqueued, EventMessage } from "./outbox.ts";
import type { RequestEvent } from "./request-event.ts";
import { insertDeliveries, type NewDelivery } from "./rows.ts";

/** How many messages may wait for one webhook before callers of an API can't add to them. */
const mostWaiting = 10_000;

/** Characters of a text of an event; callers choose some of them. */
const longestText = 2048;

const nothing: Enqueued = { enqueued: 0, duplicates: 0, dropped: 0 };

/** Notes events of requests for the webhooks of their definitions, if there are any. */
export async function enqueueEvents(database: Database, events: readonly RequestEvent[]): Promise<Enqueued> {
  const ids = [...new Set(events.map(({ definitionId }) => definitionId))];
  if (ids.length === 0) return nothing;
  const definitions = await readHookedById(database, ids);
  if ([...definitions.values()].every(({ hooks }) => hooks.length === 0)) return nothing;
  const webhooks = await readWebhooks(database);
  const deliveries = events.flatMap((event) => {
    const definition = definitions.get(event.definitionId);
    if (!definition) return [];
    const message = messageOf(event, definition);
    return recipientsOf(event.on, definition.hooks, webhooks).map((recipient) => ({
      ...recipient,
      id: randomUUID(),
      message,
    }));
  });
  return deliveries.length === 0 ? nothing : database.transaction((session) => write(session, deliveries));
}

function messageOf(event: RequestEvent, { name }: HookedDefinition): EventMessage {
  return {
    event: event.on,
    message: event.message.slice(0, longestText),
    reason: event.reason?.slice(0, longestText) ?? null,
    path: event.path.slice(0, longestText),
    origin: event.clientAddress,
    key: event.tokenName,
    definition: name,
    time: event.time,
    information: null,
  };
}

async function write(session: Session, deliveries: readonly NewDelivery[]): Promise<Enqueued> {
  const admitted = await withinBounds(session, deliveries);
  const groups = groupByContent(admitted);
  const free = await takeMarks(
    session,
    [...groups].map(([key, [first]]) => ({ key, deliveryId: first.id, window: first.dedupe })),
  );
  const fresh = admitted.filter((each) => {
    const key = contentKey(each);
    return each.dedupe === 0 || (free.has(key) && groups.get(key)?.[0] === each);
  });
  await insertDeliveries(session, fresh);
  await countDuplicates(session, leftOut(groups, free));
  return {
    enqueued: fresh.length,
    duplicates: admitted.length - fresh.length,
    dropped: deliveries.length - admitted.length,
  };
}

/** Callers without a token can make as many events as requests: what waits is bounded. */
async function withinBounds(session: Session, deliveries: readonly NewDelivery[]): Promise<NewDelivery[]> {
  const rows = await session.query<{ id: string; waiting: number }>(
    `select id, (select count(*) from (select 1 from gitway.outbox
       where webhook_id = row.id and finished_at is null limit $2) as waiting_row) as waiting
     from unnest($1::uuid[]) as row (id)`,
    [[...new Set(deliveries.map(({ webhookId }) => webhookId))], mostWaiting],
  );
  const room = new Map(rows.map(({ id, waiting }) => [id, mostWaiting - waiting]));
  return deliveries.filter(({ webhookId }) => {
    const left = room.get(webhookId) ?? 0;
    room.set(webhookId, left - 1);
    return left > 0;
  });
}

/** Messages that say the same, by the key of what they say. */
type Groups = ReadonlyMap<string, readonly [NewDelivery, ...NewDelivery[]]>;

/**
 * What differs in nothing but the time from a message that waits, or was sent within the window, is left
 * out here already, so that a flood of requests is none of messages. What a template makes of it is
 * compared again when it is sent.
 */
function groupByContent(deliveries: readonly NewDelivery[]): Groups {
  const groups = new Map<string, [NewDelivery, ...NewDelivery[]]>();
  for (const delivery of deliveries) {
    if (delivery.dedupe === 0) continue;
    const key = contentKey(delivery);
    const group = groups.get(key);
    if (group) group.push(delivery);
    else groups.set(key, [delivery]);
  }
  return groups;
}

function contentKey({ webhookId, message }: NewDelivery): string {
  return createHash("sha256")
    .update(JSON.stringify([webhookId, { ...message, time: "" }]))
    .digest("hex");
}

function leftOut(groups: Groups, free: ReadonlySet<string>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [key, group] of groups) {
    const count = free.has(key) ? group.length - 1 : group.length;
    if (count > 0) counts.set(key, count);
  }
  return counts;
}
