import type { Problem } from "../../manifest/problem.ts";

/** A problem of a file as a whole: an error at its beginning. */
export function fileProblem(file: string, code: string, message: string): Problem {
  return { file, line: 1, column: 1, endLine: 1, endColumn: 1, code, severity: "error", message, path: "" };
}

/** The same as a warning. */
export function fileWarning(file: string, code: string, message: string): Problem {
  return { ...fileProblem(file, code, message), severity: "warning" };
}
