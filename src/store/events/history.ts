import type { Kind } from "../../manifest/manifest.ts";
import type { Database } from "../database.ts";
import { readVersions } from "../object-versions.ts";
import type { ObjectStep } from "../store.ts";
import { toEvent, type EventRow } from "./event-row.ts";

const mostSteps = 1000;

/**
 * The newest steps of all objects of a kind that have or had a name, oldest first: also under other names,
 * also deleted ones. Never more than 1,000.
 */
export async function readHistory(
  database: Database,
  kind: Kind,
  name: string,
  limit: number,
): Promise<ObjectStep[]> {
  return database.transaction(
    async (session) => {
      const rows = await session.query<EventRow>(
        `select * from gitway.event
         where object_id in (select object_id from gitway.object_version where kind = $1 and name = $2)
           and kind = $1 and num_nonnulls(version_before, version_after) > 0
         order by id desc limit $3`,
        [kind, name, Math.max(0, Math.min(Math.trunc(limit), mostSteps))],
      );
      const numbers = rows.flatMap((row) => [row.version_before, row.version_after]);
      const versions = await readVersions(
        session,
        [...new Set(numbers)].filter((each) => each !== null),
      );
      const versionOf = (number: number | null) => (number === null ? null : (versions.get(number) ?? null));
      return rows.reverse().map((row) => ({
        event: toEvent(row),
        before: versionOf(row.version_before),
        after: versionOf(row.version_after),
      }));
    },
    { snapshot: true },
  );
}
