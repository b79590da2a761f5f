import { isTokenSecret, type Secret } from "../../secret.ts";
import type { Explanation, TokenState } from "./explanation.ts";

/**
 * What is wrong with a token, which callers are never told apart: for them it is all one 401. Up to 14 the numbers
 * and names are those of UD-APIs 2.5; those from 2019 are Gitway's own.
 */
export const tokenReasons = {
  2: { name: "InvalidSecret", detail: "There is no secret, or it is none that a token can have." },
  4: { name: "TokenNotFound", detail: "The secret is that of no token." },
  6: { name: "TokenNotAllowed", detail: "The token is not among those of the definition." },
  14: { name: "TokenDisabled", detail: "The token is disabled." },
  2019: { name: "TokenExpired", detail: "The token, or this secret of it, has expired." },
  2020: { name: "TokenRevoked", detail: "The secret was revoked." },
} as const satisfies Record<number, { readonly name: string; readonly detail: string }>;

/** The number of such a reason. */
export type TokenReasonCode = keyof typeof tokenReasons;

/** What is known of the secret that a request came with. */
export interface PresentedSecret {
  /** Null when none was given. */
  readonly secret: Secret | null;
  readonly isRevoked: boolean;
}

const folded: ReadonlySet<number | null> = new Set([1008, 1010]);

const byState: Readonly<Record<TokenState, (presented: PresentedSecret) => TokenReasonCode | null>> = {
  missing: () => 2,
  unknown: ({ secret, isRevoked }) => (isRevoked ? 2020 : secret && !isTokenSecret(secret.reveal()) ? 2 : 4),
  disabled: () => 14,
  expired: () => 2019,
  "not allowed": () => 6,
  accepted: () => null,
  "not needed": () => null,
};

/** What is wrong with the token of a request that is refused with a 401; null for any other. */
export function tokenReasonOf(
  { decision, token }: Explanation,
  presented: PresentedSecret,
): TokenReasonCode | null {
  return folded.has(decision.code) ? byState[token.state](presented) : null;
}
