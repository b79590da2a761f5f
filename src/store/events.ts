import type { Kind } from "../manifest/manifest.ts";
import type { Person } from "../plan/plan.ts";
import type { Session } from "./database.ts";
import { readObjects, storable } from "./object-versions.ts";
import type { EventAction, InformationEvent } from "./store.ts";

const slice = 1000;
const mostEvents = 10_000;

/** An event before it is written: its number, time and the acting user are the store's to give. */
export type NewEvent = Omit<InformationEvent, "id" | "time" | "parameterId" | "parameterName" | "actor"> & {
  readonly actor: Person;
};

interface EventRow {
  readonly id: number;
  readonly time: Date;
  readonly message: string;
  readonly action: EventAction;
  readonly kind: Kind;
  readonly object_id: string;
  readonly name: string;
  readonly route: string | null;
  readonly actor_name: string;
  readonly actor_email: string;
  readonly actor_user: string | null;
  readonly committer_name: string | null;
  readonly committer_email: string | null;
  readonly contributors: readonly Person[];
  readonly commit: string | null;
  readonly path: string | null;
  readonly line: number | null;
  readonly revision: number;
  readonly version_before: number | null;
  readonly version_after: number | null;
}

/** The newest events, or those after an id; oldest first. Never more than 10,000. */
export async function readEvents(
  session: Session,
  query: { readonly limit: number; readonly afterId?: number },
): Promise<InformationEvent[]> {
  const limit = Math.max(0, Math.min(Math.trunc(query.limit), mostEvents));
  if (query.afterId !== undefined) {
    const rows = await session.query<EventRow>(
      "select * from gitway.event where id > $1 order by id limit $2",
      [query.afterId, limit],
    );
    return rows.map(toEvent);
  }
  const rows = await session.query<EventRow>("select * from gitway.event order by id desc limit $1", [limit]);
  return rows.map(toEvent).reverse();
}

/**
 * Writes events in their order. The caller holds the lock of the pointer, and has written the objects
 * of the new revision: the acting user is the `User` of that revision who owns the author's address.
 */
export async function writeEvents(
  session: Session,
  events: readonly NewEvent[],
  time: Date,
): Promise<InformationEvent[]> {
  const userOf = await usersByEmail(session);
  const written: InformationEvent[] = [];
  for (let start = 0; start < events.length; start += slice)
    written.push(...(await writeSlice(session, events.slice(start, start + slice), time, userOf)));
  return written;
}

async function writeSlice(
  session: Session,
  events: readonly NewEvent[],
  time: Date,
  userOf: ReadonlyMap<string, string>,
): Promise<InformationEvent[]> {
  const rows = await session.query<EventRow>(
    `insert into gitway.event (time, message, action, kind, object_id, name, route, actor_name, actor_email,
       actor_user, committer_name, committer_email, contributors, commit, path, line, revision, version_before,
       version_after)
     select $1, message, action, kind, object_id, name, route, actor_name, actor_email, actor_user, committer_name,
       committer_email, contributors, commit, path, line, revision, version_before, version_after
     from unnest($2::text[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[],
       $10::text[], $11::text[], $12::text[], $13::json[], $14::text[], $15::text[], $16::integer[], $17::bigint[],
       $18::bigint[], $19::bigint[]) with ordinality
       as row (message, action, kind, object_id, name, route, actor_name, actor_email, actor_user, committer_name,
       committer_email, contributors, commit, path, line, revision, version_before, version_after, nth)
     order by nth
     returning *`,
    [
      time,
      events.map(({ message }) => storable(message)),
      events.map(({ action }) => action),
      events.map(({ kind }) => kind),
      events.map(({ objectId }) => objectId),
      events.map(({ name }) => name),
      events.map(({ route }) => storable(route)),
      events.map(({ actor }) => storable(actor.name)),
      events.map(({ actor }) => storable(actor.email)),
      events.map(({ actor }) => userOf.get(actor.email.toLowerCase()) ?? null),
      events.map(({ committer }) => storable(committer?.name ?? null)),
      events.map(({ committer }) => storable(committer?.email ?? null)),
      events.map(({ contributors }) => JSON.stringify(contributors)),
      events.map(({ commit }) => commit),
      events.map(({ path }) => storable(path)),
      events.map(({ line }) => line),
      events.map(({ revision }) => revision),
      events.map(({ versionBefore }) => versionBefore),
      events.map(({ versionAfter }) => versionAfter),
    ],
  );
  return rows.sort((a, b) => a.id - b.id).map(toEvent);
}

/** The names of users by their addresses in lower case. Of two who claim one address, the first by name has it. */
async function usersByEmail(session: Session): Promise<Map<string, string>> {
  const users = await readObjects(session, { kind: "User" });
  const names = new Map<string, string>();
  for (const user of users) {
    if (user.kind !== "User") continue;
    for (const email of user.spec.emails ?? []) {
      const key = email.toLowerCase();
      if (!names.has(key)) names.set(key, user.name);
    }
  }
  return names;
}

function toEvent(row: EventRow): InformationEvent {
  return {
    id: row.id,
    time: row.time.toISOString(),
    parameterId: 64650,
    parameterName: "User-defined APIs",
    message: row.message,
    action: row.action,
    kind: row.kind,
    objectId: row.object_id,
    name: row.name,
    route: row.route,
    actor: { name: row.actor_name, email: row.actor_email, user: row.actor_user },
    committer:
      row.committer_name === null ? null : { name: row.committer_name, email: row.committer_email ?? "" },
    contributors: row.contributors,
    commit: row.commit,
    path: row.path,
    line: row.line,
    revision: row.revision,
    versionBefore: row.version_before,
    versionAfter: row.version_after,
  };
}
