import { basename } from "node:path";

import type { Config } from "../../config.ts";
import { AppError } from "../../errors.ts";
import { documentText } from "../../manifest/edit/edit-manifest.ts";
import { writtenForm } from "../../manifest/written-form.ts";
import type { StoredObject } from "../../plan/plan.ts";
import { printable, printableJson } from "../../printable.ts";
import type { LiveObjects } from "../../store/store.ts";
import { newFileNamer } from "../new-files.ts";

/** Objects as the files of a repository, by path: those of `dashboard.newFiles`. */
export function manifestFiles(
  { objects }: Pick<LiveObjects, "objects">,
  config: Config,
): Map<string, string> {
  const fileOf = newFileNamer(config);
  const files = new Map<string, string>();
  for (const object of objects) {
    const file = fileOf(object.kind, object.name);
    const before = files.get(file);
    files.set(file, `${before === undefined ? "" : `${before}---\n`}${documentOf(object, file)}`);
  }
  return files;
}

/** Objects as one text. Files are named from the first folder of manifests, where it belongs then. */
export function manifestStream(
  { objects }: Pick<LiveObjects, "objects">,
  { paths }: Pick<Config, "paths">,
  output: string | undefined,
): string {
  const folder = (paths[0] ?? "apis").replace(/\/$/, "");
  const file = `${folder}/${output === undefined ? "exported.yaml" : basename(output)}`;
  const namesFiles = objects.some(({ files }) => Object.keys(files).length > 0);
  const note = namesFiles ? `# Files are named from the folder ${folder}: put this there.\n` : "";
  return note + objects.map((object) => documentOf(object, file)).join("---\n");
}

/** YAML leaves C1 characters and direction marks as they are; they are escaped as in JSON. */
function documentOf(object: StoredObject, file: string): string {
  const text = documentText(object, file);
  return printable(text) === text ? text : `${printableJson(JSON.stringify(writtenForm(object, file)))}\n`;
}

/** The files that objects refer to, by path. A path of which two contents are live fails with `edit-conflict`. */
export function referencedContents({
  objects,
  contents,
}: Pick<LiveObjects, "objects" | "contents">): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (const object of objects)
    for (const [path, digest] of Object.entries(object.files)) {
      const content = contents.get(digest);
      if (!content) throw new Error(`the store has no content of ${path} with the digest ${digest}`);
      if (files.get(path)?.equals(content) === false) throw twoContents(path);
      files.set(path, content);
    }
  return files;
}

function twoContents(path: string): AppError {
  return new AppError(
    "edit-conflict",
    `Two contents of ${path} are live, since a manifest that uses it is quarantined ('gitway status' says which): mend that first.`,
  );
}
