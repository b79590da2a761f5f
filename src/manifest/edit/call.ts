import type { Identity } from "../manifest.ts";
import type { WantedObject } from "../written-form.ts";
import type { EditResult } from "./check.ts";
import type { EditOptions, ManifestFile } from "./edit-file.ts";
import { addObject, deleteObject, newFile, setObject } from "./edit-manifest.ts";

/** An operation on an object of a file, as plain data. */
export type ManifestEdit =
  | {
      readonly op: "set";
      readonly identity: Pick<Identity, "kind" | "id">;
      readonly wanted: WantedObject;
    }
  | { readonly op: "add"; readonly wanted: WantedObject }
  | { readonly op: "delete"; readonly identity: Pick<Identity, "kind" | "id"> };

/** What an operation is done to. */
export interface EditedFile {
  readonly path: string;
  /** Null for a file that is not there yet. */
  readonly text: string | null;
  /** For a new file: another one of the same folder. */
  readonly sibling?: ManifestFile | undefined;
}

/** Does one operation on a file. */
export function editFile(file: EditedFile, edit: ManifestEdit, options: EditOptions): EditResult {
  const { path, text, sibling } = file;
  if (edit.op === "add" && text === null) return newFile(path, edit.wanted, options, sibling);
  const there = { path, text: text ?? "" };
  if (edit.op === "add") return addObject(there, edit.wanted, options);
  if (edit.op === "delete") return deleteObject(there, edit.identity, options);
  return setObject(there, edit.identity, edit.wanted, options);
}
