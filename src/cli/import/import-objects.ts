import type { DumpProblem } from "../../exchange/dashboard-dump.ts";
import type { ImportedObject } from "../../exchange/dump-import.ts";
import { isObject, objectAt } from "../../exchange/json-object.ts";
import { notationPointer } from "../../exchange/native-problems.ts";
import { deriveId } from "../../manifest/identity.ts";
import type { Kind, ManifestSet } from "../../manifest/manifest.ts";
import type { GitwayObject } from "../../manifest/manifest.ts";
import type { Problem } from "../../manifest/problem.ts";
import { fieldDifferences } from "../../plan/field-differences.ts";
import type { EditedFolder } from "../../source/folder/edited-folder.ts";

/** What became of an object of a dump. */
export interface PlacedObject extends ImportedObject {
  readonly action: "added" | "updated" | "unchanged";
  /** The manifest's file. */
  readonly file: string;
}

/** How objects are put into a folder. */
export interface PlacingOptions {
  readonly fileOf: (kind: Kind, name: string) => string;
  /** Whether manifests that differ are changed. */
  readonly overwrite: boolean;
}

/** Puts objects of a dump into the manifests of a folder. Nothing is written yet. */
export async function placeObjects(
  folder: EditedFolder,
  objects: readonly ImportedObject[],
  options: PlacingOptions,
): Promise<{ readonly placed: readonly PlacedObject[]; readonly problems: readonly DumpProblem[] }> {
  const placed: PlacedObject[] = [];
  const problems: DumpProblem[] = [];
  for (const object of objects) {
    const outcome = await placeObject(folder, object, options);
    if ("action" in outcome) placed.push(outcome);
    else problems.push(...outcome.problems);
  }
  return { placed, problems };
}

async function placeObject(
  folder: EditedFolder,
  object: ImportedObject,
  { fileOf, overwrite }: PlacingOptions,
): Promise<PlacedObject | { readonly problems: readonly DumpProblem[] }> {
  const { existing, wanted } = object;
  const file = existing?.place.file ?? fileOf(wanted.kind, wanted.name);
  const before = await folder.text(file);
  const result = await folder.edit(
    file,
    existing ? { op: "set", identity: existing, wanted } : { op: "add", wanted },
  );
  if (result.status !== "edited")
    return { problems: result.problems.map((problem) => manifestProblem(object, problem)) };
  if (result.text === before) return { ...object, action: "unchanged", file };
  if (!existing) return { ...object, action: "added", file };
  if (overwrite) return { ...object, action: "updated", file };
  folder.write(file, before);
  return { problems: [differs(object)] };
}

const fieldsShown = 5;

function differs({ item, existing, wanted }: ImportedObject): DumpProblem {
  const { kind, name, place } = existing ?? { ...wanted, place: { file: "", line: 0 } };
  const id = existing?.id ?? deriveId(kind, name);
  const meant = { labels: {}, annotations: {}, ...wanted, id, files: existing?.files ?? {}, hash: "" };
  const fields = fieldDifferences(existing, meant as GitwayObject).map(({ path }) =>
    path.slice(1).replaceAll("/", "."),
  );
  const more = fields.length > fieldsShown ? ` and ${fields.length - fieldsShown} more` : "";
  const where = `${kind} '${name}' (${place.file}:${place.line})`;
  const message = `It is there already as ${where}, and differs in ${fields.slice(0, fieldsShown).join(", ")}${more}: change it there with --overwrite, or take it out of the dump.`;
  const { file, pointer, title } = item;
  return { file, pointer, title, code: "differs", message };
}

/** A problem of a manifest that an import makes, where the dump says what leads to it. */
export function manifestProblem(
  { item, wanted }: Pick<ImportedObject, "item" | "wanted">,
  { code, message, path }: Pick<Problem, "code" | "message" | "path">,
): DumpProblem {
  const { file, title } = item;
  return { file, pointer: item.pointer + pointerOf({ item, wanted }, path), title, code, message };
}

function pointerOf({ item, wanted }: Pick<ImportedObject, "item" | "wanted">, path: string): string {
  if (wanted.kind !== item.kind) return "/hook_references";
  const definition = item.isBare ? item.json : objectAt(item.json, "api_definition");
  const spec = isObject(wanted.spec) ? wanted.spec : {};
  const pointer = notationPointer(item.kind, path, spec, definition);
  const isInside = item.kind === "ApiDefinition" && !item.isBare && !pointer.startsWith("/gitway");
  return isInside ? `/api_definition${pointer}` : pointer;
}

/** Finds the object that a problem of the manifests is about, among those that an import makes or changes. */
export function ownerFinder(
  set: ManifestSet,
  placed: readonly PlacedObject[],
): (problem: Problem) => PlacedObject | undefined {
  const changed = new Map(
    placed
      .filter(({ action }) => action !== "unchanged")
      .map((object) => [`${object.wanted.kind} ${object.wanted.name}`, object]),
  );
  const byFile = new Map<string, { first: number; last: number; object: PlacedObject }[]>();
  for (const { kind, name, place } of [...set.manifests, ...set.broken]) {
    const object = changed.get(`${kind} ${name}`);
    if (!object) continue;
    const there = byFile.get(place.file) ?? [];
    byFile.set(place.file, [...there, { first: place.line, last: place.endLine, object }]);
  }
  return ({ file, line }) =>
    byFile.get(file)?.find(({ first, last }) => first <= line && line <= last)?.object;
}
