import type { Call } from "../call.ts";
import type { Refusal } from "../endpoint-error.ts";

/** Refuses calls of an API with a restriction that can't be enforced yet. */
export function settingsAreHonoured({ definition }: Call): Refusal | null {
  return definition.refusedFor === null
    ? null
    : { code: 2006, reason: `'${definition.refusedFor}' is not honoured yet` };
}
