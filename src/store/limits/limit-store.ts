/** How often something that is limited was used within a slice of time, by all endpoints together. */
export interface SharedHits {
  /** What is limited. */
  readonly key: string;
  /** When the slice begins, and how long it is, in milliseconds (since 1970). */
  readonly start: number;
  readonly length: number;
  readonly hits: number;
  /** The time of the latest, in milliseconds since 1970. */
  readonly last: number;
}

/** Hits to add, and how long they are needed. */
export interface NewHits extends SharedHits {
  /** Milliseconds since 1970. */
  readonly end: number;
}

/** What a look at the shared hits gave. */
export interface HitsSince {
  /** Where the next look goes on. */
  readonly mark: string;
  readonly hits: readonly SharedHits[];
}

/** That a rate limit was hit of which somebody wants to be told (UD-APIs 1.5). */
export interface NewNotice {
  readonly kind: "ApiToken" | "ApiDefinition";
  readonly objectId: string;
  readonly limit: number;
  /** Milliseconds. */
  readonly window: number;
}

/** A notice that is open: it stays until somebody clears it. */
export interface LimitNotice extends NewNotice {
  readonly name: string;
  /** ISO 8601, UTC. */
  readonly since: string;
}

/** What endpoints on one store tell each other about limits, and operators. */
export interface LimitStore {
  /**
   * Adds hits, and gives the totals that changed since a mark, in all slices that are still needed when it
   * is null. Those just added are among them.
   */
  shareHits(added: readonly NewHits[], since: string | null): Promise<HitsSince>;
  /** Removes hits that no window reaches any more, and notices of objects that are gone. */
  forgetLimits(): Promise<void>;
  /**
   * Opens notices, one for each object, and gives those that were not open. One that was cleared opens
   * again, but not sooner than `interval` milliseconds after it was last opened.
   */
  raiseNotices(notices: readonly NewNotice[], interval: number): Promise<readonly LimitNotice[]>;
  /** The open notices of objects that are there, oldest first. */
  notices(): Promise<readonly LimitNotice[]>;
  /** Clears the open notice of an object; false when there is none. */
  clearNotice(kind: NewNotice["kind"], name: string): Promise<boolean>;
}
