import type { Call } from "../call.ts";
import type { Refusal } from "../endpoint-error.ts";
import { addressIsAllowed } from "./address.ts";
import { apiHasNotExpired } from "./expiry.ts";
import { settingsAreHonoured } from "./honoured.ts";
import { methodIsTaken } from "./method.ts";
import { queryIsShort } from "./query.ts";
import { callerIsAllowed } from "./token.ts";

/** Something that a call must pass. Null lets it pass. */
export type Rule = (call: Call) => Refusal | null;

/**
 * The rules in the order in which calls meet them. Expiry and addresses come before the token, as in the
 * Dashboard API's gateway; what only the definition's own callers should learn comes after it.
 */
const rules: readonly Rule[] = [
  settingsAreHonoured,
  apiHasNotExpired,
  addressIsAllowed,
  callerIsAllowed,
  methodIsTaken,
  queryIsShort,
];

/** The first refusal, or null when the call may be served. */
export function applyRules(call: Call): Refusal | null {
  for (const rule of rules) {
    const refusal = rule(call);
    if (refusal) return refusal;
  }
  return null;
}
