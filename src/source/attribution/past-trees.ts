import type { ManifestSet } from "../../manifest/manifest.ts";
import type { Dependencies } from "../../plan/dependencies.ts";
import type { Outlook, Wanted } from "../../plan/outlook.ts";
import type { Commit } from "../git/history.ts";
import type { PathChange, Step } from "../git/step.ts";
import { isFile } from "../git/tree.ts";
import type { FactsReader, FileFacts, ManifestFile } from "../revision/manifest-facts.ts";
import type { HistoryReading } from "./attribute.ts";
import { lineOf } from "./lineage.ts";
import { findConsents } from "./prune-consents.ts";

/** Plans the tree of some commit against the store as it is now, with objects put in as they are wanted. */
export type LookAt = (set: ManifestSet, wanted: readonly Wanted[], consent: boolean) => Outlook;

/** The trees of a range, looked at as if each were the newest. */
export interface PastTrees {
  look(commit: string): Promise<Outlook>;
  /** Whether what decides about objects differs, or may differ, between a commit and a parent of it. */
  isTouched(commit: string, parent: string, step: Step, dependencies: Dependencies): Promise<boolean>;
}

/** What past trees are read with. */
export interface PastTreeReading extends HistoryReading {
  readonly facts: FactsReader;
  readonly lookAt: LookAt;
}

/** The commits that `to` has and `since` has not; of all, when there is no start. */
export interface HistoryRange {
  readonly since: string | null;
  readonly to: string;
  /** Children before parents. */
  readonly range: readonly Commit[];
}

/** Looks at the trees of a range with objects as they are wanted. */
export async function createPastTrees(
  reading: PastTreeReading,
  { to, range }: HistoryRange,
  wanted: readonly Wanted[],
): Promise<PastTrees> {
  const { facts, paths, lookAt } = reading;
  const consents = await findConsents(reading, range);
  const consenting = consents.map((commit) => lineOf(commit, range));
  const hasConsent = (commit: string) => consenting.some((line) => line.has(commit));
  /** The files that manifests refer to: of the end, and of all commits on the way from there. */
  const referenced = new Set((await reading.filesAt(to)).digests.keys());

  async function isTouched(
    commit: string,
    parent: string,
    step: Step,
    { marks, onAbsence }: Dependencies,
  ): Promise<boolean> {
    const isRelevant = ({ older, newer }: Sides) =>
      [older, newer].some((file) =>
        file?.documents.some((each) => each.marks.some((mark) => marks.has(mark))),
      );
    const changed = await readSides(step);
    for (const { older } of changed)
      for (const { files } of older?.documents ?? []) for (const file of files) referenced.add(file);
    if (changed.some(isRelevant) || [...step.keys()].some((path) => referenced.has(path))) return true;
    if (!onAbsence) return false;
    const isAbsenceTouched =
      changed.some(({ older, newer }) => identitiesOf(older) !== identitiesOf(newer)) ||
      [...step].some(([path, change]) => paths.covers(path) && isOdd(change));
    return isAbsenceTouched || hasConsent(commit) !== hasConsent(parent);
  }

  async function readSides(step: Step): Promise<Sides[]> {
    const changed = [...step].filter(([path]) => paths.isManifest(path));
    const files = changed.flatMap(([path, { older, newer }]): ManifestFile[] =>
      [older, newer].flatMap((entry) => (entry ? [{ path, entry }] : [])),
    );
    const read = (await facts.read(files)).values();
    const next = (entry: PathChange["older"]) => (entry ? (read.next().value ?? null) : null);
    return changed.map(([, change]) => ({ older: next(change.older), newer: next(change.newer) }));
  }

  return {
    look: async (commit) => lookAt(await reading.look(commit), wanted, hasConsent(commit)),
    isTouched,
  };
}

/** What a manifest file says on both sides of a step. */
interface Sides {
  readonly older: FileFacts | null;
  readonly newer: FileFacts | null;
}

/** Which objects a file speaks of, or that nobody knows. */
function identitiesOf(file: FileFacts | null): string {
  const keys = (file?.documents ?? []).map(({ key }) => key);
  return [...keys, file?.unreadable ? "?" : ""].toSorted().join(" ");
}

/** A link or a submodule, which manifests may be behind. */
function isOdd({ older, newer }: PathChange): boolean {
  return [older, newer].some((entry) => entry !== null && !isFile(entry));
}
