import { AppError } from "../../errors.ts";
import type { Problem } from "../../manifest/problem.ts";
import type { SourceText } from "../parse/parse-thread.ts";
import { fileProblem } from "../parse/source-problem.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });
const utf8WithMark = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const pointerStart = Buffer.from("version https://git-lfs.github.com/spec/");

/** The text of a manifest file, or why there is none. */
export function manifestText(path: string, content: Buffer): SourceText | Problem {
  if (isLfsPointer(content))
    return fileProblem(
      path,
      "lfs-pointer",
      "Git holds only a pointer to Git LFS here, which Gitway does not fetch. Commit the file itself.",
    );
  try {
    return { path, text: utf8.decode(content) };
  } catch {
    return fileProblem(path, "encoding", "The file is not UTF-8. Save it as UTF-8.");
  }
}

/** The text of a file with a byte order mark where it has one. One that is no text is an `AppError` `edit-conflict`. */
export function editableText(path: string, content: Buffer): string {
  const refuse = (why: string) => new AppError("edit-conflict", `'${path}' can't be edited: ${why}.`);
  if (isLfsPointer(content)) throw refuse("Git holds only a pointer to Git LFS there");
  try {
    return utf8WithMark.decode(content);
  } catch {
    throw refuse("it is not UTF-8");
  }
}

/** Whether a content only points to where Git LFS keeps the file. */
export function isLfsPointer(content: Buffer): boolean {
  return content.length < 1024 && content.subarray(0, pointerStart.length).equals(pointerStart);
}
