import { constants, writeSync } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

import type { LineTarget } from "./line-buffer.ts";

/** A file of lines that begins anew when it gets too large. */
export interface RollingFileOptions {
  readonly path: string;
  /** Bytes. A line that is longer makes a file of its own. */
  readonly size: number;
  /** How many there are in all: `x.log`, `x.log.1`, and so on, the oldest last (UD-APIs 4). */
  readonly files: number;
  /** Where lines go while the file can't be written. */
  readonly fallback: LineTarget;
  /** Told when writing begins to fail. */
  readonly onFailure: (error: unknown) => void;
}

const retryAfter = 5000;

/** Nobody else may read a log; its group may. A link in the file's place is not followed. */
const mode = 0o640;
const flags =
  constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Opens the file, and makes its folder when there is none. Rejects when that fails; what fails later, such
 * as a full disk, costs no line: they go to the fallback, and the file is tried again every few seconds.
 */
export async function openRollingFile(options: RollingFileOptions): Promise<LineTarget> {
  const { path, size, files, fallback, onFailure } = options;
  await mkdir(dirname(path), { recursive: true, mode: 0o750 });
  let file: OpenFile | null = await openFile(path);
  let triedAt = 0;

  return {
    async write(lines) {
      const bytes = Buffer.from(lines);
      try {
        await reopen();
        if (!file) return await fallback.write(lines);
        if (file.size > 0 && file.size + bytes.length > size) await roll();
        await file.handle.writeFile(bytes);
        file.size += bytes.length;
      } catch (error) {
        onFailure(error);
        await giveUp();
        await fallback.write(lines);
      }
    },
    writeNow(lines) {
      try {
        if (file) writeSync(file.handle.fd, lines);
        else fallback.writeNow(lines);
      } catch {
        fallback.writeNow(lines);
      }
    },
    async close() {
      await file?.handle.close();
      file = null;
    },
  };

  async function reopen(): Promise<void> {
    if (file || performance.now() - triedAt < retryAfter) return;
    triedAt = performance.now();
    file = await openFile(path).catch(() => null);
  }

  async function roll(): Promise<void> {
    await file?.handle.close();
    file = null;
    for (let number = files - 1; number > 0; number--) await moveAside(number);
    if (files === 1) await rm(path, { force: true });
    file = await openFile(path);
  }

  async function moveAside(number: number): Promise<void> {
    const from = number === 1 ? path : `${path}.${number - 1}`;
    await rename(from, `${path}.${number}`).catch(ignoreMissing);
  }

  async function giveUp(): Promise<void> {
    triedAt = performance.now();
    await file?.handle.close().catch(() => {});
    file = null;
  }
}

interface OpenFile {
  readonly handle: FileHandle;
  size: number;
}

async function openFile(path: string): Promise<OpenFile> {
  const handle = await open(path, flags, mode);
  const found = await handle.stat();
  if (found.isFile()) return { handle, size: found.size };
  await handle.close();
  throw new Error(`${path} is no regular file`);
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
