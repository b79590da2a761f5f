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

/**
 * Has a call judged, up to the first ruling that does not let it pass. Each verdict is shown to `note`. At once where
 * no rule has to wait for anything: most calls meet none, and to wait all the same takes longer than judging.
 */
export function applyRules(
  arrived: Call,
  tools: RuleTools,
  note?: (call: Call, rule: string, verdict: Verdict) => void,
): Judged | Promise<Judged> {
  return judgeFrom(0, arrived);

  function judgeFrom(first: number, before: Call): Judged | Promise<Judged> {
    let call = before;
    let index = first;
    for (const { name, judge } of first === 0 ? rules : rules.slice(first)) {
      index++;
      const judged = judge(call, tools);
      if (judged instanceof Promise) return goOn(index, call, name, judged);
      const ruling = heed(call, name, judged);
      if (ruling) return { call, ruling };
      call = callAfter(call, judged);
    }
    return { call, ruling: null };
  }

  async function goOn(next: number, call: Call, name: string, judged: Promise<Verdict>): Promise<Judged> {
    const verdict = await judged;
    const ruling = heed(call, name, verdict);
    return ruling ? { call, ruling } : judgeFrom(next, callAfter(call, verdict));
  }

  function heed(call: Call, rule: string, verdict: Verdict): Ruling | null {
    note?.(call, rule, verdict);
    return verdict && ("code" in verdict || verdict.kind === "reply") ? { rule, verdict } : null;
  }
}

/** A verdict that lets a call pass may change it. */
function callAfter(call: Call, verdict: Verdict): Call {
  return verdict && "call" in verdict ? verdict.call : call;
}
