import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

/** A process that can be told from a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the kernel's own measure; null where that can't be known. */
  readonly started: string | null;
}

/** What identifies this process. */
export async function identifySelf(): Promise<ProcessIdentity> {
  return { pid: process.pid, started: await startOf(process.pid) };
}

/** Whether that process still runs, and not merely another one that was given its number. */
export async function isRunning({ pid, started }: ProcessIdentity): Promise<boolean> {
  if (!isAlive(pid)) return false;
  return started === null || started === (await startOf(pid));
}

/** The command line of a running process; empty when there is none, or it is only waiting to be reaped. */
export async function commandOf(pid: number): Promise<string> {
  if (!isAlive(pid)) return "";
  const fromKernel = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => null);
  return fromKernel?.replaceAll("\0", " ") ?? commandFromPs(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is somebody else's.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Field 22 of `/proc/<pid>/stat`; the second field may hold spaces and parentheses. */
async function startOf(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return (
    stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .at(19) ?? null
  );
}

async function commandFromPs(pid: number): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)("ps", ["-ww", "-p", String(pid), "-o", "command="], {
      timeout: 5000,
    });
    return `${stdout.trim()} `;
  } catch {
    return "";
  }
}
