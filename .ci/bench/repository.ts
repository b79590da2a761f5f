import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";

/** A file of a commit, or of a repository without history. */
export interface RepositoryFile {
  readonly path: string;
  readonly text: string;
}

/** Makes a bare repository with a branch `main`. */
export function initRepository(repository: string): void {
  const args = ["init", "--quiet", "--bare", "--initial-branch=main", repository];
  if (spawnSync("git", args, { stdio: "inherit" }).status !== 0) throw new Error("git init failed");
}

/** Makes a checkout of a repository that takes pushes into its work tree. */
export function cloneRepository(repository: string, checkout: string): void {
  for (const args of [
    ["clone", "--quiet", repository, checkout],
    ["-C", checkout, "config", "receive.denyCurrentBranch", "updateInstead"],
  ])
    if (spawnSync("git", args, { stdio: "inherit" }).status !== 0) throw new Error(`git ${args[0]} failed`);
}

/** One commit in the form that `git fast-import` reads. The first of a branch continues nothing. */
export function commitText(
  commit: { readonly author: string; readonly time: number; readonly continues: boolean },
  files: readonly RepositoryFile[],
): string {
  const { author, time, continues } = commit;
  const who = `${author} <${author.toLowerCase().replace(" ", ".")}@example.com> ${time} +0000`;
  const from = continues ? "from refs/heads/main^0\n" : "";
  const changes = files.map(({ path, text }) => `M 100644 inline ${path}\ndata ${text.length}\n${text}\n`);
  return `commit refs/heads/main\nauthor ${who}\ncommitter ${who}\ndata 6\nchange\n${from}${changes.join("")}\n`;
}

/** Brings commits into a repository. */
export async function importCommits(repository: string, text: string): Promise<void> {
  const child = spawn("git", ["--git-dir", repository, "fast-import", "--quiet"], {
    stdio: ["pipe", "inherit", "inherit"],
  });
  child.stdin.end(text);
  const [code] = (await once(child, "close")) as [number];
  if (code !== 0) throw new Error("git fast-import failed");
}
