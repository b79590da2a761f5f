import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable, type Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

/** A file that is written, under a name beside its own, and not in its place yet. */
export interface FreshFile {
  /** Puts it in its place as a whole: whoever reads there meanwhile, or after a crash, finds the old or the new one. */
  place(): Promise<void>;
  /** Removes it; what is in its place stays. */
  discard(): Promise<void>;
}

/** How a file is written. */
export interface FreshFileOptions {
  /** Permissions, as far as the process gives them: for its owner alone when absent. */
  readonly mode?: number;
  /** What the content goes through on its way, such as a compression. */
  readonly through?: Transform;
}

/** Writes a file beside its place, all of it and down to the disk. What fails leaves nothing behind. */
export async function writeFresh(
  file: string,
  content: Iterable<string | Buffer> | AsyncIterable<string | Buffer>,
  { mode = 0o600, through }: FreshFileOptions = {},
): Promise<FreshFile> {
  const fresh = `${file}.${process.pid}-${randomBytes(4).toString("hex")}`;
  const discard = () => rm(fresh, { force: true });
  try {
    await writeContent(fresh, content, mode, through);
  } catch (error) {
    await discard();
    throw error;
  }
  return {
    async place() {
      try {
        await rename(fresh, file);
      } catch (error) {
        await discard();
        throw error;
      }
      await syncFolder(dirname(file));
    },
    discard,
  };
}

async function writeContent(
  file: string,
  content: Iterable<string | Buffer> | AsyncIterable<string | Buffer>,
  mode: number,
  through: Transform | undefined,
): Promise<void> {
  const handle = await open(file, "wx", mode);
  try {
    const target = handle.createWriteStream({ flush: true });
    const source = Readable.from(content);
    await (through ? pipeline(source, through, target) : pipeline(source, target));
  } finally {
    await handle.close();
  }
}

/** A rename is lasting only when its folder is. Where folders can't be synced, it has to do without. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync().catch(() => undefined);
  } finally {
    await handle.close();
  }
}
