import { AppError } from "../errors.ts";
import type { Person, StoredObject } from "../plan/plan.ts";
import type { Database, Session } from "./database.ts";
import { writeEvents } from "./events.ts";
import { findObject, storable } from "./object-versions.ts";
import { countCredentialChange, lockPointer } from "./pointer.ts";
import { describeObject, type Credential, type ServingCredential } from "./store.ts";

interface CredentialRow {
  readonly id: number;
  readonly token_id: string;
  readonly origin: Credential["origin"];
  readonly issued_by_name: string;
  readonly issued_at: Date;
  readonly not_after: Date | null;
  readonly revoked_at: Date | null;
  readonly last_used: Date | null;
}

/** Every column but the hash, which is never read for people. */
const columns = "id, token_id, origin, issued_by_name, issued_at, not_after, revoked_at, last_used";

/** The credentials of a token, oldest first, revoked ones too. Fails with `not-found` when there is no such token. */
export async function readCredentials(session: Session, token: string): Promise<Credential[]> {
  const { id, name } = await findToken(session, token);
  const rows = await session.query<CredentialRow>(
    `select ${columns} from gitway.credential where token_id = $1 order by id`,
    [id],
  );
  return rows.map((row) => toCredential(row, name));
}

/** Stores the hash of an issued secret and the event that says who issued it, in one transaction. */
export async function issueCredential(
  database: Database,
  request: { readonly token: string; readonly hash: Buffer; readonly by: Person },
): Promise<Credential> {
  return database.transaction((session) => writeIssued(session, request), {
    didCommit: () => isStored(database, request.hash),
  });
}

async function writeIssued(
  session: Session,
  { token: name, hash, by }: { readonly token: string; readonly hash: Buffer; readonly by: Person },
): Promise<Credential> {
  const { revision } = await lockPointer(session);
  const token = await findToken(session, name);
  await refuseKnownSecret(session, token, hash);
  const [row] = await session.query<CredentialRow>(
    `insert into gitway.credential (token_id, hash, origin, issued_by_name, issued_by_email)
     values ($1, $2, 'issued', $3, $4) returning ${columns}`,
    [token.id, hash, storable(by.name), storable(by.email)],
  );
  if (!row) throw new Error("the new credential was not written");
  await writeEvents(session, [issuedEvent(token, by, revision)], row.issued_at);
  await countCredentialChange(session);
  return toCredential(row, token.name);
}

function issuedEvent(token: StoredObject, by: Person, revision: number) {
  return {
    message: `A secret of ${describeObject(token, null)} was issued by ${by.name}`,
    action: "issued",
    kind: token.kind,
    objectId: token.id,
    name: token.name,
    route: null,
    actor: by,
    committer: null,
    contributors: [],
    releasedBy: null,
    commit: null,
    path: null,
    line: null,
    revision,
    versionBefore: null,
    versionAfter: null,
    objectHash: null,
  } as const;
}

async function findToken(session: Session, name: string): Promise<StoredObject> {
  const token = await findObject(session, "ApiToken", name);
  if (!token)
    throw new AppError(
      "not-found",
      `There is no ApiToken '${name}' in the store: check the name, or apply its manifest first.`,
    );
  return token;
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

/** What the endpoint checks callers against: the unrevoked credentials of tokens that exist. */
export async function readServingCredentials(session: Session): Promise<ServingCredential[]> {
  const rows = await session.query<{ token_id: string; hash: string; not_after: Date | null }>(
    `select token_id, encode(hash, 'hex') as hash, not_after from gitway.credential
     where revoked_at is null and token_id in
       (select object_id from gitway.object_version where kind = 'ApiToken' and to_revision is null)
     order by id`,
  );
  return rows.map((row) => ({
    tokenId: row.token_id,
    hash: row.hash,
    notAfter: row.not_after?.toISOString() ?? null,
  }));
}

function toCredential(row: CredentialRow, tokenName: string): Credential {
  return {
    id: row.id,
    tokenId: row.token_id,
    tokenName,
    origin: row.origin,
    issuedBy: row.issued_by_name,
    issuedAt: row.issued_at.toISOString(),
    notAfter: row.not_after?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
    lastUsed: row.last_used?.toISOString() ?? null,
  };
}
