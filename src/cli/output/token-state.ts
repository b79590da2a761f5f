import { grouped } from "../../grouped.ts";
import type { ApiTokenSpec } from "../../manifest/api-token.generated.ts";
import type { StoredObject } from "../../plan/plan.ts";
import type { Credential } from "../../store/credentials/credential-store.ts";

/** Whether a token lets anybody in, or why it does not. */
export type TokenState = "enabled" | "disabled" | "no secret" | "revoked" | "ended";

/** The state of a token with these credentials, at a moment in milliseconds since 1970. */
export function tokenState(
  spec: ApiTokenSpec,
  credentials: readonly Credential[],
  now = Date.now(),
): TokenState {
  if (spec.disabled === true) return "disabled";
  if (credentials.length === 0) return "no secret";
  const unrevoked = credentials.filter(({ revokedAt }) => revokedAt === null);
  if (unrevoked.length === 0) return "revoked";
  const isLive = unrevoked.some(({ notAfter }) => notAfter === null || Date.parse(notAfter) > now);
  return isLive ? "enabled" : "ended";
}

/** A token that nobody can use although its manifest names a secret. */
export interface UnusableToken {
  readonly name: string;
  readonly id: string;
  readonly state: TokenState;
}

/** Those of tokens whose secret is named by their manifests and lets nobody in. One that an operator issues may wait. */
export function unusableTokens(
  tokens: readonly StoredObject[],
  credentials: readonly Credential[],
): UnusableToken[] {
  const byToken = grouped(credentials, ({ tokenId }) => tokenId);
  return tokens.flatMap((token) => {
    if (token.kind !== "ApiToken" || token.spec.secret.generate) return [];
    const state = tokenState(token.spec, byToken.get(token.id) ?? []);
    return state === "enabled" || state === "disabled" ? [] : [{ name: token.name, id: token.id, state }];
  });
}
