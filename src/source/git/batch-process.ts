import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";

import { AppError, messageOf } from "../../errors.ts";
import { missingGit, type GitSetting } from "./git.ts";

/** A `git cat-file` that stays and answers line by line. */
export interface BatchProcess<Answer> {
  /** The answer for one line. Many may be asked for at once; they are answered in order. */
  ask(line: string): Promise<Answer>;
  close(): Promise<void>;
}

/** Which process is kept, and how its output is read. */
export interface BatchOptions<Answer> {
  readonly setting: GitSetting;
  readonly mirror: string;
  readonly option: "--batch" | "--batch-check";
  /** Takes the output apart, however it is cut. Output of any other form throws. */
  readonly frames: (answered: (answer: Answer) => void) => { push(chunk: Buffer): void };
}

interface Request<Answer> {
  readonly line: string;
  /** Whether a process has already died on it. */
  readonly again: boolean;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Keeps one `git cat-file` for a mirror, started when it is first needed, started again when it dies, and
 * ended when it does not answer in time.
 */
export function createBatchProcess<Answer>(options: BatchOptions<Answer>): BatchProcess<Answer> {
  const { setting, mirror, option, frames } = options;
  let child: ChildProcessWithoutNullStreams | null = null;
  let waiting: Request<Answer>[] = [];
  let timer: NodeJS.Timeout | undefined;
  let unsent = "";
  let closed = false;

  function ask(request: Request<Answer>): void {
    if (closed)
      return request.reject(new AppError("git-failed", "The source was closed while it was being read."));
    child ??= start();
    waiting.push(request);
    if (waiting.length === 1) expectAnswer();
    if (unsent === "") queueMicrotask(send);
    unsent += `${request.line}\n`;
  }

  /** What is asked for at once goes to the process at once. */
  function send(): void {
    child?.stdin.write(unsent);
    unsent = "";
  }

  function start(): ChildProcessWithoutNullStreams {
    const started = spawn("git", ["--git-dir", mirror, "cat-file", option], {
      cwd: mirror,
      env: setting.environment,
      windowsHide: true,
    });
    const output = frames(answered);
    started.stdout.on("data", (chunk: Buffer) => {
      if (child !== started) return;
      try {
        output.push(chunk);
      } catch (error) {
        lose(started, error);
      }
    });
    started.stdin.on("error", (error) => lose(started, error));
    started.on("error", (error) => lose(started, error));
    started.on("close", () => lose(started, new Error("git cat-file ended")));
    started.stderr.resume();
    return started;
  }

  function answered(answer: Answer): void {
    const request = waiting.shift();
    if (waiting.length > 0) expectAnswer();
    else clearTimeout(timer);
    request?.resolve(answer);
  }

  function expectAnswer(): void {
    clearTimeout(timer);
    const asked = child;
    timer = setTimeout(() => {
      const seconds = setting.timeout / 1000;
      lose(
        asked,
        new AppError("git-timeout", `git cat-file gave no object of ${mirror} within ${seconds} s.`),
        false,
      );
    }, setting.timeout);
  }

  /** The process is of no use any more: what it left unanswered is asked of the next one, once. */
  function lose(lost: ChildProcessWithoutNullStreams | null, error: unknown, retry = true): void {
    if (lost === null || child !== lost) return;
    child = null;
    unsent = "";
    clearTimeout(timer);
    lost.kill("SIGKILL");
    const unanswered = waiting;
    waiting = [];
    for (const request of unanswered) {
      if (retry && !request.again && !isMissingGit(error)) ask({ ...request, again: true });
      else request.reject(failure(error, mirror));
    }
  }

  async function close(): Promise<void> {
    closed = true;
    const ending = child;
    if (!ending) return;
    const ended = new Promise((resolve) => ending.once("close", resolve));
    lose(ending, new Error("closed"));
    await ended;
  }

  return {
    ask: (line) => new Promise((resolve, reject) => ask({ line, again: false, resolve, reject })),
    close,
  };
}

function failure(error: unknown, mirror: string): AppError {
  if (error instanceof AppError) return error;
  if (isMissingGit(error)) return missingGit(error);
  return new AppError(
    "git-failed",
    `The mirror ${mirror} can't be read: ${messageOf(error)}. It is only a copy: delete the folder and start again.`,
    { cause: error },
  );
}

function isMissingGit(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
