import { gitOutput, runGit } from "./git.ts";
import { splitAtNul, type Repository } from "./tree.ts";

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

/** The commits with that trailer: those that `to` has and `from` has not, and `to` itself. */
export async function findConsents(
  { setting, path }: Repository,
  from: string | null,
  to: string,
): Promise<readonly string[]> {
  const range = from === null ? ["--max-count=1", to] : [to, `^${from}`];
  const args = ["--git-dir", path, "log", "-z", `--format=%H %x00${trailer}`, ...range, "--"];
  const fields = splitAtNul(await gitOutput(setting, args, { cwd: path }));
  return fields.flatMap((field, at) => (at % 2 === 1 && says(field) ? [String(fields[at - 1]).trim()] : []));
}

function says(output: Buffer): boolean {
  return /^\s*yes\s*$/im.test(output.toString());
}
