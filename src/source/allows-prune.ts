import { gitOutput, runGit } from "./git.ts";
import type { Repository } from "./tree.ts";

const trailer = "%(trailers:key=Gitway-Allow-Prune,valueonly)";

/**
 * Whether somebody consented to deletions beyond the prune limit: a commit that `to` has and `from` has
 * not, or `to` itself, has the trailer `Gitway-Allow-Prune: yes`.
 */
export async function allowsPrune(
  { setting, path }: Repository,
  from: string | null,
  to: string,
): Promise<boolean> {
  const args = ["--git-dir", path, "log", `--format=${trailer}`];
  const own = await gitOutput(setting, [...args, "--max-count=1", to, "--"], { cwd: path });
  if (says(own)) return true;
  if (from === null || from === to) return false;
  const range = await runGit(setting, [...args, to, `^${from}`, "--"], { cwd: path });
  return range.exitCode === 0 && says(range.stdout);
}

function says(output: Buffer): boolean {
  return /^\s*yes\s*$/im.test(output.toString());
}
