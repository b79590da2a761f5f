import { spawn } from "node:child_process";

import { AppError } from "../../errors.ts";
import { missingGit, oneLine } from "./git.ts";
import { splitAtNul, type Repository } from "./tree.ts";

/** Runs a git command whose output may be long, and hands on each part that ends in NUL. */
export function streamGit(
  { setting, path }: Repository,
  args: readonly string[],
  input: string,
  onPart: (part: Buffer) => void,
): Promise<void> {
  const command = args[0] ?? "";
  const child = spawn("git", ["--git-dir", path, ...args], {
    cwd: path,
    env: setting.environment,
    windowsHide: true,
  });
  return new Promise((resolve, reject) => {
    let rest: Buffer = Buffer.alloc(0);
    let said = "";
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(
        new AppError(
          "git-timeout",
          `git ${command} took longer than ${setting.timeout} ms. Raise limits.gitTime.`,
        ),
      );
    }, setting.timeout);
    child.stdout.on("data", (chunk: Buffer) => {
      const all = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const end = all.lastIndexOf(0) + 1;
      for (const part of splitAtNul(all.subarray(0, end))) onPart(part);
      rest = all.subarray(end);
    });
    child.stderr.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2000)));
    child.stdin.on("error", () => {});
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(missingGit(error));
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      if (code === 0) resolve();
      else reject(new AppError("git-failed", `git ${command} failed in ${path}: ${oneLine(said)}`));
    });
    child.stdin.end(input);
  });
}
