import { createReadStream } from "node:fs";
import { lstat } from "node:fs/promises";
import { type Readable, pipeline } from "node:stream";
import { createGunzip, createGzip } from "node:zlib";

import { AppError, messageOf } from "../../errors.ts";
import { writeFresh } from "../../fresh-file.ts";
import { BackupFault, longestLine } from "./backup-form.ts";

/** A line and its number, from 1. */
export type NumberedLine = readonly [number: number, text: string];

/** Writes the lines of a backup to a file that is not there yet, readable by its owner only: all of them, or no file. */
export async function writeBackupFile(file: string, lines: AsyncIterable<string>): Promise<void> {
  if (await isThere(file)) throw new AppError("usage", `${file} is there already: name another file.`);
  try {
    const fresh = await writeFresh(file, lines, { through: createGzip({ level: 3 }) });
    await fresh.place();
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).syscall !== "string") throw error;
    throw new AppError("file-failed", `The backup can't be written to ${file}: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}

async function isThere(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    () => false,
  );
}

/** The lines of a backup, one at a time. What can't be read so is a `BackupFault`. */
export async function* readBackupFile(file: string): AsyncGenerator<NumberedLine> {
  // Errors of either stream arrive where the second is read.
  const text = pipeline(createReadStream(file), createGunzip(), () => {});
  let number = 0;
  try {
    for await (const line of splitLines(text)) {
      number++;
      yield [number, line];
    }
  } catch (error) {
    throw readFailure(file, number, error);
  }
}

async function* splitLines(stream: Readable): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      yield decoder.decode(Buffer.concat([...parts, chunk.subarray(start, end)]));
      [parts, length, start] = [[], 0, end + 1];
    }
    parts.push(chunk.subarray(start));
    length += chunk.length - start;
    if (length > longestLine) throw new RangeError("a line is too long");
  }
  if (length > 0) throw new RangeError("the last line is cut off");
}

function readFailure(file: string, line: number, error: unknown): Error {
  if (error instanceof BackupFault || error instanceof AppError) return error;
  const { syscall, code } = error as NodeJS.ErrnoException;
  if (typeof syscall === "string")
    return new AppError("usage", `${file} can't be read (${code ?? messageOf(error)}). Correct the path.`);
  if (line === 0) return new BackupFault(null, "it is no backup of Gitway, or damaged", { cause: error });
  return new BackupFault(line + 1, `the file is damaged or cut off here (${messageOf(error)})`, {
    cause: error,
  });
}
