import { objectKey } from "../../src/manifest/manifest.ts";
import type { Stuck } from "../../src/source/open-source.ts";
import type { createOracle, OraclePlan } from "./attribution-oracle.ts";
import { followDocument, makerOn, speakers, stateOf, type FollowedObject } from "./followed-object.ts";
import { standingFor, unreadableOf, type HistoryTree, type Standing } from "./history-trees.ts";
import { turningPoint, withAll } from "./turning-oracle.ts";

/** Who is to be asked about an object, by numbers of commits. */
export interface BlameVerdict {
  readonly commit: number | null;
  readonly brokenBy: number | null;
}

/** Says who is to be asked about stuck objects the slow, obvious way. */
export function blameByOracle(
  { history, trees, isBehind }: ReturnType<typeof createOracle>,
  stuck: readonly Stuck[],
  { to, since }: { readonly to: number; readonly since: number | null },
  plan: OraclePlan,
): readonly BlameVerdict[] {
  const treeAt = (commit: number) => trees[commit] as HistoryTree;
  const wanted = stuck.flatMap(({ kind, id, stored, manifest }) =>
    manifest ? [{ kind, id, before: stored, after: manifest }] : [],
  );
  return stuck.map((each) => {
    const text = objectOf(each, true);
    const commit = makerOn(text, followDocument(text, to));
    if (commit === null) return { commit, brokenBy: null };
    const breaker = each.manifest ? rivalOf(each, commit) : lackingFile(each);
    return { commit, brokenBy: breaker === commit ? null : breaker };
  });

  /** The object with all that counts: the texts of documents alone, or with the files that they need. */
  function objectOf({ kind, id, stored, file }: Stuck, textOnly: boolean): FollowedObject {
    const storedPath = file ?? stored?.path ?? null;
    const homes = new Set([file, stored?.path ?? null].filter((path) => path !== null));
    const standing = trees.map((tree) =>
      standingFor(tree, { kind, id }, stored).map((each) =>
        textOnly ? { ...each, state: each.text } : each,
      ),
    );
    const states = standing.map((there, commit) => {
      const lost = unreadableOf(treeAt(commit), homes);
      if (textOnly && there.length === 0 && lost.length > 0) return "unreadable";
      return stateOf(speakers(there, storedPath), lost);
    });
    return { history, states, standing, storedPath };
  }

  /** Since which commit others keep the document from going live. */
  function rivalOf(each: Stuck, origin: number): number | null {
    const isHeld = (commit: number) =>
      plan(withAll(treeAt(commit).set, wanted)).quarantined.some(
        (entry) => objectKey(entry) === objectKey(each),
      );
    const inRange = since === null || !isBehind(origin, since);
    return turningPoint(history, isBehind, { isSo: isHeld, origin: inRange ? origin : null, since, to });
  }

  /** Who took away a file that the document needs; its text has no fault. */
  function lackingFile(each: Stuck): number | null {
    const whole = objectOf(each, false);
    const [speaker, another]: readonly (Standing | undefined)[] = speakers(
      whole.standing[to] ?? [],
      whole.storedPath,
    );
    if (!speaker || another || speaker.isBroken) return null;
    return makerOn(whole, followDocument(whole, to));
  }
}
