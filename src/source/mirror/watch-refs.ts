import { readFile, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";

import { watch, type FSWatcher } from "chokidar";

import type { LocalRepository } from "./mirror.ts";

const refsOfInterest = /^(?:HEAD|packed-refs|refs|refs\/heads(?:\/.*)?|reftable(?:\/.*)?)?$/;

/** Milliseconds between looks whether the repository is still the one that is watched, and HEAD where it was. */
const lookAgain = 1000;

/** Milliseconds after which an event is followed by a second wake-up. */
const echo = 250;

/**
 * Calls `wake` whenever HEAD or a branch of a local repository may have moved. Resolves when it watches. A
 * repository in place of the one before, cloned anew or moved away and back, is watched in its turn: the
 * file system tells nothing of that. What HEAD is at is looked at besides: a watcher that has just begun with a new
 * folder may miss what comes next there.
 */
export async function watchRefs(
  local: LocalRepository,
  wake: () => void,
): Promise<{ close(): Promise<void> }> {
  const folders = [...new Set([local.gitDir, local.commonDir])];
  let isTold = false;
  const echoes = withEcho(() => {
    isTold = true;
    wake();
  });
  let watched = await startWatcher(folders, echoes.wake);
  let head = await stateOfHead(local);
  let looking: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, lookAgain);
  timer.unref();

  async function look(): Promise<void> {
    const before = head;
    head = await stateOfHead(local);
    const isMissed = head !== before && !isTold;
    isTold = false;
    if (isMissed) echoes.wake();
    const identity = await identityOf(folders);
    if (identity === null || identity === watched.identity) return;
    await watched.watcher.close();
    watched = await startWatcher(folders, echoes.wake);
    echoes.wake();
  }

  return {
    async close() {
      clearInterval(timer);
      echoes.stop();
      await looking;
      await watched.watcher.close();
    },
  };
}

/**
 * Wakes at once, and once more after the last event: of two changes of a branch within a few milliseconds
 * the watcher tells only the first, and the look that it leads to may have come before the second.
 */
function withEcho(wake: () => void): { readonly wake: () => void; readonly stop: () => void } {
  let timer: NodeJS.Timeout | undefined;
  return {
    wake() {
      wake();
      clearTimeout(timer);
      timer = setTimeout(wake, echo).unref();
    },
    stop: () => clearTimeout(timer),
  };
}

async function startWatcher(
  folders: readonly string[],
  wake: () => void,
): Promise<{ readonly watcher: FSWatcher; readonly identity: string | null }> {
  const identity = await identityOf(folders);
  const watcher = watch([...folders], {
    ignoreInitial: true,
    followSymlinks: false,
    ignored: (path) => !folders.some((folder) => isOfInterest(relative(folder, path).split(sep).join("/"))),
  });
  watcher.on("all", () => wake());
  // A lost watch is no loss of correctness: the source is looked at now and then all the same.
  watcher.on("error", () => wake());
  await new Promise<void>((resolve) => watcher.once("ready", resolve));
  return { watcher, identity };
}

/** Differs when HEAD, or the branch that it names, has moved. */
async function stateOfHead({ gitDir, commonDir }: LocalRepository): Promise<string> {
  const head = await readFile(join(gitDir, "HEAD"), "utf8").catch(() => "");
  const branch = /^ref: (refs\/heads\/[^\0]+?)\n?$/.exec(head)?.[1];
  const places = ["packed-refs", "reftable/tables.list", ...(branch === undefined ? [] : [branch])];
  const times = await Promise.all(
    places.map((place) =>
      stat(join(commonDir, place)).then(
        ({ ino, mtimeMs }) => `${ino} ${mtimeMs}`,
        () => "",
      ),
    ),
  );
  return [head, ...times].join("\n");
}

/** Which folders these are on their disk, whatever they are called; null while one is missing. */
async function identityOf(folders: readonly string[]): Promise<string | null> {
  try {
    const stats = await Promise.all(folders.map((folder) => stat(folder)));
    return stats.map(({ dev, ino, birthtimeMs }) => `${dev} ${ino} ${birthtimeMs}`).join(", ");
  } catch {
    return null;
  }
}

function isOfInterest(path: string): boolean {
  return !path.endsWith(".lock") && refsOfInterest.test(path);
}
