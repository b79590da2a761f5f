import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { runGit as startGit } from "./git-runner.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** Somebody who commits in a test. */
export interface Committer {
  readonly name: string;
  readonly email: string;
}

/** What a test commits. */
export interface CommitOptions {
  /** Contents by path; null deletes the file. */
  readonly files?: Readonly<Record<string, string | Buffer | null>>;
  readonly author?: Committer;
  /** The author when absent. */
  readonly committer?: Committer;
  readonly message?: string;
  /** Any date that git reads. One minute later than the commit before when absent. */
  readonly date?: string;
}

/** A real repository with a work tree, untouched by the configuration of the machine. */
export interface TestRepository extends AsyncDisposable {
  readonly path: string;
  /** Writes the files, commits everything that is staged or written, and gives the commit. */
  commit(options?: CommitOptions): Promise<string>;
  /** Runs git in the work tree and gives its output, trimmed. */
  git(...args: string[]): Promise<string>;
  /** The same, with text on standard input. */
  gitWith(input: string | Buffer, ...args: string[]): Promise<string>;
  /** Stages an entry of any mode: `120000` with the target of a symlink, `160000` with a commit. */
  stage(path: string, mode: "100644" | "100755" | "120000" | "160000", content: string): Promise<void>;
  remove(): Promise<void>;
}

/** How a test repository is made. */
export interface RepositoryOptions {
  readonly branch?: string;
  /** Clones this repository instead of making an empty one. */
  readonly cloneOf?: string;
  /** Further options of `git clone`: `--depth=1`. */
  readonly cloneOptions?: readonly string[];
}

const somebody: Committer = { name: "Test Author", email: "author@example.com" };
const firstDate = Date.UTC(2024, 0, 1) / 1000;

/** Makes a repository in a temporary folder. */
export async function createRepository(options: RepositoryOptions = {}): Promise<TestRepository> {
  const folder = await temporaryFolder();
  const path = join(folder.path, "repository");
  const run = (args: readonly string[], settings: RunSettings = {}) =>
    runGit(path, folder.path, args, settings);

  await mkdir(path);
  if (options.cloneOf === undefined)
    await run(["init", "--quiet", `--initial-branch=${options.branch ?? "main"}`]);
  else await run(["clone", "--quiet", ...(options.cloneOptions ?? []), options.cloneOf, "."]);

  let commits = 0;
  async function commit(given: CommitOptions = {}): Promise<string> {
    await writeFiles(path, given.files ?? {});
    const paths = Object.keys(given.files ?? {});
    if (paths.length > 0)
      await run(["--literal-pathspecs", "add", "--pathspec-from-file=-", "--pathspec-file-nul"], {
        input: paths.join("\0"),
      });
    const author = given.author ?? somebody;
    const env = identity(
      author,
      given.committer ?? author,
      given.date ?? `@${firstDate + 60 * commits++} +0000`,
    );
    await run(["commit", "--quiet", "--allow-empty", "-m", given.message ?? "change"], { env });
    return run(["rev-parse", "HEAD"]);
  }

  async function stage(file: string, mode: string, content: string): Promise<void> {
    const id = mode === "160000" ? content : await run(["hash-object", "-w", "--stdin"], { input: content });
    await run(["update-index", "--add", "-z", "--index-info"], { input: `${mode} ${id}\t${file}\0` });
  }

  return {
    path,
    commit,
    stage,
    git: (...args) => run(args),
    gitWith: (input, ...args) => run(args, { input }),
    remove: folder.remove,
    [Symbol.asyncDispose]: folder.remove,
  };
}

async function writeFiles(
  root: string,
  files: Readonly<Record<string, string | Buffer | null>>,
): Promise<void> {
  for (const [file, content] of Object.entries(files)) {
    const target = join(root, file);
    await rm(target, { recursive: true, force: content !== null });
    if (content !== null) {
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, content);
    }
  }
}

function identity(author: Committer, committer: Committer, date: string): Record<string, string> {
  return {
    GIT_AUTHOR_NAME: author.name,
    GIT_AUTHOR_EMAIL: author.email,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: committer.name,
    GIT_COMMITTER_EMAIL: committer.email,
    GIT_COMMITTER_DATE: date,
  };
}

interface RunSettings {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Buffer;
}

/** Runs git without any configuration but the repository's own. */
async function runGit(
  cwd: string,
  home: string,
  args: readonly string[],
  settings: RunSettings,
): Promise<string> {
  const env = {
    PATH: process.env["PATH"],
    HOME: home,
    LC_ALL: "C",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_SYSTEM: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
    ...identity(somebody, somebody, `@${firstDate} +0000`),
    ...settings.env,
  };
  const options = ["-c", "safe.directory=*", "-c", "protocol.file.allow=always", "-c", "gc.auto=0"];
  const { code, out, err } = await startGit({
    args: [...options, ...args],
    cwd,
    env,
    input: settings.input ?? "",
  });
  if (code !== 0) throw new Error(`git ${args.join(" ")}: ${err.toString()}`);
  return out.toString().trim();
}
