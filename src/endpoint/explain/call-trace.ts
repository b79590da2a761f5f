import type { Call } from "../call.ts";
import type { Refusal } from "../endpoint-error.ts";
import type { Verdict } from "../rules/rule.ts";

/** Sees how requests are decided, for somebody who asks why. */
export interface CallTrace {
  /** The call that was found, and what refuses it before any rule. */
  readonly found: (call: Call | null, refusal: Refusal | null) => void;
  readonly judged: (call: Call, rule: string, verdict: Verdict) => void;
  /** Whether the action of a call is run. One that is not is answered with nothing. */
  readonly mayAct: (call: Call) => boolean;
}
