import type { Call } from "../call.ts";
import type { Refusal } from "../endpoint-error.ts";
import { passesWithoutToken } from "../table/path-lists.ts";
import { bearerSecret } from "../token-location.ts";

/** Whether a call needs no token: the API is open to all, or the path is. */
export function needsNoToken({ definition, path }: Pick<Call, "definition" | "path">): boolean {
  return !definition.closed && (definition.keyless || passesWithoutToken(path));
}

/** Lets in the tokens of the definition. All that is wrong with a token looks the same to the caller. */
export function callerIsAllowed(call: Call): Refusal | null {
  const { definition, caller } = call;
  if (needsNoToken(call)) return null;
  if (caller && !definition.closed && definition.allowedTokens.has(caller.tokenName)) return null;
  // A request that can be tied to a token counts, also one that fails.
  if (caller) call.usage?.countToken(caller, call.receivedAt);
  const presented = call.routeSegments === null ? call.tokenPresented : bearerSecret(call.request.headers);
  const isElsewhere = caller !== null && !definition.closed;
  return tokenRefusal(Boolean(presented), isElsewhere ? "not among those of the API" : call.tokenFault);
}

/** The answer to a caller without a token that is let in. Only the log and the events tell what is wrong with it. */
export function tokenRefusal(
  presented: boolean,
  fault: Call["tokenFault"] | "not among those of the API",
): Refusal {
  const reason = fault === null ? {} : { reason: `the token is ${fault}` };
  return {
    code: presented ? 1010 : 1008,
    ...reason,
    ...(fault === "expired" && { event: "KeyExpired" as const }),
  };
}
