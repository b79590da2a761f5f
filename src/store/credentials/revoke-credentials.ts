import { AppError } from "../../errors.ts";
import type { Person, StoredObject } from "../../plan/plan.ts";
import type { Database, Session } from "../database.ts";
import { writeEvents } from "../events/events.ts";
import { countCredentialChange, lockPointer } from "../pointer.ts";
import { credentialEvent } from "./credential-event.ts";
import type { Credential } from "./credential-store.ts";
import { credentialColumns, findToken, toCredential, type CredentialRow } from "./credentials.ts";

/** Whose credentials, and which of them; all when no id is given. */
interface Revocation {
  readonly token: string;
  readonly id?: number;
  readonly by: Person;
}

/**
 * Revokes one credential of a token or all of them, with their event, in one transaction. The rows stay:
 * a hash that was revoked is refused wherever it comes from. Gives those that were not revoked yet.
 */
export async function revokeCredentials(database: Database, request: Revocation): Promise<Credential[]> {
  return database.transaction((session) => writeRevoked(session, request), {
    didCommit: () => isRevoked(database, request),
  });
}

async function writeRevoked(session: Session, request: Revocation): Promise<Credential[]> {
  const { revision } = await lockPointer(session);
  const token = await findToken(session, request.token);
  await refuseStranger(session, token, request);
  const rows = await session.query<CredentialRow>(
    `update gitway.credential set revoked_at = date_trunc('milliseconds', clock_timestamp()) where id in (
       select id from gitway.credential
       where token_id = $1 and id = coalesce($2, id) and revoked_at is null order by id for update)
     returning ${credentialColumns}`,
    [token.id, request.id ?? null],
  );
  const [time] = rows.flatMap((row) => row.revoked_at ?? []);
  if (!time) return [];
  const event = credentialEvent(token, { action: "revoked", count: rows.length }, request.by, revision);
  await writeEvents(session, [event], time);
  await countCredentialChange(session);
  return rows.sort((a, b) => a.id - b.id).map((row) => toCredential(row, token.name));
}

async function refuseStranger(session: Session, token: StoredObject, { id }: Revocation): Promise<void> {
  if (id === undefined) return;
  const rows = await session.query<unknown>(
    "select 1 from gitway.credential where token_id = $1 and id = $2",
    [token.id, id],
  );
  if (rows.length === 0)
    throw new AppError(
      "not-found",
      `ApiToken '${token.name}' has no credential ${id}: 'gitway token list ${token.name}' shows those that it has.`,
    );
}

/** After a connection broke during the commit; the lock waits until that transaction has ended. */
async function isRevoked(database: Database, request: Revocation): Promise<boolean> {
  return database.transaction(async (session) => {
    await lockPointer(session);
    const token = await findToken(session, request.token);
    const rows = await session.query<unknown>(
      "select 1 from gitway.credential where token_id = $1 and id = coalesce($2, id) and revoked_at is null",
      [token.id, request.id ?? null],
    );
    return rows.length === 0;
  });
}
