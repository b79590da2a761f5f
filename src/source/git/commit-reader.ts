import { createCache } from "../cache.ts";
import { parseCommit, type CommitObject } from "./commit-object.ts";
import type { ObjectReader } from "./object-reader.ts";

/** Reads commits of a mirror; null for what it does not have, or what is no commit. */
export type CommitReader = (id: string) => Promise<CommitObject | null>;

/** Bytes of commits that are remembered. */
const rememberedBytes = 4 * 1024 * 1024;

/** Reads and remembers commits. */
export function createCommitReader(objects: ObjectReader): CommitReader {
  const known = createCache<CommitObject>(rememberedBytes, ({ message }) => message.length + 500);
  return async (id) => {
    const found = known.get(id);
    if (found) return found;
    const answer = await objects.read(id);
    if (answer.status !== "content" || answer.type !== "commit") return null;
    const commit = parseCommit(answer.content);
    if (commit) known.set(id, commit);
    return commit;
  };
}
