import type { LocalRequest } from "../batch/local-exchange.ts";
import type { Call } from "../call.ts";
import { needsNoToken } from "../rules/token.ts";
import { identifyCaller } from "../table/credential-table.ts";
import type { RouteTable } from "../table/route-table.ts";
import { presentedSecret, standardLocation } from "../token-location.ts";
import type { Explanation, TokenState } from "./explanation.ts";

type Token = Explanation["token"];

/** What the token of a call is to it. */
export function tokenOfCall(call: Call): Token {
  return { name: call.tokenName, state: stateOf(call) };
}

/** What a token is where no definition asks for one: below the base it is checked all the same. */
export function tokenWithoutCall(table: RouteTable, headers: LocalRequest["headers"], query: string): Token {
  const byName = Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
  const secret = presentedSecret(standardLocation, byName, query, true);
  const { tokenName, fault } = identifyCaller(table.credentials, secret, Date.now());
  if (!secret) return { name: null, state: "missing" };
  return { name: tokenName, state: fault ?? (tokenName === null ? "unknown" : "accepted") };
}

function stateOf(call: Call): TokenState {
  const { definition, caller, tokenName, tokenFault, tokenPresented } = call;
  if (needsNoToken(call)) return "not needed";
  if (caller) return definition.allowedTokens.has(caller.tokenName) ? "accepted" : "not allowed";
  if (tokenFault) return tokenFault;
  return tokenPresented && tokenName === null ? "unknown" : "missing";
}
