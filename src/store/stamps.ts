import type { Kind } from "../manifest/manifest.ts";
import type { Session } from "./database.ts";

/**
 * When an object was first written and last changed, and by whom, as Git says: the names of the authors. Where no
 * commit says it, when the store noted it. ISO 8601, UTC.
 */
export interface ObjectStamps {
  readonly createdAt: string;
  readonly createdBy: string;
  readonly updatedAt: string;
  readonly updatedBy: string;
  /** When both went live: they tell apart what Git says of the same second. */
  readonly live: { readonly createdAt: string; readonly updatedAt: string };
}

interface StampRow {
  readonly id: string;
  readonly created_at: Date;
  readonly created_by: string;
  readonly updated_at: Date;
  readonly updated_by: string;
  readonly added_live: Date;
  readonly changed_live: Date;
}

/**
 * When each live object of a kind, or each of those asked for, live or not, was first written and last changed, and by whom, by id:
 * as Git says, if it does.
 */
export async function readStamps(
  session: Session,
  kind: Kind,
  ids: readonly string[] | null = null,
): Promise<ReadonlyMap<string, ObjectStamps>> {
  const rows = await session.query<StampRow>(
    `select ends.object_id as id,
            coalesce((first.first_written->>'authoredAt')::timestamptz, first.authored_at, first.time) as created_at,
            coalesce(first.first_written->'author'->>'name', first.actor_name) as created_by,
            coalesce(last.authored_at, last.time) as updated_at, last.actor_name as updated_by,
            first.time as added_live, last.time as changed_live
     from (select object_id, max(id) as last,
                  coalesce(max(id) filter (where action = 'added'), min(id)) as first
           from gitway.event
           where kind = $1 and action in ('added', 'updated') ${ids ? "and object_id = any($2::uuid[])" : ""}
           group by object_id) as ends
     join gitway.event as first on first.id = ends.first
     join gitway.event as last on last.id = ends.last
     ${ids ? "" : "where ends.object_id in (select object_id from gitway.object_version where kind = $1 and to_revision is null)"}`,
    ids ? [kind, ids] : [kind],
  );
  return new Map(
    rows.map((row) => [
      row.id,
      {
        createdAt: row.created_at.toISOString(),
        createdBy: row.created_by,
        updatedAt: row.updated_at.toISOString(),
        updatedBy: row.updated_by,
        live: { createdAt: row.added_live.toISOString(), updatedAt: row.changed_live.toISOString() },
      },
    ]),
  );
}
