import type { Session } from "../database.ts";
import { moveNewestEvent } from "../pointer.ts";
import { genesisHash, hashEvent } from "./event-hash.ts";
import { toEvent, type EventRow } from "./event-row.ts";

const slice = 1000;

/**
 * Chains the events that are older than the chain, and closes the table to changes. Part of the migration
 * that adds the chain, because hashes are over JSON; an event without one can't come later.
 */
export async function chainOldEvents(session: Session): Promise<void> {
  let newest = genesisHash;
  let last = 0;
  for (let full = true; full;) {
    const rows = await session.query<EventRow>(
      "select * from gitway.event where id > $1 order by id limit $2",
      [last, slice],
    );
    newest = await chainRows(session, rows, newest);
    last = rows.at(-1)?.id ?? last;
    full = rows.length === slice;
  }
  await moveNewestEvent(session, newest);
  await session.query(closeTable);
}

async function chainRows(session: Session, rows: readonly EventRow[], before: string): Promise<string> {
  const links: { id: number; previousHash: string; hash: string }[] = [];
  let previousHash = before;
  for (const row of rows) {
    const hash = hashEvent({ ...toEvent(row), previousHash });
    links.push({ id: row.id, previousHash, hash });
    previousHash = hash;
  }
  await session.query(
    `update gitway.event set previous_hash = link.previous_hash, hash = link.hash
     from unnest($1::bigint[], $2::text[], $3::text[]) as link (id, previous_hash, hash) where event.id = link.id`,
    [links.map(({ id }) => id), links.map((link) => link.previousHash), links.map(({ hash }) => hash)],
  );
  return previousHash;
}

const closeTable = `
  alter table gitway.event alter column previous_hash set not null, alter column hash set not null;
  create trigger never_change before update or delete or truncate on gitway.event
    for each statement execute function gitway.refuse_to_change_events();`;
