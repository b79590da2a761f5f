import type { HistoryReading } from "./attribute.ts";
import { readSteps } from "./history.ts";
import type { Lineage } from "./lineage.ts";

/** How many of the newest commits are looked at. */
const mostCommits = 200;

/**
 * Finds the commit that let waiting changes go live: the newest that `to` has and `since` has not, and
 * that changes a manifest. Merges only bring together; where nothing else is left, it is `to`. Null when
 * there is no newer commit.
 */
export function createReleaseFinder({ repository, paths }: HistoryReading, lineage: Lineage, to: string) {
  const found = new Map<string, Promise<string | null>>();

  async function find(commit: string): Promise<string | null> {
    const commits = lineage.since(commit).slice(0, mostCommits);
    if (commits.length === 0) return null;
    const single = commits.flatMap(({ id, parents }) => {
      const [older] = parents;
      return parents.length === 1 && older !== undefined ? [{ newer: id, older }] : [];
    });
    const steps = await readSteps(repository, single);
    const at = steps.findIndex((step) => [...step.keys()].some((path) => paths.isManifest(path)));
    return single[at]?.newer ?? to;
  }

  return (commit: string): Promise<string | null> => {
    const known = found.get(commit) ?? find(commit);
    found.set(commit, known);
    return known;
  };
}
