import { dirname, isAbsolute, join } from "node:path/posix";

/** A file of the repository that a manifest refers to. */
export type ReferencedFile =
  | { readonly ok: true; readonly file: string }
  | { readonly ok: false; readonly reason: string };

/**
 * The path in the repository of a file that a manifest names relative to its own folder. It can't leave
 * the repository.
 */
export function resolveFile(manifestPath: string, reference: string): ReferencedFile {
  if (/\p{Cc}/u.test(reference)) return refuse("holds a control character: remove it");
  if (reference.includes("\\")) return refuse("holds a backslash: separate folders with '/'");
  if (isAbsolute(reference))
    return refuse("must be relative to the folder of this manifest: leave the first slash out");
  const file = join(dirname(manifestPath), reference);
  if (file === ".." || file.startsWith("../"))
    return refuse("leads out of the repository: name a file within it");
  if (/(^|\/)\.{0,2}$/.test(reference)) return refuse("names a folder: name a file");
  return { ok: true, file };
}

function refuse(reason: string): ReferencedFile {
  return { ok: false, reason };
}
