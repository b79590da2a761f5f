import type { Closeable } from "../closeable.ts";
import type { GitwayObject, Kind } from "../manifest/manifest.ts";
import type { Problem } from "../manifest/problem.ts";
import type { ChangeCounts } from "../plan/count-changes.ts";
import type {
  AttributedChange,
  CurrentState,
  DriftedObject,
  Held,
  Person,
  Quarantined,
  Sighting,
  StoredObject,
} from "../plan/plan.ts";
import type { Secret } from "../secret.ts";
import type { BackupStore } from "./backup/backup-store.ts";
import type { CredentialStore } from "./credentials/credential-store.ts";
import type { InformationEvent } from "./information-event.ts";
import type { LimitStore } from "./limits/limit-store.ts";
import type { ListingStore } from "./listing-store.ts";
import type { Outbox } from "./outbox/outbox.ts";
import type { ServingStore } from "./serving/serving-store.ts";

/** What is live at a revision. */
export interface LiveObjects {
  readonly revision: number;
  /** In the order of kinds and names. */
  readonly objects: readonly StoredObject[];
  /** Contents of the files that they refer to, by digest. */
  readonly contents: ReadonlyMap<string, Buffer>;
}

/** Which events are asked for. Times are ISO 8601. */
export interface EventQuery {
  readonly limit: number;
  readonly afterId?: number;
  readonly beforeId?: number;
  readonly kinds?: readonly Kind[];
  readonly objectId?: string;
  readonly name?: string;
  /** The name or address of the author, or the name of the `User` who owns the address. */
  readonly actor?: string;
  /** A commit, or how it begins. */
  readonly commit?: string;
  readonly since?: string;
  readonly until?: string;
}

/** One step in the life of an object: its event, and the object before and after it. */
export interface ObjectStep {
  readonly event: InformationEvent;
  /** Null when the object was added. */
  readonly before: StoredObject | null;
  /** Null when the object was deleted. */
  readonly after: StoredObject | null;
}

/** How events differ from what is known elsewhere, in sentences, by number of event. */
export type EventInspection = (
  events: readonly InformationEvent[],
) => Promise<ReadonlyMap<number, readonly string[]>>;

/** Whether the events are those that were written. */
export interface EventVerification {
  /** How many events fit, from the oldest. */
  readonly checked: number;
  /** How many of them made a version that somebody changed in the store, and Gitway healed since. */
  readonly healed: number;
  /** The first that does not; without a number when it is the end that is gone. */
  readonly fault: {
    readonly id: number | null;
    /** ISO 8601, UTC. */
    readonly time: string | null;
    readonly message: string | null;
    /** What does not fit, in sentences. */
    readonly differences: readonly string[];
  } | null;
}

/** One revision to apply: all of it, or nothing (law 2). */
export interface ApplyRequest {
  /** The revision that the plan was made against. Another one in the store fails with `revision-moved`. */
  readonly parentRevision: number;
  readonly commit: string;
  readonly origin: string;
  readonly changes: readonly AttributedChange[];
  /** Contents of referenced files by digest: those that the changes need and the store may lack. */
  readonly blobs: ReadonlyMap<string, Buffer>;
  /** Versions that stay, and whose manifests stand elsewhere now. Absent when there are none. */
  readonly sightings?: readonly Sighting[];
}

/** What there is to note when nothing changed but the places of manifests. */
export type SightingsRequest = Required<Pick<ApplyRequest, "parentRevision" | "sightings">>;

/** What an apply did. */
export interface Applied {
  readonly revision: number;
  readonly events: readonly InformationEvent[];
}

/** A commit and when it got there. */
export interface RevisionMark {
  readonly commit: string;
  readonly revision: number;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** A manifest that does not go live: since when, whose it is, and what serves instead. */
export interface QuarantinedManifest extends Quarantined {
  /** ISO 8601, UTC. */
  readonly since: string;
  /** The commit that gave it its present content; null when nobody did. */
  readonly commit: string | null;
  readonly author: Person | null;
  /** Whose commit broke it, when that is another: what it needs was taken away, or what it wants was taken. */
  readonly brokenBy: { readonly author: Person; readonly commit: string } | null;
  /** The last good version, which goes on serving; null when there is none. */
  readonly lastGood: {
    readonly version: number;
    readonly commit: string;
    readonly path: string;
    readonly line: number;
  } | null;
}

/** A deletion that waits: since when, and whose it is. */
export interface HeldDeletion extends Held {
  /** ISO 8601, UTC. */
  readonly since: string;
  /** The commit that took the object away, or made its file unreadable; null when nobody did. */
  readonly commit: string | null;
  readonly author: Person | null;
}

/** What goes on serving while nothing new can be read. */
export interface StayingObjects {
  readonly revision: number;
  readonly count: number;
  /** The first of them. */
  readonly objects: readonly Pick<StoredObject, "kind" | "name">[];
}

/** How reconciling stands: what the last pass tried, what is live, what is held back and why. */
export interface SyncStatus {
  readonly source: { readonly url: string; readonly branch: string; readonly paths: readonly string[] };
  /** The last commit that a pass looked at. */
  readonly attempted: RevisionMark | null;
  /** The last commit whose good changes are live. */
  readonly applied: RevisionMark | null;
  /** The last commit that is live as a whole: nothing held or quarantined. */
  readonly converged: RevisionMark | null;
  readonly state: "synced" | "degraded" | "failed" | "suspended";
  readonly error: { readonly code: string; readonly message: string } | null;
  /** What the failure left as it was. Absent when the last pass did not fail, or not even that could be read. */
  readonly staying?: StayingObjects;
  /** Since when the state is what it is. ISO 8601, UTC. */
  readonly since: string;
  readonly quarantined: readonly QuarantinedManifest[];
  readonly held: readonly HeldDeletion[];
  readonly problems: readonly Problem[];
  /** What the last pass saw and left alone because reconciling is suspended; absent when that was nothing. */
  readonly waiting?: ChangeCounts & { readonly commit: string };
}

/** That reconciling is suspended: nothing that changes in Git goes live until it is resumed. */
export interface Suspension {
  /** ISO 8601, UTC. */
  readonly since: string;
  readonly by: Person;
  readonly reason: string | null;
}

/** The Postgres store: object versions, revisions, events, credentials. Failures are `AppError`s. */
export interface Store
  extends Closeable, BackupStore, CredentialStore, LimitStore, ListingStore, ServingStore {
  /** For people: `postgres://db.example.com/gitway` or `embedded Postgres in .gitway`. Without a password. */
  readonly description: string;
  /** Where another connection to it can be opened: as `databaseUrl`. */
  readonly url: Secret;
  current(): Promise<CurrentState>;
  /** Fails with `revision-moved` when another writer was faster, and with `suspended` while reconciling is. */
  apply(request: ApplyRequest): Promise<Applied>;
  /** Notes where manifests stand now whose objects did not change. Fails as `apply` does. */
  noteSightings(request: SightingsRequest): Promise<void>;
  readSync(): Promise<SyncStatus | null>;
  writeSync(status: SyncStatus): Promise<void>;
  /** Objects of a kind by name, or the one with that name. */
  objects(kind: Kind, name?: string): Promise<readonly StoredObject[]>;
  /** All objects, those of a kind, or the one with a name, as of one revision and with their files. */
  live(filter: { readonly kind?: Kind; readonly name?: string }): Promise<LiveObjects>;
  /** The newest `limit` events that fit, or the first ones after an id; oldest first either way. */
  events(query: EventQuery): Promise<readonly InformationEvent[]>;
  /** The newest `limit` steps of the objects that have or had a name, oldest first. */
  history(kind: Kind, name: string, limit: number): Promise<readonly ObjectStep[]>;
  /** Checks the chain of events, oldest first, and the object versions that they refer to (tamper evidence). */
  verifyEvents(inspect: EventInspection): Promise<EventVerification>;
  /** Messages to webhooks. */
  readonly outbox: Outbox;
  /**
   * Looks for objects that were changed behind Gitway's back, when something was noted or the last look is
   * long ago. `current` shows what it found so that a plan heals it. Gives what was not known before.
   */
  checkDrift(): Promise<readonly DriftedObject[]>;
  /** All objects that are not as their newest event left them. Compares everything, remembers nothing. */
  findDrift(): Promise<readonly DriftedObject[]>;
  /** The suspension that holds; null when reconciling is not suspended. */
  suspension(): Promise<Suspension | null>;
  /** Suspends reconciling for all processes, and gives the suspension that holds: an earlier one stays. */
  suspend(request: Pick<Suspension, "by" | "reason">): Promise<Suspension>;
  /** Ends the suspension and gives it; null when there is none. */
  resume(by: Person): Promise<Suspension | null>;
  /**
   * Calls back when there is a reason to look again: a write that did not come from an apply, or reconciling was
   * suspended or resumed.
   */
  onWake(listener: () => void): Promise<Closeable>;
  /** Resolves when the database answers. */
  ping(): Promise<void>;
}

/** The name and message of an object in events: `ApiDefinition with route 'x' (id)`, `ApiToken 'x' (id)`. */
export function describeObject(
  object: Pick<GitwayObject, "kind" | "name" | "id">,
  route: string | null,
): string {
  return route === null
    ? `${object.kind} '${object.name}' (${object.id})`
    : `${object.kind} with route '${route}' (${object.id})`;
}
