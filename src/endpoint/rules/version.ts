import type { Call } from "../call.ts";
import type { Refusal } from "../endpoint-error.ts";
import { hasEnded } from "../timestamp.ts";

/** Refuses calls that name no version where one must be named, one that there isn't, or several. */
export function versionIsKnown({ versionFault }: Call): Refusal | null {
  if (versionFault === null) return null;
  if (versionFault === "several") return { code: 2014, reason: "the request names several versions" };
  return { code: versionFault === "missing" ? 2013 : 2014 };
}

/** Refuses calls of a version whose time is over. */
export function versionHasNotExpired({ version, receivedAt }: Call): Refusal | null {
  return version && hasEnded(version.end, receivedAt) ? { code: 2015 } : null;
}
