import { AppError } from "../../errors.ts";
import type { StoredObject } from "../../plan/plan.ts";
import type { Database, Session } from "../database.ts";
import { writeEvents } from "../events/events.ts";
import { storable } from "../object-versions.ts";
import { countCredentialChange, lockPointer } from "../pointer.ts";
import { credentialEvent } from "./credential-event.ts";
import type { Credential, NewCredential, Rotation } from "./credential-store.ts";
import { credentialColumns, findToken, toCredential, type CredentialRow } from "./credentials.ts";

/** Stores the hash of an issued secret and the event that says who issued it, in one transaction. */
export async function issueCredential(database: Database, request: NewCredential): Promise<Credential> {
  return database.transaction(
    async (session) => {
      const { revision } = await lockPointer(session);
      const token = await findToken(session, request.token);
      const issued = await insertIssued(session, token, request);
      const event = credentialEvent(token, { action: "issued", count: 1 }, request.by, revision);
      await writeEvents(session, [event], issued.issued_at);
      await countCredentialChange(session);
      return toCredential(issued, token.name);
    },
    { didCommit: () => isStored(database, request.hash) },
  );
}

/**
 * Stores the hash of a new secret, ends the token's earlier ones after the overlap, in milliseconds, and
 * writes the event, in one transaction. One that would have ended before stays as it is.
 */
export async function rotateCredential(
  database: Database,
  request: NewCredential & { readonly overlap: number },
): Promise<Rotation> {
  return database.transaction(
    async (session) => {
      const { revision } = await lockPointer(session);
      const token = await findToken(session, request.token);
      const issued = await insertIssued(session, token, request);
      const ended = await endEarlier(session, issued, request.overlap);
      const event = credentialEvent(token, { action: "rotated", count: 1 }, request.by, revision);
      await writeEvents(session, [event], issued.issued_at);
      await countCredentialChange(session);
      return {
        issued: toCredential(issued, token.name),
        ended: ended.map((row) => toCredential(row, token.name)),
      };
    },
    { didCommit: () => isStored(database, request.hash) },
  );
}

async function insertIssued(
  session: Session,
  token: StoredObject,
  { hash, by }: NewCredential,
): Promise<CredentialRow> {
  await refuseKnownSecret(session, token, hash);
  const [row] = await session.query<CredentialRow>(
    `insert into gitway.credential (token_id, hash, origin, issued_by_name, issued_by_email, issued_at)
     values ($1, $2, 'issued', $3, $4, date_trunc('milliseconds', clock_timestamp()))
     returning ${credentialColumns}`,
    [token.id, hash, storable(by.name), storable(by.email)],
  );
  if (!row) throw new Error("the new credential was not written");
  return row;
}

async function endEarlier(
  session: Session,
  { id, token_id: tokenId, issued_at: issuedAt }: CredentialRow,
  overlap: number,
): Promise<CredentialRow[]> {
  const rows = await session.query<CredentialRow>(
    `update gitway.credential set not_after = $3 where id in (
       select id from gitway.credential
       where token_id = $1 and id <> $2 and revoked_at is null and (not_after is null or not_after > $3)
       order by id for update)
     returning ${credentialColumns}`,
    [tokenId, id, new Date(issuedAt.getTime() + overlap)],
  );
  return rows.sort((a, b) => a.id - b.id);
}

/** One secret serves one token, and one that was revoked serves none. */
async function refuseKnownSecret(session: Session, token: StoredObject, hash: Buffer): Promise<void> {
  const rows = await session.query<{ revoked: boolean }>(
    "select revoked_at is not null as revoked from gitway.credential where hash = $1",
    [hash],
  );
  if (rows.length === 0) return;
  const why = rows.some(({ revoked }) => revoked) ? "was revoked" : "already serves a token";
  throw new AppError(
    "apply-failed",
    `The secret for ApiToken '${token.name}' ${why}: issue another one. A secret serves one token only.`,
  );
}

/** After a connection broke during the commit; the lock waits until that transaction has ended. */
async function isStored(database: Database, hash: Buffer): Promise<boolean> {
  return database.transaction(async (session) => {
    await lockPointer(session);
    const rows = await session.query<unknown>("select 1 from gitway.credential where hash = $1", [hash]);
    return rows.length > 0;
  });
}
