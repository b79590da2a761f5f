import type { Closeable } from "../../closeable.ts";
import type { StoredObject } from "../../plan/plan.ts";
import type { ServingCredential } from "../credentials/credential-store.ts";

/** A definition as it is stored. */
export type StoredDefinition = Extract<StoredObject, { kind: "ApiDefinition" }>;

/** A token as it is stored. */
export type StoredToken = Extract<StoredObject, { kind: "ApiToken" }>;

/** Up to where somebody has read: a revision of a certain store, and a count of changes to credentials. */
export interface ServingMark {
  readonly revision: number;
  /** Tells the revision from one with the same number in another store, or after a restore. */
  readonly applyId: string | null;
  readonly credentialChanges: number;
}

/** All that the endpoint needs, of one revision. */
export interface ServingState {
  readonly revision: number;
  readonly commit: string | null;
  /** In the order of their names, as are tokens. */
  readonly definitions: readonly StoredDefinition[];
  readonly tokens: readonly StoredToken[];
  readonly credentials: readonly ServingCredential[];
  /** Contents of referenced files, as text, by digest. */
  readonly blobs: ReadonlyMap<string, string>;
  /** Absent where it did not come from a store. */
  readonly mark?: ServingMark;
}

/** What leads from one serving state to a later one. */
export interface ServingChanges {
  readonly revision: number;
  readonly commit: string | null;
  /** Those that are new or other than before. */
  readonly definitions: readonly StoredDefinition[];
  readonly tokens: readonly StoredToken[];
  /** Those that are gone. Some may not have been there. */
  readonly removed: readonly Pick<StoredObject, "kind" | "id">[];
  /** All of them; null when none has changed. */
  readonly credentials: readonly ServingCredential[] | null;
  /** Contents that the definitions here refer to. */
  readonly blobs: ReadonlyMap<string, string>;
  readonly mark: ServingMark;
}

/** Where the endpoint's routes come from. */
export interface ServingStore {
  serving(): Promise<ServingState>;
  /** What changed since a mark; null when the mark is not of this store, or of a later time than it is at. */
  servingSince(mark: ServingMark): Promise<ServingChanges | null>;
  /** Calls back after every change of objects or credentials, by notification with polling behind it. */
  onChange(listener: () => void): Promise<Closeable>;
}
