import { hashObject } from "../../manifest/canonical.ts";
import type { InformationEvent } from "../information-event.ts";

/** What the first event of a chain names as the hash before its own. */
export const genesisHash = "0".repeat(64);

/**
 * The hash that an event must carry, to chain it to the one before: SHA-256, hex, of its canonical JSON
 * without the field `hash`. Whoever has the output of `gitway events --format json` can compute it too.
 */
export function hashEvent(event: Omit<InformationEvent, "hash">): string {
  return hashObject({ ...event, hash: undefined });
}
