import { AppError } from "../../errors.ts";
import type { StoredObject } from "../../plan/plan.ts";
import type { Session } from "../database.ts";
import { findObject } from "../object-versions.ts";
import type { Credential, ServingCredential } from "./credential-store.ts";

/** A credential as its table has it, without its hash, which is never read for people. */
export interface CredentialRow {
  readonly id: number;
  readonly token_id: string;
  readonly origin: Credential["origin"];
  readonly issued_by_name: string;
  readonly issued_at: Date;
  readonly not_after: Date | null;
  readonly revoked_at: Date | null;
  readonly last_used: Date | null;
}

/** The columns of a `CredentialRow`. */
export const credentialColumns =
  "id, token_id, origin, issued_by_name, issued_at, not_after, revoked_at, last_used";

/** The credentials of a token, oldest first, revoked ones too. Fails with `not-found` when there is no such token. */
export async function readCredentials(session: Session, token: string): Promise<Credential[]> {
  const { id, name } = await findToken(session, token);
  const rows = await session.query<CredentialRow>(
    `select ${credentialColumns} from gitway.credential where token_id = $1 order by id`,
    [id],
  );
  return rows.map((row) => toCredential(row, name));
}

/** The credentials of all tokens that there are, by their names, oldest first, revoked ones too. */
export async function readAllCredentials(session: Session): Promise<Credential[]> {
  const rows = await session.query<CredentialRow & { readonly token_name: string }>(
    `select ${credentialColumns}, name as token_name from gitway.credential
     join (
       select object_id, name from gitway.object_version where kind = 'ApiToken' and to_revision is null
     ) as token on token_id = object_id
     order by name, id`,
  );
  return rows.map((row) => toCredential(row, row.token_name));
}

/** The credentials of a secret's hash, oldest first, also of tokens that are gone: they have their last name. */
export async function findCredentials(session: Session, hash: Buffer): Promise<Credential[]> {
  const rows = await session.query<CredentialRow & { readonly token_name: string | null }>(
    `select ${credentialColumns}, (
       select name from gitway.object_version where kind = 'ApiToken' and object_id = token_id
       order by version desc limit 1
     ) as token_name
     from gitway.credential where hash = $1 order by id`,
    [hash],
  );
  return rows.map((row) => toCredential(row, row.token_name ?? ""));
}

/** The live token of that name; `not-found` when there is none. */
export async function findToken(session: Session, name: string): Promise<StoredObject> {
  const token = await findObject(session, "ApiToken", name);
  if (!token)
    throw new AppError(
      "not-found",
      `There is no ApiToken '${name}' in the store: check the name, or apply its manifest first.`,
    );
  return token;
}

/** What the endpoint checks callers against: the unrevoked credentials of tokens that exist. */
export async function readServingCredentials(session: Session): Promise<ServingCredential[]> {
  const rows = await session.query<{ id: number; token_id: string; hash: string; not_after: Date | null }>(
    `select id, token_id, encode(hash, 'hex') as hash, not_after from gitway.credential
     where revoked_at is null and token_id in
       (select object_id from gitway.object_version where kind = 'ApiToken' and to_revision is null)
     order by id`,
  );
  return rows.map((row) => ({
    id: row.id,
    tokenId: row.token_id,
    hash: row.hash,
    notAfter: row.not_after?.toISOString() ?? null,
  }));
}

/** The credential that a row holds. */
export function toCredential(row: CredentialRow, tokenName: string): Credential {
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
