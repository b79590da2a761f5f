import type { Person, StoredObject } from "../../plan/plan.ts";
import { spokenName } from "../../plan/spoken-name.ts";
import type { NewEvent } from "../events/events.ts";
import { describeObject } from "../store.ts";

/** The event of an operator who did something to secrets of a token. It has no commit: it did not come from Git. */
export function credentialEvent(
  token: StoredObject,
  what: { readonly action: "issued" | "rotated" | "revoked"; readonly count: number },
  by: Person,
  revision: number,
): NewEvent {
  const secrets = what.count === 1 ? "A secret" : `${what.count} secrets`;
  const were = what.count === 1 ? "was" : "were";
  return {
    message: `${secrets} of ${describeObject(token, null)} ${were} ${what.action} by ${spokenName(by)}`,
    action: what.action,
    kind: token.kind,
    objectId: token.id,
    name: token.name,
    route: null,
    actor: by,
    committer: null,
    contributors: [],
    releasedBy: null,
    commit: null,
    path: null,
    line: null,
    revision,
    versionBefore: null,
    versionAfter: null,
    objectHash: null,
  };
}
