import type { Kind } from "../manifest/manifest.ts";
import type { Person, Writing } from "../plan/plan.ts";

/** What happened to an object, as an event and a message say it. */
export type EventAction = "added" | "updated" | "deleted" | "issued" | "rotated" | "revoked";

/**
 * An information event (UD-APIs 5): one for every change of an object, written in the transaction of
 * the change.
 */
export interface InformationEvent {
  readonly id: number;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly parameterId: 64650;
  readonly parameterName: "User-defined APIs";
  /** `ApiToken 'internal' (2faa…) was updated by John Doe` */
  readonly message: string;
  readonly action: EventAction;
  readonly kind: Kind;
  readonly objectId: string;
  readonly name: string;
  readonly route: string | null;
  /** The author, and the name of the `User` who owns the address. */
  readonly actor: Person & { readonly user: string | null };
  /** Whether Gitway did it of itself, rather than somebody who goes by that name. Absent in old events. */
  readonly byGitway?: boolean;
  readonly committer: Person | null;
  readonly contributors: readonly Person[];
  /** Whose commit let the change go live, when it is older than that commit. */
  readonly releasedBy: { readonly author: Person; readonly commit: string } | null;
  readonly commit: string | null;
  /** When the author made it, as the commit says: ISO 8601, UTC. Absent without one, and in old events. */
  readonly authoredAt?: string;
  /** Who first wrote an object that is added, when a later commit gave it its present content. */
  readonly firstWritten?: Writing;
  readonly path: string | null;
  readonly line: number | null;
  readonly revision: number;
  readonly versionBefore: number | null;
  readonly versionAfter: number | null;
  /** SHA-256, hex, of the object's content after the change; null where there is none. */
  readonly objectHash: string | null;
  /** The `hash` of the event before; 64 zeros in the first. */
  readonly previousHash: string;
  /** SHA-256, hex, of all the other fields in canonical form. */
  readonly hash: string;
}
