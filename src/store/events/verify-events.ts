import { gitwayActor } from "../../plan/plan.ts";
import type { Database, Session } from "../database.ts";
import type { InformationEvent } from "../information-event.ts";
import { readNewestEvent } from "../pointer.ts";
import type { EventInspection, EventVerification } from "../store.ts";
import { genesisHash, hashEvent } from "./event-hash.ts";
import { toEvent, type EventRow } from "./event-row.ts";
import { compareWithVersions } from "./event-versions.ts";

/** Events at a time, with the versions that they refer to. */
const slice = 100;

interface CheckedRow extends EventRow {
  /** Whether its time has whole milliseconds. */
  readonly whole: boolean;
}

/**
 * Walks all events from the oldest, and stops at the first that does not fit: to the one before, to its
 * own hash, to the object versions that it refers to, or to what else the caller can compare it with.
 */
export async function verifyEvents(database: Database, inspect: EventInspection): Promise<EventVerification> {
  let checked = 0;
  let healed = 0;
  let previousHash = genesisHash;
  for (let last = 0; ;) {
    const { rows, newest } = await readSlice(database, last);
    const outcome = await checkSlice(database, rows, previousHash, inspect);
    healed += outcome.healed;
    if (outcome.fault) return { checked: checked + outcome.fits, healed, fault: outcome.fault };
    checked += rows.length;
    last = rows.at(-1)?.id ?? last;
    previousHash = rows.at(-1)?.hash ?? previousHash;
    if (rows.length === slice) continue;
    return { checked, healed, fault: previousHash === newest ? null : missingEnd(checked) };
  }
}

/** A slice, and the newest event at the same moment: others go on writing meanwhile. */
function readSlice(database: Database, last: number): Promise<{ rows: CheckedRow[]; newest: string }> {
  return database.transaction(
    async (session) => {
      const rows = await session.query<CheckedRow>(
        "select *, time = date_trunc('milliseconds', time) as whole from gitway.event where id > $1 order by id limit $2",
        [last, slice],
      );
      return { rows, newest: await readNewestEvent(session) };
    },
    { snapshot: true },
  );
}

/** How many events of a slice fit, and the first that does not. */
interface SliceOutcome {
  readonly fits: number;
  readonly healed: number;
  readonly fault: EventVerification["fault"];
}

async function checkSlice(
  session: Session,
  rows: readonly CheckedRow[],
  before: string,
  inspect: EventInspection,
): Promise<SliceOutcome> {
  const readable = rows.filter(hasTime).map(toEvent);
  const ofVersions = await compareWithVersions(session, readable);
  const ofOthers = await inspect(readable);
  let previousHash = before;
  let healed = 0;
  for (const [index, row] of rows.entries()) {
    const event = hasTime(row) ? toEvent(row) : null;
    const versions = ofVersions.get(row.id) ?? [];
    const isHealed = event !== null && versions.length > 0 && (await wasHealed(session, event));
    if (isHealed) healed++;
    const differences = [
      ...(event ? chainDifferences(event, previousHash) : ["Its time is none that Gitway writes."]),
      ...(ofOthers.get(row.id) ?? []),
      ...(isHealed ? [] : versions),
    ];
    const { id, message } = row;
    if (differences.length > 0)
      return { fits: index, healed, fault: { id, time: event?.time ?? null, message, differences } };
    previousHash = row.hash;
  }
  return { fits: rows.length, healed, fault: null };
}

/** Whether Gitway has put back since what somebody changed: a later event of its own, with the same content. */
async function wasHealed(session: Session, event: InformationEvent): Promise<boolean> {
  const { id, kind, objectId, objectHash, versionAfter } = event;
  const rows = await session.query<unknown>(
    `select 1 from gitway.event where id > $1 and kind = $2 and object_id = $3 and object_hash = $4
       and actor_name = $5 and actor_email = $6 and by_gitway is not false
       and (version_before is null or version_before = $7) limit 1`,
    [id, kind, objectId, objectHash, gitwayActor.name, gitwayActor.email, versionAfter],
  );
  return rows.length > 0;
}

/** Events are written with whole milliseconds, and Postgres knows moments without a date: `infinity`. */
function hasTime({ time, whole }: CheckedRow): boolean {
  return time instanceof Date && whole;
}

function chainDifferences(event: InformationEvent, previousHash: string): string[] {
  const differences: string[] = [];
  if (event.previousHash !== previousHash)
    differences.push("It does not follow the event before it: one was removed, inserted or moved here.");
  if (hashEvent(event) !== event.hash)
    differences.push("It does not have the content that it was hashed with.");
  return differences;
}

function missingEnd(checked: number): EventVerification["fault"] {
  const what =
    checked === 0
      ? "All events are gone"
      : "The newest event is not the last that was written: later ones are gone";
  return {
    id: null,
    time: null,
    message: null,
    differences: [`${what}, or the record of the newest was changed.`],
  };
}
