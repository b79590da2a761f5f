import type { Call } from "../call.ts";
import type { Refusal } from "../endpoint-error.ts";
import { hasEnded } from "../timestamp.ts";

/** Refuses calls of an API whose time is over. */
export function apiHasNotExpired({ definition, receivedAt }: Call): Refusal | null {
  return hasEnded(definition.end, receivedAt) ? { code: 2007 } : null;
}
