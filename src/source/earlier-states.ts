import { gitOutput } from "./git.ts";
import type { StepReader } from "./history.ts";
import type { ManifestPaths } from "./manifest-paths.ts";
import type { Revision } from "./read-revision.ts";
import { chunks, type Repository } from "./tree.ts";

/** A state that a branch had before. */
export interface EarlierState {
  readonly commit: string;
  /** The paths that the next state changed. */
  readonly touched: readonly string[];
  /** Whether a manifest may be among them. */
  readonly touchesManifests: boolean;
  read(): Promise<Revision>;
}

/** What earlier states are read with. */
export interface EarlierReading {
  readonly repository: Repository;
  readonly paths: ManifestPaths;
  readonly steps: StepReader;
  readonly read: (commit: string) => Promise<Revision>;
}

/** So far back is looked at most. */
const mostCommits = 20_000;

const stepsAtOnce = 40;

/**
 * The states of a branch before a commit, newest first: along the first parents, which is how a store that
 * follows the branch would have seen them.
 */
export async function* earlierStates(
  { repository, paths, steps: stepsOf, read }: EarlierReading,
  commit: string,
): AsyncGenerator<EarlierState> {
  const line = await firstParents(repository, commit);
  const pairs = line.slice(1).map((older, index) => ({ newer: line[index] ?? commit, older }));
  for (const some of chunks(pairs, stepsAtOnce)) {
    const steps = await stepsOf(some);
    for (const [index, { older }] of some.entries()) {
      const touched = [...(steps[index]?.keys() ?? [])];
      const touchesManifests = touched.some((path) => paths.covers(path));
      yield { commit: older, touched, touchesManifests, read: () => read(older) };
    }
  }
}

async function firstParents({ setting, path }: Repository, commit: string): Promise<readonly string[]> {
  const options = ["rev-list", "--first-parent", `--max-count=${mostCommits}`, "--end-of-options", commit];
  const output = await gitOutput(setting, ["--git-dir", path, ...options], { cwd: path });
  return output.toString().split("\n").filter(Boolean);
}
