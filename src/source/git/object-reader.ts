import { createBatchFrames, createCheckFrames, type BatchAnswer } from "./batch-frames.ts";
import { createBatchProcess } from "./batch-process.ts";
import type { GitSetting } from "./git.ts";
import { isObjectId } from "./ref-name.ts";

/** Reads objects of a mirror by id. */
export interface ObjectReader {
  /** The answer for one object. Many may be asked for at once; they are answered in order. */
  read(id: string): Promise<BatchAnswer>;
  /** The bytes of an object, before it is read. Null when there is none. */
  size(id: string): Promise<number | null>;
  /** The commit that a ref of the mirror names, which is ours to name. Null when there is none. */
  commitAt(ref: string): Promise<string | null>;
  close(): Promise<void>;
}

/** What is no file is read whatever it takes, up to here: a folder may have very many entries. */
const largestOther = 64 * 1024 * 1024;

/** Keeps git running to read objects of a mirror. Contents of files above `maxSize` bytes are passed over. */
export function createObjectReader(setting: GitSetting, mirror: string, maxSize: number): ObjectReader {
  const contents = createBatchProcess<BatchAnswer>({
    setting,
    mirror,
    option: "--batch",
    frames: (answered) => createBatchFrames((type) => (type === "blob" ? maxSize : largestOther), answered),
  });
  const sizes = createBatchProcess<number | null>({
    setting,
    mirror,
    option: "--batch-check",
    frames: createCheckFrames,
  });
  return {
    read: async (id) => contents.ask(checked(id)),
    size: async (id) => sizes.ask(checked(id)),
    async commitAt(ref) {
      const answer = await contents.ask(`${ref}^{commit}`);
      return answer.status === "content" && isObjectId(answer.id) ? answer.id : null;
    },
    async close() {
      await Promise.all([contents.close(), sizes.close()]);
    },
  };
}

function checked(id: string): string {
  if (!isObjectId(id)) throw new Error(`'${id}' is no object id`);
  return id;
}
