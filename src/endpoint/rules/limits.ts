import type { Call } from "../call.ts";
import type { Refusal } from "../endpoint-error.ts";
import { needsNoToken } from "./token.ts";

/** Counts the request of a token, and refuses it beyond the token's rate limit or quota (UD-APIs 1.5). */
export function tokenIsWithinLimits(call: Call): Refusal | null {
  if (!call.caller || needsNoToken(call)) return null;
  return call.usage?.countToken(call.caller, call.receivedAt) ?? null;
}

/** Counts the request to an API, and refuses it beyond the limit of all its callers together. */
export function apiIsWithinLimit({ definition, usage, receivedAt }: Call): Refusal | null {
  return usage?.countApi(definition, receivedAt) ?? null;
}
