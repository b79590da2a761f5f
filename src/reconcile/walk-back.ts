import { objectKey, type Identity, type ManifestSet } from "../manifest/manifest.ts";
import { settleAlone } from "../plan/tree-alone.ts";
import type { EarlierState } from "../source/open-source.ts";
import type { HistoryTrail } from "./history-trail.ts";
import { indexTree, isBroken, type Document, type TreeIndex } from "./tree-index.ts";

/**
 * Reads the earlier states that decide what was live of objects that a head holds back: those that concern
 * one, to the tree in which nothing kept it back, or in which it was not there. A file that can't be read may
 * hold whatever lived in it when it last could, and whatever the commit that broke it took from other files.
 */
export async function walkBack(
  head: ManifestSet,
  waiting: readonly Identity[],
  trail: HistoryTrail,
): Promise<void> {
  const walk = startWalk(head, waiting);
  for (let depth = 1; !walk.isOver(); depth++) {
    const state = await trail.at(depth);
    if (!state) return;
    if (!(await walk.concerns(state))) continue;
    const revision = await trail.read(depth);
    if (!revision) return;
    walk.look(state, revision.set);
  }
}

/** An object on its way back. */
interface Wanted {
  readonly identity: Identity;
  /** Files that may hold it. */
  readonly homes: Set<string>;
  /** Whether it may be any file that keeps it back, as one does that it refers to. */
  dependsOnFiles: boolean;
}

function startWalk(head: ManifestSet, waiting: readonly Identity[]) {
  const atHead = indexTree(head);
  const unreadable = new Set(head.unidentified.map(({ file }) => file));
  const wanted = new Map<string, Wanted>();
  for (const identity of waiting) want(identity, atHead.of(identity));
  /** Marks of the documents that decide about what is wanted, where it was last looked at. */
  let decisive = settleAlone(head).decisive([...wanted.keys()]);

  function want(identity: Identity, documents: readonly Document[]): void {
    const homes = new Set(documents.map(({ place }) => place.file));
    wanted.set(objectKey(identity), { identity, homes, dependsOnFiles: lacksFile(documents) });
  }

  function isOver(): boolean {
    return wanted.size === 0 && unreadable.size === 0;
  }

  /** Whether a state may be another than the one after it, for what is looked for. */
  async function concerns(state: EarlierState): Promise<boolean> {
    const { touched } = state;
    const all = [...wanted.values()];
    if (all.some(({ dependsOnFiles }) => dependsOnFiles)) return touched.length > 0;
    const homes = new Set(all.flatMap((each) => [...each.homes]));
    if (touched.some((path) => isWithin(path, homes) || isWithin(path, unreadable))) return true;
    return state.speaksOf(decisive);
  }

  function look(state: EarlierState, set: ManifestSet): void {
    const tree = indexTree(set);
    const alone = settleAlone(set);
    const { live } = alone;
    wantLost(state, tree, set);
    for (const [key, each] of wanted) {
      const documents = tree.of(each.identity);
      const isFine = documents.some((document) => live.has(objectKey(document)));
      // While something can't be read, others may have been live than the tree tells of.
      const isCertain = set.unidentified.length === 0;
      if (isCertain && (isFine || documents.length === 0)) wanted.delete(key);
      else goOn(each, documents, set);
    }
    decisive = alone.decisive([...wanted.keys()]);
  }

  /** Wants the objects of files that can be read here and not later, and of what the same commit touched. */
  function wantLost({ touched }: EarlierState, tree: TreeIndex, { unidentified }: ManifestSet): void {
    const broke = new Set(
      [...unreadable].filter((place) => touched.some((path) => isWithin(path, new Set([place])))),
    );
    if (broke.size === 0) return;
    const files = new Set(touched);
    const isConcerned = (file: string) => files.has(file) || isWithin(file, broke);
    for (const document of tree.documents)
      if (isConcerned(document.place.file) && atHead.of(document).length === 0) want(document, [document]);
    for (const place of broke) unreadable.delete(place);
    for (const { file } of unidentified) unreadable.add(file);
  }

  function goOn(each: Wanted, documents: readonly Document[], { unidentified }: ManifestSet): void {
    each.dependsOnFiles = lacksFile(documents);
    for (const { place } of documents) each.homes.add(place.file);
    for (const { file } of unidentified) each.homes.add(file);
  }

  return { isOver, concerns, look };
}

function lacksFile(documents: readonly Document[]): boolean {
  const problems = documents.flatMap((document) => (isBroken(document) ? document.problems : []));
  return problems.some(({ code }) => code === "missing-file");
}

/** Whether a path is one of the places, or below one. */
function isWithin(path: string, places: ReadonlySet<string>): boolean {
  if (places.has(path)) return true;
  return path.split("/").some((_, depth, parts) => depth > 0 && places.has(parts.slice(0, depth).join("/")));
}
