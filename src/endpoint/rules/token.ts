import type { Call } from "../call.ts";
import type { Refusal } from "../endpoint-error.ts";
import { bearerSecret } from "../token-location.ts";

/** Lets in the tokens of the definition. All that is wrong with a token looks the same. */
export function callerIsAllowed(call: Call): Refusal | null {
  const { definition, caller } = call;
  if (definition.keyless) return null;
  if (caller && definition.allowedTokens.has(caller.tokenId)) return null;
  const presented = call.routeSegments === null ? call.tokenPresented : bearerSecret(call.request.headers);
  return { code: presented ? 1010 : 1008 };
}
