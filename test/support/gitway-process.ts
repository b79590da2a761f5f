import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** Where and with what a `gitway` command runs. Nothing of the environment of the tests gets through but PATH. */
export interface GitwayOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Closes the reading end of its standard output at once, as `| head` may. */
  readonly closeStdout?: boolean;
  /** What it reads from standard input; nothing when absent. */
  readonly input?: string;
}

/** How a command ended. */
export interface GitwayResult {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A `gitway` command that runs. */
export interface GitwayProcess extends AsyncDisposable {
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Waits until a stream matches, and gives the match. Fails when the process ends before. */
  waitFor(stream: "stdout" | "stderr", pattern: RegExp): Promise<RegExpExecArray>;
  signal(name: "SIGTERM" | "SIGINT" | "SIGKILL"): void;
  readonly ended: Promise<GitwayResult>;
}

/** Runs the built `gitway` to its end. */
export async function runGitway(args: readonly string[], options: GitwayOptions): Promise<GitwayResult> {
  return startGitway(args, options).ended;
}

/** Starts the built `gitway`. `await using` ends it, however the test goes. */
export function startGitway(args: readonly string[], options: GitwayOptions): GitwayProcess {
  if (!existsSync(program)) throw new Error("There is no built gitway. Run `npm run build` first.");
  const child = spawn(process.execPath, [program, ...args], {
    cwd: options.cwd,
    env: { PATH: process.env["PATH"], HOME: options.cwd, GIT_CONFIG_NOSYSTEM: "1", ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.on("error", () => {});
  child.stdin.end(options.input ?? "");
  if (options.closeStdout) child.stdout.destroy();
  const output = { stdout: "", stderr: "" };
  const listeners = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
      for (const listener of listeners) listener();
    });
  const ended = new Promise<GitwayResult>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...output }));
  });
  return {
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    waitFor: (stream, pattern) =>
      waitFor(() => pattern.exec(output[stream]), { pattern, output, listeners, ended }),
    signal: (name) => void child.kill(name),
    ended,
    [Symbol.asyncDispose]: () => end(child, ended),
  };
}

interface Waiting {
  readonly pattern: RegExp;
  readonly output: { readonly stdout: string; readonly stderr: string };
  readonly listeners: Set<() => void>;
  readonly ended: Promise<GitwayResult>;
}

async function waitFor(look: () => RegExpExecArray | null, waiting: Waiting): Promise<RegExpExecArray> {
  const { pattern, output, listeners, ended } = waiting;
  let listener = () => {};
  const found = new Promise<RegExpExecArray>((resolve) => {
    listener = () => {
      const match = look();
      if (match) resolve(match);
    };
    listeners.add(listener);
    listener();
  });
  const early = ended.then(({ code }) => {
    const match = look();
    if (match) return match;
    throw new Error(`gitway ended with ${code} before ${pattern}:\n${output.stdout}\n${output.stderr}`);
  });
  try {
    return await Promise.race([found, early]);
  } finally {
    listeners.delete(listener);
  }
}

/** Asks first, since a process that is killed may leave a database server behind. */
async function end(child: ChildProcess, ended: Promise<GitwayResult>): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 15_000);
  await ended;
  clearTimeout(timer);
}
