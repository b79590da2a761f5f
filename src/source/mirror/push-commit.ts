import { AppError } from "../../errors.ts";
import { credentialVariables, type SourceCredentials } from "../git/git-environment.ts";
import { type GitResult, oneLine, runGit } from "../git/git.ts";
import { checkBranchName } from "../git/ref-name.ts";
import { type Mirror, pushConfigFile } from "./mirror.ts";
import { sourceError, withoutSecrets } from "./source-errors.ts";

/** A commit of the mirror on its way to a branch of the source. */
export interface Push {
  readonly commit: string;
  /** Without `refs/heads/`. */
  readonly branch: string;
  /** Where the branch has to be; null when there must be none. */
  readonly expected: string | null;
}

/** How a push ended, as far as the source said. */
export type PushOutcome =
  | { readonly status: "landed" }
  /** The branch is not where it has to be, or somebody else was changing it. Nothing has changed. */
  | { readonly status: "moved"; readonly reason: string }
  /** The source said no. Nothing has changed. */
  | { readonly status: "refused"; readonly error: AppError }
  /** The push broke off, and may have arrived. */
  | { readonly status: "unknown"; readonly cause: unknown };

/** A checkout takes the commit into its work tree too, unless that has changes of its own. */
const intoCheckout = "git -c receive.denyCurrentBranch=updateInstead receive-pack";

/** Pushes a commit. A source that can't be reached or entered fails with an `AppError`: nothing has changed. */
export async function pushCommit(
  mirror: Mirror,
  push: Push,
  credentials: SourceCredentials,
): Promise<PushOutcome> {
  checkBranchName(push.branch);
  let result: GitResult;
  try {
    result = await runGit(mirror.setting, pushArguments(mirror, push), {
      cwd: mirror.path,
      namesReceivePack: true,
      variables: mirror.local ? localVariables(mirror) : credentialVariables(credentials),
    });
  } catch (error) {
    if (error instanceof AppError && error.code === "git-missing") throw error;
    return { status: "unknown", cause: error };
  }
  const report = reportOf(result.stdout.toString());
  if (report && report.flag !== "!") return { status: "landed" };
  const clean = (text: string) => withoutSecrets(oneLine(text), credentials.password);
  if (report) return refusal(mirror, report.reason, result.stderr, clean);
  const error = sourceError(mirror.location, result.stderr, credentials.password);
  if (neverBegan.test(result.stderr)) throw error;
  return { status: "unknown", cause: error };
}

function pushArguments(mirror: Mirror, { commit, branch, expected }: Push): string[] {
  const ref = `refs/heads/${branch}`;
  return [
    "push",
    "--porcelain",
    "--no-progress",
    "--no-verify",
    "--no-follow-tags",
    "--no-signed",
    "--recurse-submodules=no",
    // The source compares too, so nobody's commit is ever overwritten.
    `--force-with-lease=${ref}:${expected ?? ""}`,
    ...(mirror.local ? [`--receive-pack=${intoCheckout}`] : []),
    "--end-of-options",
    mirror.location.url,
    `${commit}:${ref}`,
  ];
}

/** What the source's own hooks run with: neither what only suits our commands, nor any credentials. */
function localVariables(mirror: Mirror): Record<string, string> {
  return { GIT_CONFIG_GLOBAL: pushConfigFile(mirror), GIT_LITERAL_PATHSPECS: "0", GIT_OPTIONAL_LOCKS: "1" };
}

interface Report {
  readonly flag: string;
  readonly reason: string;
}

/** The line of `git push --porcelain` about the one branch: `!\t<from>:<to>\t[remote rejected] (reason)`. */
function reportOf(stdout: string): Report | null {
  const line = /^([ +\-*=!])\t[^\t\n]*\t(.*)$/m.exec(stdout);
  return line ? { flag: line[1] ?? "", reason: line[2] ?? "" } : null;
}

const neverBegan =
  /does not appear to be a git repository|repository .*not found|unable to access|could not resolve host|connection refused|host key verification failed|permission denied \(|authentication failed|could not read (?:username|password)|terminal prompts disabled|transport '.*' not allowed|cannot run ssh|no such file or directory/i;

const moved =
  /stale info|fetch first|non-fast-forward|incorrect old value|reference already exists|but expected|index\.lock|\.lock': file exists/i;

const dirty =
  /working directory has (?:un)?staged changes|up-to-date check failed|could not update working tree|would be overwritten|branch is currently checked out/i;

function refusal(
  { location }: Mirror,
  reason: string,
  stderr: string,
  clean: (text: string) => string,
): PushOutcome {
  if (/remote failure/.test(reason))
    return { status: "unknown", cause: new Error(clean(`${reason} ${stderr}`)) };
  const isHook = /hook declined/.test(reason);
  const words = clean(remoteWords(stderr));
  const why = clean(/\((.*)\)$/.exec(reason)?.[1] ?? reason);
  if (!isHook && moved.test(`${reason}\n${stderr}`)) return { status: "moved", reason: words || why };
  const message =
    !isHook && dirty.test(`${reason}\n${stderr}`)
      ? `The checkout ${location.description} has changes that are not committed, or another git is at work in it (index.lock), so the commit was not put there. Commit or discard them, and try again. Git says: ${why}`
      : `The source ${location.description} refused the commit: ${words ? `${words} (${why})` : why}`;
  return { status: "refused", error: new AppError("edit-conflict", message) };
}

/** What hooks and servers say, without the names of who says it. */
function remoteWords(stderr: string): string {
  const lines = stderr.split("\n").filter((line) => line.startsWith("remote: "));
  return lines.map((line) => line.slice("remote: ".length).trim()).join(" ");
}
