/** What a path is at a commit. */
export interface FileEntry {
  readonly mode: string;
  readonly id: string;
}

/** What a path is on both sides of a comparison; null: not there. */
export interface PathChange {
  readonly newer: FileEntry | null;
  readonly older: FileEntry | null;
}

/** The paths that differ between a commit and an older one. */
export type Step = ReadonlyMap<string, PathChange>;
