import type { Severity } from "./problem.ts";

/** A problem before it has a place: what is wrong with the field at a JSON pointer. */
export interface Finding {
  /** JSON pointer; the field may be missing. */
  readonly path: string;
  readonly code: string;
  /** One sentence: the field, what is wrong, what to do. */
  readonly message: string;
  /** An error unless told otherwise. */
  readonly severity?: Severity;
  /** Which part of the field the problem is about: its value unless told otherwise. */
  readonly at?: "key" | "value";
}

/** A finding that never quarantines. */
export function warning(path: string, code: string, message: string): Finding {
  return { path, code, message, severity: "warning" };
}
