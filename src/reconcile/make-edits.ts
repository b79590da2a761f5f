import type { Manifest, ManifestSet } from "../manifest/manifest.ts";
import type { EditedFiles } from "../source/open-source.ts";
import { conflict, type EditRefusal, type EditTarget, type ObjectEdit, refusedBy } from "./object-edit.ts";
import type { PassParts } from "./pass.ts";
import { refuseQuarantined, type Standing } from "./refuse-quarantined.ts";

/** Makes edits of objects in the files of a commit, or says why not. What was edited until then stays so. */
export async function makeEdits(
  parts: PassParts,
  files: EditedFiles,
  set: ManifestSet,
  edits: readonly ObjectEdit[],
): Promise<EditRefusal | null> {
  for (const edit of edits) {
    const there = edit.operation === "add" ? undefined : findTarget(set, edit.target);
    const place = await placeOf(parts, { commit: files.commit, set, there }, edit);
    if (typeof place !== "string") return place;
    const result = await files.edit(place, callOf(edit));
    if (result.status === "edited") continue;
    return refusedBy(result.status === "invalid" ? "invalid" : "conflict", result.problems);
  }
  return null;
}

function findTarget({ manifests }: ManifestSet, { kind, id }: EditTarget): Manifest | undefined {
  return manifests.findLast((manifest) => manifest.kind === kind && manifest.id === id);
}

function callOf(edit: ObjectEdit): Parameters<EditedFiles["edit"]>[1] {
  if (edit.operation === "add") return { op: "add", wanted: edit.wanted };
  const identity = { kind: edit.target.kind, id: edit.target.id };
  return edit.operation === "set" ? { op: "set", identity, wanted: edit.wanted } : { op: "delete", identity };
}

/** The file of the object that an edit is about, when the user knows it as it is there. */
async function placeOf(
  parts: PassParts,
  standing: Standing,
  edit: ObjectEdit,
): Promise<string | EditRefusal> {
  if (edit.operation === "add") return newPlace(edit.file, standing.set);
  const { target, seen } = edit;
  const { there } = standing;
  if (there && (seen === null || seen.includes(there.hash))) return there.place.file;
  const quarantined = await refuseQuarantined(parts, target, standing);
  if (quarantined) return quarantined;
  return there
    ? changedMeanwhile(there)
    : conflict(`${titleOf(target)} is not in the repository any more: look again.`);
}

/** The file of a new object. Where one differs from it by case alone it is that one: many systems can't keep both. */
function newPlace(file: string, { manifests, broken }: ManifestSet): string {
  const folded = file.toLowerCase();
  const alike = [...manifests, ...broken]
    .map(({ place }) => place.file)
    .filter((other) => other.toLowerCase() === folded);
  return alike.includes(file) ? file : (alike[0] ?? file);
}

function changedMeanwhile({ place, ...manifest }: Manifest): EditRefusal {
  return conflict(
    `${titleOf(manifest)} was changed meanwhile, in ${place.file}:${place.line}: get it again and repeat the change.`,
  );
}

function titleOf({ kind, name }: Pick<EditTarget, "kind" | "name">): string {
  return `${kind} '${name}'`;
}
