import { dashboardIds } from "../manifest/dashboard-ids.ts";
import type { GitwayObject } from "../manifest/manifest.ts";
import type { Session } from "./database.ts";

type Row = Pick<GitwayObject, "kind" | "id" | "spec"> & { readonly version: number };

/** Gives current versions of a time before there were columns for them their ids; of two with one, the older. */
export async function fillDashboardIds(session: Session): Promise<void> {
  const rows = await session.query<Row>(
    `select version, kind, object_id as id, spec from gitway.object_version
     where to_revision is null and kind in ('ApiDefinition', 'Webhook') order by version`,
  );
  if (rows.length === 0) return;
  const taken = new Set<string>();
  const free = (column: string, { kind }: Row, id: string | null) =>
    id !== null && taken.size !== taken.add(`${column} ${kind} ${id}`).size ? id : null;
  const ids = rows.map((row) => storedIds(row));
  // What tells an apply from a stranger's write.
  await session.query("select set_config('gitway.writer', 'apply', true)");
  await session.query(
    `update gitway.object_version as target set dashboard_id = row.dashboard_id, api_id = row.api_id
     from unnest($1::bigint[], $2::text[], $3::text[]) as row (version, dashboard_id, api_id)
     where target.version = row.version`,
    [
      rows.map(({ version }) => version),
      rows.map((row, index) => free("dashboard_id", row, ids[index]?.dashboardId ?? null)),
      rows.map((row, index) => free("api_id", row, ids[index]?.apiId ?? null)),
    ],
  );
}

/** The ids of an object that have a column, null where it has none. */
export function storedIds(object: Pick<GitwayObject, "kind" | "id" | "spec">): {
  readonly dashboardId: string | null;
  readonly apiId: string | null;
} {
  const { id, apiId } = dashboardIds(object);
  return {
    dashboardId: object.kind === "ApiDefinition" || object.kind === "Webhook" ? id : null,
    apiId: object.kind === "ApiDefinition" ? apiId : null,
  };
}
