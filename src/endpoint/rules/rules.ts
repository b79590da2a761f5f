import type { Reply } from "../actions/reply-definition.ts";
import type { Call } from "../call.ts";
import type { Refusal } from "../endpoint-error.ts";
import { addressIsAllowed } from "./address.ts";
import { bodyIsSmall } from "./body.ts";
import { apiHasNotExpired } from "./expiry.ts";
import { settingsAreHonoured } from "./honoured.ts";
import { methodIsTaken } from "./method.ts";
import { pathIsOpen } from "./path.ts";
import { queryIsShort } from "./query.ts";
import { callerIsAllowed } from "./token.ts";
import { versionHasNotExpired, versionIsKnown } from "./version.ts";

/** A refusal, or an answer instead of the action's; null lets the call pass. */
export type Verdict = Refusal | Reply | null;

/** Something that a call must pass. */
export interface Rule {
  /** What an access log and an explanation call it. */
  readonly name: string;
  readonly judge: (call: Call) => Verdict | Promise<Verdict>;
}

/** The verdict that ended a call's way, and whose it was. */
export interface Ruling {
  readonly rule: string;
  readonly verdict: Refusal | Reply;
}

/**
 * The rules in the order in which calls meet them (Gateway rules 2.1): versions, paths and addresses come
 * before the token; what only the definition's own callers should learn comes after it.
 */
const rules: readonly Rule[] = [
  { name: "supported settings", judge: settingsAreHonoured },
  { name: "version", judge: versionIsKnown },
  { name: "expiry of the API", judge: apiHasNotExpired },
  { name: "expiry of the version", judge: versionHasNotExpired },
  { name: "paths", judge: pathIsOpen },
  { name: "addresses", judge: addressIsAllowed },
  { name: "body size", judge: bodyIsSmall },
  { name: "token", judge: callerIsAllowed },
  { name: "methods", judge: methodIsTaken },
  { name: "query size", judge: queryIsShort },
];

/** The first ruling that does not let the call pass, or null when the action may serve it. */
export async function applyRules(call: Call): Promise<Ruling | null> {
  for (const { name, judge } of rules) {
    const judged = judge(call);
    const verdict = judged instanceof Promise ? await judged : judged;
    if (verdict) return { rule: name, verdict };
  }
  return null;
}
