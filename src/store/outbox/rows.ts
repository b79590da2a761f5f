import type { Session } from "../database.ts";
import { storable } from "../object-versions.ts";
import type { Recipient } from "./hooks.ts";
import type { EventMessage } from "./outbox.ts";

/** The channel on which senders hear that there is something to send. */
export const outboxChannel = "gitway_outbox";

/** A message to one webhook, before it is written. */
export interface NewDelivery extends Recipient {
  /** A UUID. */
  readonly id: string;
  readonly message: EventMessage;
}

/** Rows of one statement. */
const slice = 1000;

/** Writes messages in their order, and tells who sends them once the transaction is over. */
export async function insertDeliveries(session: Session, deliveries: readonly NewDelivery[]): Promise<void> {
  if (deliveries.length === 0) return;
  for (let start = 0; start < deliveries.length; start += slice)
    await insertSlice(session, deliveries.slice(start, start + slice));
  await session.query(`notify ${outboxChannel}`);
}

async function insertSlice(session: Session, deliveries: readonly NewDelivery[]): Promise<void> {
  await session.query(
    `insert into gitway.outbox (id, event, definition, webhook_id, webhook_name, message, dedupe_ms)
     select id, event, definition, webhook_id, webhook_name, message, dedupe_ms
     from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::json[], $7::bigint[])
       with ordinality as row (id, event, definition, webhook_id, webhook_name, message, dedupe_ms, nth)
     order by nth`,
    [
      deliveries.map(({ id }) => id),
      deliveries.map(({ message }) => message.event),
      deliveries.map(({ message }) => storable(message.definition)),
      deliveries.map(({ webhookId }) => webhookId),
      deliveries.map(({ webhookName }) => storable(webhookName)),
      deliveries.map(({ message }) => JSON.stringify(message)),
      deliveries.map(({ dedupe }) => dedupe),
    ],
  );
}
