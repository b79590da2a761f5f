import { simpleGit } from "simple-git";

import { AppError } from "../../errors.ts";

/** How git is started for one source. */
export interface GitSetting {
  readonly environment: Readonly<Record<string, string>>;
  /** Milliseconds that one command may take. */
  readonly timeout: number;
}

/** What a command is given besides its arguments. */
export interface GitCall {
  readonly cwd: string;
  readonly signal?: AbortSignal | undefined;
  readonly input?: string;
  /** Further variables for this command: credentials. */
  readonly variables?: Readonly<Record<string, string>>;
  /** The arguments name the program at the other end; that has to be a constant of ours. */
  readonly namesReceivePack?: boolean;
}

/** How a command ended. Text on standard error is git's own and not yet fit to show. */
export interface GitResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/**
 * Runs one git command to its end, and gives the exit code instead of throwing for it. A missing git,
 * a timeout and an aborted signal throw.
 */
export async function runGit(
  setting: GitSetting,
  args: readonly string[],
  call: GitCall,
): Promise<GitResult> {
  const environment: Record<string, string> = { ...setting.environment, ...call.variables };
  const limit = timeLimit(setting.timeout, call.signal);
  let ended: GitResult | undefined;
  const git = simpleGit({
    baseDir: call.cwd,
    abort: limit.signal,
    allowEnvironment: Object.keys(environment).filter((name) => name.startsWith("GIT_")),
    unsafe: { allowUnsafeConfigPaths: true, allowUnsafePack: call.namesReceivePack ?? false },
    // Output is complete when the pipes are closed, not a while after the process is gone.
    completion: { onClose: true, onExit: false },
    input: () => call.input,
    errors(error, result) {
      ended = {
        exitCode: result.exitCode,
        stdout: Buffer.concat(result.stdOut),
        stderr: Buffer.concat(result.stdErr).toString(),
      };
      return error;
    },
  });
  try {
    await Promise.race([git.env(environment).raw([...args]), limit.passed]);
  } catch (error) {
    if (limit.signal.aborted) throw limitError(args, setting.timeout, call.signal);
    if (isMissing(ended, error)) throw missingGit(error);
    if (!ended) throw error;
  } finally {
    limit.clear();
  }
  if (!ended) throw new Error("git ended without a result");
  return ended;
}

/** The same for a command that has to succeed: its output, or an `AppError` `git-failed`. */
export async function gitOutput(
  setting: GitSetting,
  args: readonly string[],
  call: GitCall,
): Promise<Buffer> {
  const result = await runGit(setting, args, call);
  if (result.exitCode === 0) return result.stdout;
  throw new AppError("git-failed", `git ${commandOf(args)} failed in ${call.cwd}: ${oneLine(result.stderr)}`);
}

/** The failure that a start without git becomes. */
export function missingGit(cause: unknown): AppError {
  return new AppError(
    "git-missing",
    "The program 'git' can't be started. Install Git 2.32 or newer and make sure that it is in PATH.",
    { cause },
  );
}

/** Text of git on one line, without control characters, and not endless. */
export function oneLine(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\s]+/gu, " ")
    .trim()
    .slice(0, 500);
}

interface TimeLimit {
  readonly signal: AbortSignal;
  /** Rejects soon after the signal, also when the process does not react to it. */
  readonly passed: Promise<never>;
  clear(): void;
}

const graceTime = 500;

function timeLimit(milliseconds: number, outer: AbortSignal | undefined): TimeLimit {
  const controller = new AbortController();
  let reject: (error: Error) => void = () => {};
  const passed = new Promise<never>((_resolve, rejected) => (reject = rejected));
  let grace: NodeJS.Timeout | undefined;
  const abort = () => {
    controller.abort();
    grace ??= setTimeout(() => reject(new Error("git does not end")), graceTime);
  };
  const timer = setTimeout(abort, milliseconds);
  outer?.addEventListener("abort", abort);
  if (outer?.aborted) abort();
  return {
    signal: controller.signal,
    passed,
    clear() {
      clearTimeout(timer);
      clearTimeout(grace);
      outer?.removeEventListener("abort", abort);
    },
  };
}

function limitError(args: readonly string[], timeout: number, outer: AbortSignal | undefined): AppError {
  if (outer?.aborted)
    return new AppError("git-failed", `git ${commandOf(args)} was stopped because Gitway is stopping.`);
  return new AppError(
    "git-timeout",
    `git ${commandOf(args)} took longer than ${timeout} ms. See whether the source is slow or out of reach, or raise limits.gitTime.`,
  );
}

function isMissing(ended: GitResult | undefined, error: unknown): boolean {
  return /\bENOENT\b/.test(ended?.stderr ?? String(error)) && (ended?.exitCode ?? -1) < 0;
}

/** The name of the command, without values. */
function commandOf(args: readonly string[]): string {
  return args.find((argument) => /^[a-z][a-z-]+$/.test(argument)) ?? "command";
}
