import type { Person } from "../../plan/plan.ts";
import { isGitway } from "../../plan/spoken-name.ts";
import type { Session } from "../database.ts";
import type { InformationEvent } from "../information-event.ts";
import { readObjects, storable } from "../object-versions.ts";
import { enqueueInformation } from "../outbox/information.ts";
import { moveNewestEvent, readNewestEvent } from "../pointer.ts";
import type { EventQuery } from "../store.ts";
import { hashEvent } from "./event-hash.ts";
import { eventColumns, toEvent, type EventRow } from "./event-row.ts";

const slice = 1000;
const mostEvents = 10_000;

/** An event before it is written: number, time, acting user and place in the chain are the store's to give. */
export type NewEvent = Omit<
  InformationEvent,
  "id" | "time" | "parameterId" | "parameterName" | "actor" | "byGitway" | "previousHash" | "hash"
> & { readonly actor: Person };

/** What an event must fulfil, by the field of a query. The number of its parameter stands for `$`. */
const conditions = {
  afterId: "id > $",
  beforeId: "id < $",
  kinds: "kind = any($)",
  objectId: "object_id = $",
  name: "name = $",
  actor: "$ in (actor_name, actor_email, actor_user)",
  commit: "starts_with(commit, $)",
  since: "time >= $",
  until: "time < $",
} as const satisfies Record<keyof Omit<EventQuery, "limit">, string>;

/** The newest events that fit, or the oldest of those after an id; oldest first. Never more than 10,000. */
export async function readEvents(session: Session, query: EventQuery): Promise<InformationEvent[]> {
  const limit = Math.max(0, Math.min(Math.trunc(query.limit), mostEvents));
  const asked = Object.entries(conditions).flatMap(([field, condition]) => {
    const value = query[field as keyof typeof conditions];
    return value === undefined ? [] : [{ condition, value }];
  });
  const where = asked.map(({ condition }, index) => condition.replace("$", `$${index + 2}`)).join(" and ");
  const order = query.afterId === undefined ? "desc" : "asc";
  const rows = await session.query<EventRow>(
    `select * from gitway.event ${where && `where ${where}`} order by id ${order} limit $1`,
    [limit, ...asked.map(({ value }) => value)],
  );
  const events = rows.map(toEvent);
  return query.afterId === undefined ? events.reverse() : events;
}

/**
 * Writes events in their order, each chained to the one before. The caller holds the lock of the pointer,
 * and has written the objects of the new revision: the acting user is the `User` of that revision who owns
 * the author's address, and the webhooks of that revision get to know.
 */
export async function writeEvents(
  session: Session,
  events: readonly NewEvent[],
  time: Date,
): Promise<InformationEvent[]> {
  const userOf = await usersByEmail(session);
  const ids = await takeIds(session, events.length);
  const written: InformationEvent[] = [];
  let previousHash = await readNewestEvent(session);
  for (const [index, event] of events.entries()) {
    const sealed = seal(event, { id: ids[index] ?? 0, time, userOf, previousHash });
    written.push(sealed);
    previousHash = sealed.hash;
  }
  for (let start = 0; start < written.length; start += slice)
    await insertSlice(session, written.slice(start, start + slice));
  await moveNewestEvent(session, previousHash);
  await enqueueInformation(session, written);
  return written;
}

/** Numbers from the sequence of the table, beforehand, because a hash covers the number too. */
async function takeIds(session: Session, count: number): Promise<number[]> {
  const rows = await session.query<{ id: number }>(
    "select nextval(pg_get_serial_sequence('gitway.event', 'id')) as id from generate_series(1, $1)",
    [count],
  );
  return rows.map(({ id }) => id).sort((a, b) => a - b);
}

interface Circumstances {
  readonly id: number;
  readonly time: Date;
  readonly userOf: ReadonlyMap<string, string>;
  readonly previousHash: string;
}

/** The event exactly as it reads back from its table, with its hash. */
function seal(event: NewEvent, { id, time, userOf, previousHash }: Circumstances): InformationEvent {
  const { committer, contributors, releasedBy, authoredAt, firstWritten } = event;
  const said = {
    id,
    time: time.toISOString(),
    parameterId: 64650,
    parameterName: "User-defined APIs",
    message: storable(event.message),
    action: event.action,
    kind: event.kind,
    objectId: event.objectId.toLowerCase(),
    name: event.name,
    route: storable(event.route),
    actor: { ...storablePerson(event.actor), user: userOf.get(event.actor.email.toLowerCase()) ?? null },
    byGitway: isGitway(event.actor),
    committer: committer && storablePerson(committer),
    contributors: contributors.map(storablePerson),
    releasedBy: releasedBy && { author: storablePerson(releasedBy.author), commit: releasedBy.commit },
    commit: event.commit,
    ...(authoredAt === undefined ? {} : { authoredAt }),
    ...(firstWritten
      ? { firstWritten: { ...firstWritten, author: storablePerson(firstWritten.author) } }
      : {}),
    path: storable(event.path),
    line: event.line,
    revision: event.revision,
    versionBefore: event.versionBefore,
    versionAfter: event.versionAfter,
    objectHash: event.objectHash,
    previousHash,
  } as const;
  return { ...said, hash: hashEvent(said) };
}

function storablePerson({ name, email }: Person): Person {
  return { name: storable(name), email: storable(email) };
}

const columns = Object.entries(eventColumns);
const names = columns.map(([name]) => name).join(", ");
const arrays = columns.map(([, [type]], index) => `$${index + 1}::${type}[]`).join(", ");
const insertStatement = `insert into gitway.event (${names}) overriding system value
  select ${names} from unnest(${arrays}) as row (${names}) order by id`;

async function insertSlice(session: Session, events: readonly InformationEvent[]): Promise<void> {
  await session.query(
    insertStatement,
    columns.map(([, [, value]]) => events.map(value)),
  );
}

/** The names of users by their addresses in lower case. Of two who claim one address, the first by name has it. */
async function usersByEmail(session: Session): Promise<Map<string, string>> {
  const users = await readObjects(session, { kind: "User" });
  const names = new Map<string, string>();
  for (const user of users) {
    if (user.kind !== "User") continue;
    // A row that a stranger wrote must not keep Gitway from writing: it would never be healed.
    const emails: unknown = user.spec?.emails;
    for (const email of Array.isArray(emails) ? emails.map(String) : []) {
      const key = email.toLowerCase();
      if (!names.has(key)) names.set(key, user.name);
    }
  }
  return names;
}
