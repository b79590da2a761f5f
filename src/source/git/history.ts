import { AppError } from "../../errors.ts";
import type { CommitReader } from "./commit-reader.ts";
import { streamGit } from "./git-stream.ts";
import type { FileEntry, PathChange, Step } from "./step.ts";
import type { TreeReader } from "./tree-reader.ts";
import type { Repository } from "./tree.ts";

/** A commit and where it came from. A boundary of a shallow clone has no parents. */
export interface Commit {
  readonly id: string;
  readonly parents: readonly string[];
}

/** The two sides of a comparison. */
export interface Comparison {
  readonly newer: string;
  readonly older: string;
}

/** Reads one step for each comparison, in their order. */
export type StepReader = (comparisons: readonly Comparison[]) => Promise<readonly Step[]>;

const fewComparisons = 40;

/** Compares the trees of few commits object by object, and leaves those of many to a git of their own. */
export function createStepReader(
  repository: Repository,
  commits: CommitReader,
  trees: TreeReader,
): StepReader {
  async function compare({ newer, older }: Comparison): Promise<Step | null> {
    const [now, then] = await Promise.all([commits(newer), commits(older)]);
    return now && then && trees.diff(now.tree, then.tree);
  }

  return async (comparisons) => {
    if (comparisons.length > fewComparisons) return readSteps(repository, comparisons);
    const steps = await Promise.all(comparisons.map(compare));
    return steps.every((step) => step !== null) ? steps : readSteps(repository, comparisons);
  };
}

async function readSteps(
  repository: Repository,
  comparisons: readonly Comparison[],
): Promise<readonly Step[]> {
  const steps: Map<string, PathChange>[] = [];
  if (comparisons.length === 0) return steps;
  const reader = rawReader(
    () => steps.push(new Map()),
    (path, change) => steps.at(-1)?.set(path, change),
  );
  const options = ["--stdin", "--always", "-r", "-z", "--raw", "--no-renames", "--no-abbrev"];
  const input = comparisons.map(({ newer, older }) => `${newer} ${older}\n`).join("");
  await streamGit(repository, ["diff-tree", ...options], input, reader);
  if (steps.length !== comparisons.length)
    throw new AppError("git-failed", "git diff-tree compared fewer commits than it was given.");
  return steps;
}

const colon = 0x3a;
const lineFeed = 0x0a;
const absent = "000000";

/** Tells commit ids from `:<old mode> <mode> <old id> <id> <status>` and the path behind it. */
function rawReader(
  onCommit: () => void,
  onPath: (path: string, change: PathChange) => void,
): (part: Buffer) => void {
  let change: PathChange | null = null;
  return (part) => {
    if (change) {
      onPath(part.toString(), change);
      change = null;
      return;
    }
    const start = part[0] === lineFeed ? 1 : 0;
    if (part[start] !== colon) {
      if (part.length > start) onCommit();
      return;
    }
    const [mode = "", newMode = "", id = "", newId = ""] = part.toString("latin1", start + 1).split(" ");
    change = { older: entryOf(mode, id), newer: entryOf(newMode, newId) };
  };
}

function entryOf(mode: string, id: string): FileEntry | null {
  return mode === absent ? null : { mode, id };
}
