import { gitOutput } from "../git/git.ts";
import type { StepReader } from "../git/history.ts";
import type { PathChange, Step } from "../git/step.ts";
import { chunks, type Repository } from "../git/tree.ts";
import { createFactsReader, type FactsReader, type FactsReading } from "../revision/manifest-facts.ts";
import type { ManifestPaths } from "../revision/manifest-paths.ts";
import type { Revision } from "../revision/read-revision.ts";

/** A state that a branch had before. */
export interface EarlierState {
  readonly commit: string;
  /** The paths that the next state changed. */
  readonly touched: readonly string[];
  /** Whether the next state changed the file of a document with one of these marks, as `marksOf` gives them. */
  speaksOf(marks: ReadonlySet<string>): Promise<boolean>;
  read(): Promise<Revision>;
}

/** What earlier states are read with. */
export interface EarlierReading extends FactsReading {
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
export async function* earlierStates(reading: EarlierReading, commit: string): AsyncGenerator<EarlierState> {
  const facts = createFactsReader(reading);
  const line = await firstParents(reading.repository, commit);
  const pairs = line.slice(1).map((older, index) => ({ newer: line[index] ?? commit, older }));
  for (const some of chunks(pairs, stepsAtOnce)) {
    const steps = await reading.steps(some);
    for (const [index, { older }] of some.entries()) {
      const step: Step = steps[index] ?? new Map<string, PathChange>();
      yield {
        commit: older,
        touched: [...step.keys()],
        speaksOf: (marks) => speaksOf(facts, reading.paths, step, marks),
        read: () => reading.read(older),
      };
    }
  }
}

async function firstParents({ setting, path }: Repository, commit: string): Promise<readonly string[]> {
  const options = ["rev-list", "--first-parent", `--max-count=${mostCommits}`, "--end-of-options", commit];
  const output = await gitOutput(setting, ["--git-dir", path, ...options], { cwd: path });
  return output.toString().split("\n").filter(Boolean);
}

/** A step that changes more files than this is not looked into: it may speak of anything. */
const mostFiles = 1000;

async function speaksOf(
  facts: FactsReader,
  paths: ManifestPaths,
  step: Step,
  marks: ReadonlySet<string>,
): Promise<boolean> {
  if (marks.size === 0) return false;
  const files = [...step].flatMap(([path, { older, newer }]) =>
    paths.isManifest(path) ? [older, newer].flatMap((entry) => (entry ? [{ path, entry }] : [])) : [],
  );
  if (files.length > mostFiles) return true;
  const said = await facts.read(files);
  return said.some(({ documents }) => documents.some((each) => each.marks.some((mark) => marks.has(mark))));
}
