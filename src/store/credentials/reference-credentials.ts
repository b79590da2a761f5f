import type { Log } from "../../log.ts";
import { gitwayActor } from "../../plan/plan.ts";
import type { Database, Session } from "../database.ts";
import { countCredentialChange, lockPointer } from "../pointer.ts";
import { readSuspension } from "../suspension.ts";
import type { ResolvedReference } from "./credential-store.ts";

/** A hash in the store, hex, and what it is to a new reference. */
interface StoredHash {
  readonly id: number;
  readonly token_id: string;
  readonly hash: string;
  readonly origin: "issued" | "reference";
  readonly revoked: boolean;
}

interface Difference {
  /** Ids of credentials that no reference resolves to any more. */
  readonly gone: readonly number[];
  readonly added: readonly { readonly tokenId: string; readonly hash: string }[];
}

/**
 * Makes the credentials that come from references those given, and says whether anything changed. A
 * reference that an operator revoked stays denied, whichever token names it; one that serves another
 * token already is left out and logged. While reconciling is suspended everything stays as it is.
 */
export async function syncReferences(
  database: Database,
  references: readonly ResolvedReference[],
  log: Log,
): Promise<boolean> {
  return database.transaction(async (session) => {
    await lockPointer(session);
    if (await readSuspension(session)) return false;
    const names = await readTokenNames(session);
    // A quarantined token has none yet.
    const existing = references.filter(({ tokenId }) => names.has(tokenId.toLowerCase()));
    const nameOf = (tokenId: string) => names.get(tokenId.toLowerCase()) ?? tokenId;
    const { gone, added } = difference(await readHashes(session), existing, nameOf, log);
    if (gone.length === 0 && added.length === 0) return false;
    await session.query(
      `delete from gitway.credential where id in (
         select id from gitway.credential where id = any($1::bigint[]) order by id for update)`,
      [gone],
    );
    await session.query(
      `insert into gitway.credential (token_id, hash, origin, issued_by_name, issued_by_email)
       select token_id, decode(hash, 'hex'), 'reference', $3, $4
       from unnest($1::uuid[], $2::text[]) as row (token_id, hash)`,
      [
        added.map(({ tokenId }) => tokenId),
        added.map(({ hash }) => hash),
        gitwayActor.name,
        gitwayActor.email,
      ],
    );
    await countCredentialChange(session);
    return true;
  });
}

async function readHashes(session: Session): Promise<StoredHash[]> {
  return session.query<StoredHash>(
    "select id, token_id, encode(hash, 'hex') as hash, origin, revoked_at is not null as revoked from gitway.credential order by id",
  );
}

/** The names of the tokens that are in the store, by id. */
async function readTokenNames(session: Session): Promise<ReadonlyMap<string, string>> {
  const rows = await session.query<{ object_id: string; name: string }>(
    "select object_id, name from gitway.object_version where kind = 'ApiToken' and to_revision is null",
  );
  return new Map(rows.map(({ object_id, name }) => [object_id, name]));
}

function difference(
  stored: readonly StoredHash[],
  references: readonly ResolvedReference[],
  nameOf: (tokenId: string) => string,
  log: Log,
): Difference {
  const wanted = new Map<string, string>();
  const revoked = new Set(stored.filter((each) => each.revoked).map(({ hash }) => hash));
  const holders = holdersOf(stored, references);
  for (const { tokenId, hash: bytes } of references) {
    const hash = bytes?.toString("hex");
    if (hash === undefined) continue;
    const holder = holders.get(hash) ?? wanted.get(hash) ?? tokenId;
    const token = nameOf(tokenId);
    if (revoked.has(hash)) log.warn({ token }, "a token refers to a secret that was revoked: denied");
    else if (holder !== tokenId)
      log.warn(
        { token, holder: nameOf(holder) },
        "a token refers to a secret that serves another token: left out",
      );
    else wanted.set(hash, tokenId);
  }
  const active = stored.filter((each) => !each.revoked);
  const kept = new Set(
    active.filter((each) => wanted.get(each.hash) === each.token_id).map(({ hash }) => hash),
  );
  return {
    gone: active.filter((each) => each.origin === "reference" && !kept.has(each.hash)).map(({ id }) => id),
    added: [...wanted].filter(([hash]) => !kept.has(hash)).map(([hash, tokenId]) => ({ tokenId, hash })),
  };
}

/** Which token a hash serves already and goes on serving: who has a secret keeps it. */
function holdersOf(
  stored: readonly StoredHash[],
  references: readonly ResolvedReference[],
): Map<string, string> {
  const named = new Set(references.map(({ tokenId, hash }) => `${tokenId}/${hash?.toString("hex")}`));
  const holding = stored.filter(
    (each) => !each.revoked && (each.origin === "issued" || named.has(`${each.token_id}/${each.hash}`)),
  );
  return new Map(holding.map(({ hash, token_id }) => [hash, token_id]));
}
