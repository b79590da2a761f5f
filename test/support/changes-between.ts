import { objectKey, type Manifest } from "../../src/manifest/manifest.ts";
import type { Change, StoredObject } from "../../src/plan/plan.ts";
import { storedFrom as asStored } from "../../src/plan/stored-object.ts";

/** An object as the store has it after a manifest went live. */
export function storedFrom(manifest: Manifest, commit: string): StoredObject {
  return asStored(manifest, { version: 1, commit, origin: null });
}

/** What would change from stored objects to manifests, without any of the rules of a plan. */
export function changesBetween(
  stored: readonly StoredObject[],
  manifests: readonly Manifest[],
): readonly Change[] {
  const before = new Map(stored.map((object) => [objectKey(object), object]));
  const after = new Map(manifests.map((manifest) => [objectKey(manifest), manifest]));
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((key) => before.get(key)?.hash !== after.get(key)?.hash)
    .map((key) => changeOf(before.get(key) ?? null, after.get(key) ?? null))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The change from one state of an object to another; at least one of them is there. */
export function changeOf(before: StoredObject | null, after: Manifest | null): Change {
  const object = after ?? before;
  if (!object) throw new Error("a change needs an object");
  const { kind, id, name } = object;
  const action = before === null ? "create" : after === null ? "delete" : "update";
  return { action, kind, id, name, route: null, fields: [], before, after } as Change;
}
