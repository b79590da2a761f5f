import type { Session } from "./database.ts";
import type { SyncStatus } from "./store.ts";

/** How reconciling stood when it was last written; null before that. */
export async function readSyncStatus(session: Session): Promise<SyncStatus | null> {
  const [row] = await session.query<{ status: SyncStatus }>("select status from gitway.sync_status");
  return row?.status ?? null;
}

/** Replaces how reconciling stands. */
export async function writeSyncStatus(session: Session, status: SyncStatus): Promise<void> {
  await session.query(
    "insert into gitway.sync_status (status) values ($1) on conflict (only_row) do update set status = excluded.status",
    [JSON.stringify(status)],
  );
}
