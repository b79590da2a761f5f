import { objectKey, type ManifestSet } from "../../src/manifest/manifest.ts";
import type { Change } from "../../src/plan/plan.ts";
import type { RandomCommit } from "./random-history.ts";

/** Something that is asked of each commit. */
interface Question {
  readonly isSo: (commit: number) => boolean;
  /** The commit that made the content; null when that is older than the range. */
  readonly origin: number | null;
  readonly since: number | null;
  readonly to: number;
}

/**
 * The first commit from which on something is so: it is asked commit by commit from the end, going on to a
 * parent where it is so, too; first to one with the content.
 */
export function turningPoint(
  history: readonly RandomCommit[],
  isBehind: (commit: number, other: number) => boolean,
  { isSo, origin, since, to }: Question,
): number | null {
  const hasStart = (commit: number) => since !== null && isBehind(since, commit);
  const hasContent = (commit: number) => (origin === null ? hasStart(commit) : isBehind(origin, commit));
  const inRange = (commit: number) => isBehind(commit, to) && !(since !== null && isBehind(commit, since));
  if (!inRange(to) || !isSo(to)) return null;
  let broughtBy: number | null = null;
  for (let commit = to; ;) {
    if (commit === origin) return commit;
    const { parents } = history[commit] as RandomCommit;
    const others = parents.filter((parent) => !hasContent(parent));
    const next = [...parents.filter(hasContent), ...others].find(isSo);
    if (next === undefined) return commit;
    if (hasStart(commit) && !hasStart(next)) broughtBy = commit;
    if (next === since) return null;
    if (!inRange(next)) return broughtBy;
    commit = next;
  }
}

/** A tree in which each object is as it is wanted, unless a document says so already. */
export function withAll(
  set: ManifestSet,
  wanted: readonly Pick<Change, "kind" | "id" | "before" | "after">[],
): ManifestSet {
  return wanted.reduce((before, { kind, id, before: stored, after }) => {
    const isThere = before.manifests.some(
      (each) => objectKey(each) === objectKey({ kind, id }) && each.hash === after?.hash,
    );
    if (isThere) return before;
    const isOther = (each: { kind: string; id: string }) => each.kind !== kind || each.id !== id;
    return {
      ...before,
      manifests: [...before.manifests.filter(isOther), ...(after ? [after] : [])],
      broken: before.broken.filter(
        (each) => isOther(each) && (each.kind !== stored?.kind || each.name !== stored.name),
      ),
    };
  }, set);
}
