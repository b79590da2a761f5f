import { spawn } from "node:child_process";

import { AppError } from "../errors.ts";
import { gitOutput, missingGit, oneLine, runGit, type GitSetting } from "./git.ts";
import { chunks, fitsArguments, splitAtNul, type Repository } from "./tree.ts";

/** A commit of a range, and which of the wanted paths it touched. */
export interface HistoryCommit {
  readonly id: string;
  readonly parents: readonly string[];
  /** For each parent, the paths that differ from it; a first commit has one list. */
  readonly touched: readonly ReadonlySet<string>[];
}

/** Commits that a diff was asked for, as `git diff-tree --stdin` reads them: commit and one parent. */
interface Comparison {
  readonly commit: string;
  readonly parent: string | null;
}

/**
 * The commits that `to` has and `from` has not, newest first and children before parents, each with the
 * wanted paths that it changed. Null for `from` is the whole history. Dates are not relied on.
 */
export async function readHistory(
  repository: Repository,
  from: string | null,
  to: string,
  wanted: ReadonlySet<string>,
): Promise<HistoryCommit[]> {
  const commits = await listCommits(repository, from, to);
  const comparisons = commits.flatMap(({ id, parents }): Comparison[] =>
    parents.length === 0 ? [{ commit: id, parent: null }] : parents.map((parent) => ({ commit: id, parent })),
  );
  const touched = await compare(repository, comparisons, wanted);
  let next = 0;
  return commits.map(({ id, parents }) => {
    const count = Math.max(1, parents.length);
    next += count;
    return { id, parents, touched: touched.slice(next - count, next) };
  });
}

/** The paths of merges that the merge itself made: they differ from what merging by the book gives. */
export async function remergedPaths(
  repository: Repository,
  merges: readonly string[],
): Promise<ReadonlyMap<string, ReadonlySet<string>> | null> {
  const found = new Map<string, Set<string>>();
  for (const some of chunks(merges, 100)) {
    const options = [
      "log",
      "--no-walk=unsorted",
      "--remerge-diff",
      "--raw",
      "-z",
      "--no-renames",
      "--format=%H",
    ];
    const args = ["--git-dir", repository.path, ...options, ...some, "--"];
    const result = await runGit(repository.setting, args, { cwd: repository.path });
    if (result.exitCode !== 0) return null;
    const reader = rawReader(
      (id) => found.set(id, new Set()),
      (id, path) => found.get(id)?.add(path),
    );
    for (const token of splitAtNul(result.stdout)) reader(token);
  }
  return found;
}

async function listCommits(repository: Repository, from: string | null, to: string) {
  const range = from === null ? [to] : [to, `^${from}`];
  const args = ["--git-dir", repository.path, "rev-list", "--date-order", "--parents", ...range, "--"];
  const output = (await gitOutput(repository.setting, args, { cwd: repository.path })).toString();
  return output
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [id = "", ...parents] = line.split(" ");
      return { id, parents };
    });
}

/** The wanted paths that differ, one set for each comparison. */
async function compare(
  repository: Repository,
  comparisons: readonly Comparison[],
  wanted: ReadonlySet<string>,
): Promise<ReadonlySet<string>[]> {
  const sets: Set<string>[] = [];
  if (comparisons.length === 0) return sets;
  const reader = rawReader(
    () => sets.push(new Set()),
    (_id, path) => {
      if (wanted.has(path)) sets.at(-1)?.add(path);
    },
  );
  const options = [
    "diff-tree",
    "--stdin",
    "--always",
    "-r",
    "-z",
    "--raw",
    "--no-renames",
    "--root",
    "--no-abbrev",
  ];
  const args = ["--git-dir", repository.path, ...options, "--", ...limiting(wanted)];
  const input = comparisons
    .map(({ commit, parent }) => (parent === null ? commit : `${commit} ${parent}`))
    .join("\n");
  await streamGit(repository, args, `${input}\n`, reader);
  if (sets.length !== comparisons.length)
    throw new AppError("git-failed", "git diff-tree compared fewer commits than it was given.");
  return sets;
}

/** Paths for git to limit itself to, when they are few enough to be quick; the rest is filtered here. */
function limiting(wanted: ReadonlySet<string>): string[] {
  const files = [...wanted];
  const folders = [...new Set(files.map((path) => path.slice(0, path.lastIndexOf("/") + 1)))];
  const tops = [...new Set(files.map((path) => path.split("/", 1)[0] ?? ""))];
  return [files, folders, tops].find((paths) => fitsArguments(paths) && !paths.includes("")) ?? [];
}

/** Tells commit ids from `:modes ids status` and the path behind it, in output that ends in NUL. */
function rawReader(
  onCommit: (id: string) => void,
  onPath: (id: string, path: string) => void,
): (token: Buffer) => void {
  let commit = "";
  let isPath = false;
  return (token) => {
    if (isPath) {
      isPath = false;
      onPath(commit, token.toString());
    } else if (token[token[0] === lineFeed ? 1 : 0] === colon) isPath = true;
    else if (token.length > 0) {
      commit = token.toString("latin1").trim();
      onCommit(commit);
    }
  };
}

const colon = 0x3a;
const lineFeed = 0x0a;

/** Runs a git command whose output may be long, and hands on each part that ends in NUL. */
function streamGit(
  { setting, path }: { readonly setting: GitSetting; readonly path: string },
  args: readonly string[],
  input: string,
  onToken: (token: Buffer) => void,
): Promise<void> {
  const child = spawn("git", args, { cwd: path, env: setting.environment, windowsHide: true });
  return new Promise((resolve, reject) => {
    let rest: Buffer = Buffer.alloc(0);
    let said = "";
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(
        new AppError(
          "git-timeout",
          `git ${args[2]} took longer than ${setting.timeout} ms. Raise limits.gitTime.`,
        ),
      );
    }, setting.timeout);
    child.stdout.on("data", (chunk: Buffer) => {
      const all = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const end = all.lastIndexOf(0) + 1;
      for (const token of splitAtNul(all.subarray(0, end))) onToken(token);
      rest = all.subarray(end);
    });
    child.stderr.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2000)));
    child.stdin.on("error", () => {});
    child.on("error", (error) => reject(missingGit(error)));
    child.on("close", (code) => {
      clearTimeout(timer);
      if (code === 0) resolve();
      else reject(new AppError("git-failed", `git ${args[2]} failed in ${path}: ${oneLine(said)}`));
    });
    child.stdin.end(input);
  });
}
