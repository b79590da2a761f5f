import type { Identity } from "./manifest.ts";

/** How bad a problem is: an error quarantines its manifest, a warning never does. */
export type Severity = "error" | "warning";

/** A range of a file. Lines and columns count from 1; the end is exclusive. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/**
 * Something that is wrong in a manifest, and where. Problems are data: reading a repository never
 * throws because of what is in it.
 */
export interface Problem extends Place {
  /** Stable, for machines: `unknown-field`, `route-in-use`. */
  readonly code: string;
  readonly severity: Severity;
  /** What is wrong and what to do, in one sentence. */
  readonly message: string;
  /** JSON pointer into the document: `/spec/route`. Empty for the document as a whole. */
  readonly path: string;
  /** The object that holds what this one wants, where that is the problem. */
  readonly other?: Identity;
}
