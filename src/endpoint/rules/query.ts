import type { Call } from "../call.ts";
import type { Refusal } from "../endpoint-error.ts";

/** Refuses query strings beyond the definition's limit; for scripts 2 KiB by default (UD-APIs 2.1). */
export function queryIsShort({ definition, target }: Call): Refusal | null {
  const limit = definition.limits.query;
  return limit !== null && target.query.length > limit ? { code: 1011 } : null;
}
