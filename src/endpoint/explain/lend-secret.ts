import { newSecret, type Secret } from "../../secret.ts";
import type { RouteTable } from "../table/route-table.ts";

/** A table that knows one more secret. */
export interface LentSecret {
  readonly table: RouteTable;
  readonly secret: Secret;
}

/** A table in which a token has one more secret, which only who gets it here knows; null without such a token. */
export function lendSecret(table: RouteTable, tokenName: string): LentSecret | null {
  const { tokens } = table.credentials;
  const token = [...tokens.values()].find((token) => token.tokenName === tokenName);
  if (!token) return null;
  const secret = newSecret();
  const byHash = new Map(table.credentials.byHash);
  byHash.set(secret.hexHash(), { id: 0, tokenId: token.tokenId, end: null });
  return { table: { ...table, credentials: { tokens, byHash } }, secret };
}
