import { readFileSync, statSync } from "node:fs";

import { messageOf } from "../errors.ts";

/** The content of a file that somebody names, up to a size in bytes. Throws what `failure` makes of the reason. */
export function readGivenFile(file: string, most: number, failure: (reason: string) => Error): Buffer {
  try {
    const found = statSync(file);
    if (!found.isFile()) throw new Error("it is no file");
    if (found.size > most) throw new Error(`it is larger than ${most} bytes`);
    return readFileSync(file);
  } catch (error) {
    throw failure(`${file} can't be read: ${messageOf(error)}.`);
  }
}
