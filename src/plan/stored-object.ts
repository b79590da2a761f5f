import type { Manifest } from "../manifest/manifest.ts";
import type { StoredObject } from "./plan.ts";

/** The object that a store has when a manifest has gone live. */
export function storedFrom(
  { place, places: _places, ...said }: Manifest,
  how: Pick<StoredObject, "version" | "commit" | "origin">,
): StoredObject {
  const written = { path: place.file, line: place.line };
  return { ...said, ...how, written, ...written };
}
