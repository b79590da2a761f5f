import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setImmediate } from "node:timers/promises";
import { promisify } from "node:util";
import { createGzip, gunzip } from "node:zlib";

import { makeDataFolder } from "../../data-folder.ts";
import { writeFresh } from "../../fresh-file.ts";
import type { ServingState } from "../../store/serving/serving-store.ts";
import { parseSnapshot, type SavedState, SnapshotError, snapshotLines } from "./snapshot-format.ts";

/** Bytes beyond which a snapshot is neither written nor read, unpacked. */
const largest = 256 * 1024 * 1024;

/** Milliseconds of work between two turns of the event loop: nobody who is being served waits for a snapshot. */
const slice = 4;

const unpack = promisify(gunzip);

/** Reads a snapshot; null when there is none. One that can't be used is a `SnapshotError`. */
export async function readSnapshot(file: string, origin: string): Promise<SavedState | null> {
  let packed: Buffer;
  try {
    packed = await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  const text = await unpack(packed, { maxOutputLength: largest }).catch((error: unknown) => {
    throw new SnapshotError("it can't be unpacked", { cause: error });
  });
  return parseSnapshot(text.toString("utf8"), origin);
}

/** Replaces a snapshot as a whole: whoever reads it meanwhile, or after a crash, finds the old or the new one. */
export async function writeSnapshot(file: string, origin: string, state: ServingState): Promise<void> {
  await makeDataFolder(dirname(file));
  const lines = snapshotLines(state, origin, new Date().toISOString());
  const fresh = await writeFresh(file, inChunks(lines), { through: createGzip({ level: 1 }) });
  await fresh.place();
}

async function* inChunks(lines: Iterable<string>): AsyncGenerator<string> {
  let chunk = "";
  let written = 0;
  let sliceEnd = performance.now() + slice;
  for (const line of lines) {
    chunk += line;
    if (performance.now() < sliceEnd) continue;
    written += chunk.length;
    if (written > largest) throw new Error("the routes are too large for a snapshot");
    yield chunk;
    chunk = "";
    await setImmediate();
    sliceEnd = performance.now() + slice;
  }
  yield chunk;
}
