import { relative, sep } from "node:path";

import { watch } from "chokidar";

import type { LocalRepository } from "./mirror.ts";

const refsOfInterest = /^(?:HEAD|packed-refs|refs|refs\/heads(?:\/.*)?|reftable(?:\/.*)?)?$/;

/** Calls `wake` whenever HEAD or a branch of a local repository may have moved. Resolves when it watches. */
export async function watchRefs(
  local: LocalRepository,
  wake: () => void,
): Promise<{ close(): Promise<void> }> {
  const folders = [...new Set([local.gitDir, local.commonDir])];
  const watcher = watch(folders, {
    ignoreInitial: true,
    followSymlinks: false,
    ignored: (path) => !folders.some((folder) => isOfInterest(relative(folder, path).split(sep).join("/"))),
  });
  watcher.on("all", () => wake());
  // A lost watch is no loss of correctness: the source is looked at now and then all the same.
  watcher.on("error", () => wake());
  await new Promise<void>((resolve) => watcher.once("ready", resolve));
  return { close: () => watcher.close() };
}

function isOfInterest(path: string): boolean {
  return !path.endsWith(".lock") && refsOfInterest.test(path);
}
