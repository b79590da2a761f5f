import { AppError } from "../../errors.ts";
import type { ManifestEdit } from "../../manifest/edit/call.ts";
import type { EditResult } from "../../manifest/edit/check.ts";
import type { ManifestFile } from "../../manifest/edit/edit-file.ts";
import type { ParsePool } from "../parse/parse-pool.ts";
import type { ManifestPaths } from "../revision/manifest-paths.ts";

/** Files, and changes to them that are not written yet. */
export interface ChangedTexts {
  /** The text of a file with the changes so far, a byte order mark included; null when there is none. */
  text(path: string): Promise<string | null>;
  /** Changes an object of a file. What comes of it is kept only if the result's status is `edited`. */
  edit(path: string, edit: ManifestEdit): Promise<EditResult>;
  /** Replaces a file; null deletes it. */
  write(path: string, text: string | null): void;
}

/** What files are changed with. */
export interface ChangingParts {
  readonly pool: ParsePool;
  readonly paths: Pick<ManifestPaths, "covers">;
  readonly fileSize: number;
  /** The text of a file without the changes; null when there is none. */
  original(path: string): Promise<string | null>;
  /** A manifest in the folder of a path, whose ways a new file follows. */
  sibling(path: string): Promise<ManifestFile | undefined>;
}

/** Texts of files, and the changes that are made to them. */
export function createChangedTexts(parts: ChangingParts): {
  readonly texts: ChangedTexts;
  readonly changes: ReadonlyMap<string, string | null>;
} {
  const changes = new Map<string, string | null>();

  async function text(path: string): Promise<string | null> {
    const changed = changes.get(path);
    return changed === undefined ? parts.original(path) : changed;
  }

  async function edit(path: string, call: ManifestEdit): Promise<EditResult> {
    const before = await text(path);
    const sibling = before === null && call.op === "add" ? await parts.sibling(path) : undefined;
    const outcome = await parts.pool.edit({
      path,
      file: { path, text: before, sibling },
      edit: call,
      fileSize: parts.fileSize,
    });
    if (outcome.problem) return { status: "refused", problems: [outcome.problem] };
    if (outcome.edited.status === "edited") write(path, outcome.edited.text);
    return outcome.edited;
  }

  function write(path: string, content: string | null): void {
    if (!parts.paths.covers(path))
      throw new AppError(
        "usage",
        `'${path}' is outside of the configured paths, where Gitway writes nothing.`,
      );
    changes.set(path, content);
  }

  return { texts: { text, edit, write }, changes };
}
