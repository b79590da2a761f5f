import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";

import { AppError, messageOf } from "../errors.ts";
import { createBatchFrames, type BatchAnswer } from "./batch-frames.ts";
import { missingGit, type GitSetting } from "./git.ts";
import { isObjectId } from "./ref-name.ts";

/** Reads objects of a mirror by id. */
export interface ObjectReader {
  /** The answer for one object. Many may be asked for at once; they are answered in order. */
  read(id: string): Promise<BatchAnswer>;
  close(): Promise<void>;
}

interface Request {
  readonly id: string;
  /** Whether a process has already died on it. */
  readonly again: boolean;
  readonly resolve: (answer: BatchAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Keeps one `git cat-file --batch` for a mirror, started when it is first needed, started again when it
 * dies, and ended when it does not answer in time. Contents above `maxSize` bytes are passed over.
 */
export function createObjectReader(setting: GitSetting, mirror: string, maxSize: number): ObjectReader {
  let child: ChildProcessWithoutNullStreams | null = null;
  let waiting: Request[] = [];
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  function read(id: string): Promise<BatchAnswer> {
    if (!isObjectId(id)) throw new Error(`'${id}' is no object id`);
    return new Promise((resolve, reject) => ask({ id, again: false, resolve, reject }));
  }

  function ask(request: Request): void {
    if (closed)
      return request.reject(new AppError("git-failed", "The source was closed while it was being read."));
    child ??= start();
    waiting.push(request);
    if (waiting.length === 1) expectAnswer();
    child.stdin.write(`${request.id}\n`);
  }

  function start(): ChildProcessWithoutNullStreams {
    const started = spawn("git", ["--git-dir", mirror, "cat-file", "--batch"], {
      cwd: mirror,
      env: setting.environment,
      windowsHide: true,
    });
    const frames = createBatchFrames(maxSize, answered);
    started.stdout.on("data", (chunk: Buffer) => {
      if (child !== started) return;
      try {
        frames.push(chunk);
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

  function answered(answer: BatchAnswer): void {
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

  return { read, close };
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
