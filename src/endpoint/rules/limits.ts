import type { Call } from "../call.ts";
import type { Refusal } from "../endpoint-error.ts";
import { passesWithoutToken } from "../path-lists.ts";

/** Counts the request of a token, and refuses it beyond the token's rate limit or quota (UD-APIs 1.5). */
export function tokenIsWithinLimits({ definition, caller, path, usage, receivedAt }: Call): Refusal | null {
  if (!caller || definition.keyless || passesWithoutToken(path)) return null;
  return usage?.countToken(caller, receivedAt) ?? null;
}

/** Counts the request to an API, and refuses it beyond the limit of all its callers together. */
export function apiIsWithinLimit({ definition, usage, receivedAt }: Call): Refusal | null {
  return usage?.countApi(definition, receivedAt) ?? null;
}
