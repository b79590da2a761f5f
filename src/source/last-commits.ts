import type { Person } from "../plan/plan.ts";
import { runGit } from "./git.ts";
import type { Repository } from "./tree.ts";

/** The commit that last touched a file, and its author. */
export interface LastCommit {
  readonly commit: string;
  readonly author: Person;
}

/** Each file is a walk through the history of its own; beyond this many, nobody reads them all. */
const mostFiles = 100;

/**
 * For each file, the last commit up to `to` that touched it: whose state of a file that can't go live is
 * looked at. Files that no commit touched, and those beyond the first hundred, are left out.
 */
export async function lastCommits(
  repository: Repository,
  files: readonly string[],
  to: string,
): Promise<ReadonlyMap<string, LastCommit>> {
  const found = new Map<string, LastCommit>();
  for (const file of new Set(files.slice(0, mostFiles))) {
    const last = await lastCommit(repository, file, to);
    if (last) found.set(file, last);
  }
  return found;
}

async function lastCommit(
  { setting, path }: Repository,
  file: string,
  to: string,
): Promise<LastCommit | null> {
  const format = "--format=%H%x00%an%x00%ae";
  const args = ["--git-dir", path, "log", "--max-count=1", "--no-mailmap", format, to, "--", file];
  const result = await runGit(setting, args, { cwd: path });
  const [commit = "", name = "", email = ""] = result.stdout.toString().trimEnd().split("\0");
  return result.exitCode === 0 && commit !== "" ? { commit, author: { name, email } } : null;
}
