import { posix } from "node:path";

import { AppError } from "../../errors.ts";

/** Which paths of a repository hold manifests. */
export interface ManifestPaths {
  /** Normalised, without doubles. The empty path is the whole repository. */
  readonly paths: readonly string[];
  /** Whether a path is one of the configured ones or below one. */
  readonly covers: (path: string) => boolean;
  /** Whether a file at the path is read as a manifest. */
  readonly isManifest: (path: string) => boolean;
}

/** Makes sense of the configured paths. One that leads out of the repository is an `AppError`. */
export function manifestPaths(configured: readonly string[]): ManifestPaths {
  const paths = [...new Set(configured.map(normalise))];
  const exact = new Set(paths);
  const folders = paths.map((path) => (path === "" ? "" : `${path}/`));
  const covers = (path: string) => exact.has(path) || folders.some((folder) => path.startsWith(folder));
  return {
    paths,
    covers,
    isManifest: (path) => exact.has(path) || (hasManifestName(path) && covers(path)),
  };
}

/** Whether a file is a manifest by its name. */
export function hasManifestName(path: string): boolean {
  return /\.ya?ml$/i.test(path);
}

/** Whether a part of the path is `.git`, which no repository may hold. */
export function isInsideGit(path: string): boolean {
  return /(?:^|\/)\.git(?:\/|$)/i.test(path);
}

function normalise(path: string): string {
  const plain = posix.normalize(path).replace(/\/+$/, "");
  if (path.startsWith("/") || path.includes("\0") || plain === ".." || plain.startsWith("../"))
    throw new AppError(
      "config-invalid",
      `The path '${path.replaceAll("\0", "?")}' leads out of the repository. Give paths from its top, such as apis.`,
    );
  return plain === "." ? "" : plain;
}
