import { runGit } from "./git.ts";
import type { Repository } from "./tree.ts";

/** Whether a commit is another one or behind it. A commit that the repository lacks is not. */
export async function isAncestor(
  { setting, path }: Repository,
  ancestor: string,
  commit: string,
): Promise<boolean> {
  const args = ["--git-dir", path, "merge-base", "--is-ancestor", ancestor, commit];
  return (await runGit(setting, args, { cwd: path })).exitCode === 0;
}
