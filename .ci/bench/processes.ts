import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

/** What runs where, so that what is measured has a processor of its own. */
export const cores = { measured: 0, others: availableParallelism() > 1 ? 1 : 0 };

/** A process that a benchmark started. */
export interface Started {
  readonly child: ChildProcess;
  /** Seconds of processor time so far; null where the system doesn't say. */
  readonly processorTime: () => Promise<number | null>;
  readonly close: () => Promise<void>;
}

/** Starts a program on one processor, where `taskset` can do that; on any for null. */
export function start(
  core: number | null,
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly quiet?: boolean } = {},
): Started {
  const pinned = core !== null && hasProgram("taskset");
  const program = pinned ? "taskset" : command;
  const rest = pinned ? ["-c", String(core), command, ...args] : args;
  const { quiet = false, ...where } = options;
  const child = spawn(program, rest, { ...where, stdio: ["pipe", "pipe", quiet ? "ignore" : "inherit"] });
  // What nobody reads must not fill the pipe.
  child.stdout.resume();
  const ended = once(child, "close");
  return {
    child,
    processorTime: () => processorTime(child.pid ?? 0),
    async close() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/** Starts one of the scripts beside this file. */
export function startScript(core: number, name: string, ...args: readonly (string | number)[]): Started {
  const script = fileURLToPath(new URL(name, import.meta.url));
  return start(core, process.execPath, [script, ...args.map(String)]);
}

/** What a process printed until it ended. */
export async function outputOf({ child }: Started): Promise<string> {
  let text = "";
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${child.spawnargs.join(" ")} ended with ${code}`);
  return text;
}

/** Whether a program is there to be run. */
export function hasProgram(name: string): boolean {
  return spawnSync("which", [name]).status === 0;
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

const ticksPerSecond = 100;

async function processorTime(pid: number): Promise<number | null> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields ? (Number(fields[11]) + Number(fields[12])) / ticksPerSecond : null;
}
