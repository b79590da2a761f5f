import type { Reply } from "../actions/reply-definition.ts";
import type { Call } from "../call.ts";
import type { Refusal } from "../endpoint-error.ts";
import { addressIsAllowed } from "./address.ts";
import { bodyIsSmall } from "./body.ts";
import { apiHasNotExpired } from "./expiry.ts";
import { apiIsWithinLimit, tokenIsWithinLimits } from "./limits.ts";
import { methodIsTaken } from "./method.ts";
import { runPostMiddleware, runPreMiddleware } from "./middleware.ts";
import { pathIsOpen } from "./path.ts";
import { queryIsShort } from "./query.ts";
import type { Rule, RuleTools, Verdict } from "./rule.ts";
import { callerIsAllowed } from "./token.ts";
import { versionHasNotExpired, versionIsKnown } from "./version.ts";

/** The verdict that ended a call's way, and whose it was. */
export interface Ruling {
  readonly rule: string;
  readonly verdict: Refusal | Reply;
}

/** How the rules judged a call. */
export interface Judged {
  /** The call as the action shall serve it. */
  readonly call: Call;
  /** Null when the action may serve it. */
  readonly ruling: Ruling | null;
}

/**
 * The rules in the order in which calls meet them (Gateway rules 2.1): versions, paths and addresses come
 * before the token; what only the definition's own callers should learn comes after it.
 */
const rules: readonly Rule[] = [
  { name: "version", judge: versionIsKnown },
  { name: "expiry of the API", judge: apiHasNotExpired },
  { name: "expiry of the version", judge: versionHasNotExpired },
  { name: "paths", judge: pathIsOpen },
  { name: "middleware before the token", judge: runPreMiddleware },
  { name: "addresses", judge: addressIsAllowed },
  { name: "body size", judge: bodyIsSmall },
  { name: "token", judge: callerIsAllowed },
  { name: "limits of the token", judge: tokenIsWithinLimits },
  { name: "limit of the API", judge: apiIsWithinLimit },
  { name: "methods", judge: methodIsTaken },
  { name: "query size", judge: queryIsShort },
  { name: "middleware before the action", judge: runPostMiddleware },
];

/** The rules that a call which goes on for long has to keep to: those that neither count nor run anything. */
const standingRules = [
  versionIsKnown,
  apiHasNotExpired,
  versionHasNotExpired,
  pathIsOpen,
  addressIsAllowed,
  callerIsAllowed,
  methodIsTaken,
] as const;

/** Whether a call would still get as far as the action. */
export function standsWithRules(call: Call): boolean {
  return standingRules.every((judge) => judge(call) === null);
}

/** Has a call judged, up to the first ruling that does not let it pass. Each verdict is shown to `note`. */
export async function applyRules(
  arrived: Call,
  tools: RuleTools,
  note?: (call: Call, rule: string, verdict: Verdict) => void,
): Promise<Judged> {
  let call = arrived;
  for (const { name, judge } of rules) {
    const judged = judge(call, tools);
    const verdict = judged instanceof Promise ? await judged : judged;
    note?.(call, name, verdict);
    if (!verdict) continue;
    if ("code" in verdict || verdict.kind === "reply") return { call, ruling: { rule: name, verdict } };
    call = verdict.call;
  }
  return { call, ruling: null };
}
