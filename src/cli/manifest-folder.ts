import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

import type { Config } from "../config.ts";
import { checkSet } from "../manifest/check-set.ts";
import type { ManifestSet } from "../manifest/manifest.ts";
import type { Problem } from "../manifest/problem.ts";
import { sharedAddresses } from "../manifest/shared-addresses.ts";

/** Where the configured paths start: at the top of the source, when that is a folder here, else beside gitway.yaml. */
export function manifestRoot(config: Config): string {
  const local = statSync(config.source, { throwIfNoEntry: false })?.isDirectory() === true;
  return local ? (repositoryAround(config.source) ?? config.source) : config.folder;
}

function repositoryAround(folder: string): string | null {
  if (existsSync(join(folder, ".git"))) return folder;
  const parent = dirname(folder);
  return parent === folder ? null : repositoryAround(parent);
}

/** All that is wrong with manifests: each by itself, and together. */
export function problemsOf(set: ManifestSet): Problem[] {
  const broken = set.broken.flatMap(({ problems }) => problems);
  return [
    ...set.unidentified,
    ...broken,
    ...checkSet(set),
    ...set.warnings,
    ...sharedAddresses(set.manifests),
  ];
}

/** Sorts problems by file, line and column. */
export function byPlace(a: Problem, b: Problem): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}
