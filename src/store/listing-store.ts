import type { Kind } from "../manifest/manifest.ts";
import type { StoredObject } from "../plan/plan.ts";
import type { ObjectStamps } from "./stamps.ts";

/** What is live at a revision, for who lists it. */
export interface Listing {
  readonly revision: number;
  /** In the order of kinds and names. Those that stay the same are the same from one listing to the next. */
  readonly objects: readonly StoredObject[];
  /** Of definitions, by id. */
  readonly stamps: ReadonlyMap<string, ObjectStamps>;
}

/** What is live, for who lists it. */
export interface ListingStore {
  /** The current revision; 0 before the first apply. */
  revision(): Promise<number>;
  /** What is live, all of it of one revision. Reads what is new since the last time. */
  listing(): Promise<Listing>;
  /** When each live object of a kind was added and last changed, and by whom, by id. */
  stamps(kind: Kind): Promise<ReadonlyMap<string, ObjectStamps>>;
}
