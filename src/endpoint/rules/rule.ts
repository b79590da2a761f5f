import type { Reply } from "../actions/reply-definition.ts";
import type { Call } from "../call.ts";
import type { Refusal } from "../endpoint-error.ts";
import type { ScriptHost } from "../script/run-script.ts";

/** Lets a call pass that is not quite the one that came. */
export interface Changed {
  readonly kind: "changed";
  readonly call: Call;
}

/** A refusal, or an answer instead of the action's, or another call; null lets the call pass. */
export type Verdict = Refusal | Reply | Changed | null;

/** What rules may use besides the call. */
export interface RuleTools {
  readonly scripts: ScriptHost;
}

/** Something that a call must pass. */
export interface Rule {
  /** What an access log and an explanation call it. */
  readonly name: string;
  readonly judge: (call: Call, tools: RuleTools) => Verdict | Promise<Verdict>;
}
