import type { Worker } from "node:worker_threads";

import type { EditedFile, ManifestEdit } from "../../manifest/edit/call.ts";
import type { EditResult } from "../../manifest/edit/check.ts";
import type { ParseOptions } from "../../manifest/parsed-file.ts";
import type { ParsedFile } from "../../manifest/parsed-file.ts";
import type { Problem } from "../../manifest/problem.ts";
import { startWorker } from "../../worker.ts";
import { fileProblem } from "./source-problem.ts";

/** A manifest file, read. */
export interface SourceText {
  readonly path: string;
  readonly text: string;
}

/** What became of a file: parsed, or given up because the parser could not be let go on. */
export type ParseOutcome =
  | { readonly parsed: ParsedFile; readonly problem?: undefined }
  | { readonly parsed?: undefined; readonly problem: Problem };

/** An edit of a manifest file, which parses it too. */
export interface EditTask {
  readonly path: string;
  readonly file: EditedFile;
  readonly edit: ManifestEdit;
  /** The most bytes that a manifest may have. */
  readonly fileSize: number;
}

/** What became of an edit: its result, or why it was given up. */
export type EditOutcome =
  | { readonly edited: EditResult; readonly problem?: undefined }
  | { readonly problem: Problem };

/** What parsing needs to know, and what it may use. */
export interface ParseSetting {
  readonly options: ParseOptions;
  /** Milliseconds for one file. */
  readonly parseTime: number;
  /** MiB of heap for one thread. */
  readonly memory: number;
}

/** What the worker thread is started with: the number of the file that it is at, and since when. */
export interface ParseWorkerData {
  readonly progress: BigInt64Array;
}

/** A batch for the worker thread. */
export interface ParseOrder {
  readonly files: readonly (SourceText | EditTask)[];
  readonly options: ParseOptions;
}

/** What the worker thread answers for each file of the batch, in their order. */
export type ParseAnswer =
  | { readonly parsed: ParsedFile }
  | { readonly edited: EditResult }
  | { readonly failed: string };

/** One worker thread, and the next after it was lost. Takes one batch at a time. */
export interface ParseThread {
  /** One outcome for each file, in their order. */
  parse(files: readonly SourceText[]): Promise<ParseOutcome[]>;
  edit(task: EditTask): Promise<EditOutcome>;
  close(): Promise<void>;
}

/**
 * A worker thread that parses, started when it is first needed. A file that takes too long or too much
 * memory costs the thread its life and becomes a problem; the others go to the next thread.
 */
export function createParseThread(setting: ParseSetting): ParseThread {
  const progress = new BigInt64Array(new SharedArrayBuffer(16));
  let worker: Worker | null = null;

  async function run(files: ParseOrder["files"]): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    while (outcomes.length < files.length) {
      worker ??= start(setting, progress);
      const some = await runBatch(worker, progress, files.slice(outcomes.length), setting);
      outcomes.push(...some.outcomes);
      if (some.lost) worker = null;
    }
    return outcomes;
  }

  async function close(): Promise<void> {
    await worker?.terminate();
    worker = null;
  }

  return {
    parse: async (files) => (await run(files)) as ParseOutcome[],
    edit: async (task) => (await run([task]))[0] as EditOutcome,
    close,
  };
}

type Outcome = ParseOutcome | EditOutcome;

function start({ memory }: ParseSetting, progress: BigInt64Array): Worker {
  const data: ParseWorkerData = { progress };
  return startWorker(new URL("./parse-worker.ts", import.meta.url), {
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: memory, maxYoungGenerationSizeMb: 16 },
  });
}

interface Batch {
  readonly outcomes: readonly Outcome[];
  /** Whether the thread is gone; the last outcome is then why. */
  readonly lost: boolean;
}

function runBatch(
  worker: Worker,
  progress: BigInt64Array,
  files: ParseOrder["files"],
  setting: ParseSetting,
): Promise<Batch> {
  const outcomes: Outcome[] = [];
  const current = () => files[outcomes.length]?.path ?? "";
  Atomics.store(progress, 0, notStarted);
  worker.ref();
  return new Promise((resolve, reject) => {
    const clock = watchProgress(
      progress,
      setting.parseTime,
      () => outcomes.length,
      () => void worker.terminate(),
    );
    let failure: unknown;
    const onMessage = (answer: ParseAnswer) => {
      outcomes.push("failed" in answer ? { problem: failedProblem(current(), answer.failed) } : answer);
      if (outcomes.length < files.length) return;
      settle();
      resolve({ outcomes, lost: false });
    };
    const onError = (error: unknown) => (failure = error);
    const onExit = () => {
      settle();
      const problem = clock.expired()
        ? timeProblem(current(), setting.parseTime)
        : memoryProblem(current(), failure, setting.memory);
      if (problem) resolve({ outcomes: [...outcomes, { problem }], lost: true });
      else reject(new Error("The thread of the parser ended", { cause: failure }));
    };
    const settle = () => {
      clock.stop();
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
      worker.unref();
    };
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    worker.postMessage({ files, options: setting.options } satisfies ParseOrder, []);
  });
}

const notStarted = -1n;
const startTime = 60_000;

/** Looks, now and then, for how long the thread has been at one file. Its start has a limit of its own. */
function watchProgress(
  progress: BigInt64Array,
  parseTime: number,
  answered: () => number,
  expire: () => void,
) {
  const posted = Date.now();
  let expired = false;
  let timer = setTimeout(look, parseTime);
  function look(): void {
    const file = Number(Atomics.load(progress, 0));
    const since = Number(Atomics.load(progress, 1));
    const left = file < 0 ? startTime - (Date.now() - posted) : parseTime - (Date.now() - since);
    // An answer still on its way means that what looks slow is done.
    const isBehind = file >= 0 && file !== answered();
    if (left > 0 || isBehind) {
      timer = setTimeout(look, Math.max(1, Math.min(left, parseTime)));
      return;
    }
    expired = file >= 0;
    expire();
  }
  return { stop: () => clearTimeout(timer), expired: () => expired };
}

function timeProblem(file: string, milliseconds: number): Problem {
  return fileProblem(
    file,
    "parse-timeout",
    `The file takes longer than ${milliseconds} ms to parse. Make it simpler or split it, or raise limits.parseTime.`,
  );
}

function memoryProblem(file: string, failure: unknown, memory: number): Problem | null {
  const isMemory =
    failure instanceof Error && "code" in failure && failure.code === "ERR_WORKER_OUT_OF_MEMORY";
  if (!isMemory) return null;
  return fileProblem(
    file,
    "parse-memory",
    `The file takes more than ${memory} MiB of memory to parse. Make it simpler or split it.`,
  );
}

function failedProblem(file: string, reason: string): Problem {
  return fileProblem(
    file,
    "parse-failed",
    `The parser broke down on the file, which is a fault of Gitway: ${reason.slice(0, 200)}.`,
  );
}
