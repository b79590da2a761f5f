import { Secret } from "../../secret.ts";
import type { ServingState } from "../../store/serving/serving-store.ts";
import { type ServedLimits, tokenLimits } from "../limits/limit.ts";
import { hasEnded, parseEnd } from "../timestamp.ts";
import { takeTurns, type Turns } from "../turns.ts";

/** A token as far as calls need it. */
export interface Caller {
  readonly tokenId: string;
  readonly tokenName: string;
  readonly limits: ServedLimits;
}

interface Credential {
  readonly id: number;
  readonly tokenId: string;
  /** The latest end of all credentials with this hash; null for never. */
  readonly end: number | null;
}

interface Token extends Caller {
  readonly disabled: boolean;
  readonly end: number | null;
}

/** Who a secret belongs to. Only hashes are held (law 6). */
export interface CredentialTable {
  readonly byHash: ReadonlyMap<string, Credential>;
  readonly tokens: ReadonlyMap<string, Token>;
}

/** The credentials of a revision, built in turns. A hash that two tokens claim admits nobody. */
export async function buildCredentialTable(
  state: Pick<ServingState, "tokens" | "credentials">,
  turn: Turns = takeTurns(),
): Promise<CredentialTable> {
  const tokens = new Map<string, Token>();
  for (const { id, name, spec } of state.tokens) {
    if (turn.isOver()) await turn.next();
    tokens.set(id, {
      tokenId: id,
      tokenName: name,
      limits: tokenLimits(id, spec),
      disabled: spec.disabled ?? false,
      end: parseEnd(spec.expires),
    });
  }
  const byHash = new Map<string, Credential>();
  const disputed = new Set<string>();
  for (const { id, tokenId, hash, notAfter } of state.credentials) {
    if (turn.isOver()) await turn.next();
    const key = hash.toLowerCase();
    const known = byHash.get(key);
    if (known && known.tokenId !== tokenId) disputed.add(key);
    byHash.set(key, { id, tokenId, end: known ? later(known.end, parseEnd(notAfter)) : parseEnd(notAfter) });
  }
  for (const hash of disputed) byHash.delete(hash);
  return { byHash, tokens };
}

/** What can be wrong with a token that is known. For the log and for events, never for callers. */
export type TokenFault = "expired" | "disabled";

/** Whose token it is, if anybody's that may come in. */
export interface Identity {
  readonly caller: Caller | null;
  /** The number of the caller's credential. */
  readonly credentialId: number | null;
  /** The name of the token, even if it may not come in; null when the secret is nobody's. */
  readonly tokenName: string | null;
  /** Why a known token does not count. */
  readonly fault: TokenFault | null;
}

const nobody: Identity = { caller: null, credentialId: null, tokenName: null, fault: null };

/**
 * The caller that a secret belongs to, if any. The look-up is by SHA-256, so that its time tells nothing
 * about the secret.
 */
export function identifyCaller(table: CredentialTable, secret: Secret | null, now: number): Identity {
  const credential = secret && table.byHash.get(secret.hexHash());
  const token = credential && table.tokens.get(credential.tokenId);
  if (!token) return nobody;
  const { tokenName } = token;
  if (token.disabled) return { ...nobody, tokenName, fault: "disabled" };
  if (hasEnded(credential.end, now) || hasEnded(token.end, now))
    return { ...nobody, tokenName, fault: "expired" };
  return { caller: token, credentialId: credential.id, tokenName, fault: null };
}

function later(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : Math.max(a, b);
}
