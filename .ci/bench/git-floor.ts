import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** The commands that nobody who answers the same questions can do without. */
export interface Floor {
  readonly commands: readonly string[];
  /** Runs them on what is new, and gives the milliseconds. */
  measure(): Promise<number>;
}

/** Runs them in a mirror of its own, which has all that is there now. */
export async function createFloor(folder: string, repository: string): Promise<Floor> {
  const mirror = join(folder, "floor.git");
  if (spawnSync("git", ["init", "--quiet", "--bare", mirror]).status !== 0)
    throw new Error("git init failed");
  const refspec = "+refs/heads/main:refs/heads/main";
  await run(mirror, ["fetch", "--quiet", "--no-tags", repository, refspec]);
  let last = (await run(mirror, ["rev-parse", "refs/heads/main"])).trim();

  async function measure(): Promise<number> {
    const started = performance.now();
    await run(mirror, ["ls-remote", repository, "HEAD", "refs/heads/*"]);
    await run(mirror, ["fetch", "--quiet", "--no-tags", repository, refspec]);
    const log = ["log", "-1", "--raw", "--no-abbrev", "--format=%H %an", "refs/heads/main", `^${last}`];
    const said = await run(mirror, log);
    const [, , , blob = ""] = said.split("\n:")[1]?.split(" ") ?? [];
    await run(mirror, ["cat-file", "blob", blob]);
    const took = performance.now() - started;
    last = said.split(" ")[0] ?? "";
    return took;
  }

  return { commands: ["ls-remote", "fetch", "log --raw", "cat-file"], measure };
}

async function run(cwd: string, args: readonly string[]): Promise<string> {
  const child = spawn("git", args, { cwd, stdio: ["ignore", "pipe", "inherit"] });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  const [code] = (await once(child, "close")) as [number];
  if (code !== 0) throw new Error(`git ${args.join(" ")} failed`);
  return Buffer.concat(chunks).toString();
}
