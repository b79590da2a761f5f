import type { Session } from "../database.ts";
import type { CredentialUse } from "./credential-store.ts";

/**
 * Notes when credentials were last presented. A later time that is there already stays, so replicas may
 * tell in any order. Rows are locked by their numbers, as everywhere, so that no two writers wait for each other.
 */
export async function noteLastUse(session: Session, uses: readonly CredentialUse[]): Promise<void> {
  if (uses.length === 0) return;
  await session.query(
    `with used as (select * from unnest($1::bigint[], $2::timestamptz[]) as row (id, at)),
       locked as (select id from gitway.credential where id in (select id from used) order by id for no key update)
     update gitway.credential as credential set last_used = greatest(credential.last_used, used.at)
     from used, locked where credential.id = used.id and credential.id = locked.id`,
    [uses.map(({ id }) => id), uses.map(({ at }) => new Date(at).toISOString())],
  );
}
