import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";

import type { Closeable } from "../../closeable.ts";
import type { Log } from "../../log.ts";
import { startWorker } from "../../worker.ts";
import { isOutcome, type ScriptFailure, type ScriptJob, type ScriptOutcome } from "./script-job.ts";

/** Threads that run scripts, away from the one that serves. */
export interface ScriptPool extends Closeable {
  /** Runs a job when a thread is free. Never rejects. An aborted signal gives up a job that still waits. */
  run(job: ScriptJob, signal: AbortSignal): Promise<ScriptOutcome>;
  /** How many jobs run, and how many wait. */
  readonly load: () => { readonly running: number; readonly waiting: number };
}

interface Thread {
  readonly worker: Worker;
  state: "starting" | "idle" | "busy";
  /** The script that runs, when it is busy. */
  file: string | null;
  /** Ends the job at hand. */
  finish: ((outcome: ScriptOutcome) => void) | null;
  timer: NodeJS.Timeout | undefined;
}

interface Waiting {
  readonly job: ScriptJob;
  readonly since: number;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (outcome: ScriptOutcome) => void;
}

/** How long a thread may go on past the job's own deadline before it is ended. */
const grace = 1000;
/** Bytes of a body in a millisecond. */
const slowestReading = 8 * 1024;
const startTime = 30_000;
const waitTime = 90_000;
const fewestThreads = 4;

/**
 * A pool that starts threads as calls need them, up to `size` (one for each processor, at least four), and
 * one more for a script that runs nowhere yet: one that loops must not keep all others waiting. When all
 * are busy, `queue` calls may wait, and as many again of scripts that neither run nor wait; those whose
 * script runs least come first, then the oldest. A call that may not wait fails at once.
 */
export function createScriptPool(options: {
  readonly size: number | null;
  readonly queue: number;
  readonly log: Log;
  /** Told of the seconds that a job waited before it ran. */
  readonly waited?: (seconds: number) => void;
}): ScriptPool {
  const { log } = options;
  const size = options.size ?? Math.max(fewestThreads, availableParallelism());
  const threads = new Set<Thread>();
  const queue: Waiting[] = [];
  let closed = false;
  log.info({ scriptWorkers: size, scriptQueue: options.queue }, "Scripts can run.");

  return {
    run: (job, signal) =>
      new Promise((resolve) => {
        if (closed || signal.aborted) return resolve(failure(1001, "The endpoint is closing."));
        if (isFull(job.file)) return resolve(failure(1006, "Too many calls wait for a script worker."));
        enqueue(job, signal, resolve);
      }),
    load: () => ({ running: busy().length, waiting: queue.length }),
    async close() {
      closed = true;
      for (const { resolve } of queue.splice(0)) resolve(failure(1001, "The endpoint is closing."));
      await Promise.all([...threads].map(({ worker }) => worker.terminate()));
    },
  };

  function isFull(file: string): boolean {
    const spare = Math.max(0, size - busy().length);
    const isKnown = running(file) > 0 || queue.some(({ job }) => job.file === file);
    return queue.length >= (isKnown ? options.queue : 2 * options.queue) + spare;
  }

  function busy(): Thread[] {
    return [...threads].filter(({ state }) => state === "busy");
  }

  function running(file: string): number {
    return busy().filter((thread) => thread.file === file).length;
  }

  /** Takes the call that is next. When `size` threads are busy, only a script that runs nowhere may start. */
  function takeNext(): Waiting | undefined {
    const [next] = queue.toSorted((a, b) => running(a.job.file) - running(b.job.file));
    if (!next || (busy().length >= size && running(next.job.file) > 0)) return undefined;
    queue.splice(queue.indexOf(next), 1);
    return next;
  }

  function enqueue(job: ScriptJob, signal: AbortSignal, resolve: (outcome: ScriptOutcome) => void): void {
    const leave = (reason: string) => {
      const index = queue.indexOf(waiting);
      if (index >= 0) queue.splice(index, 1);
      settle(failure(1001, reason));
    };
    const timer = setTimeout(() => leave(`No script worker was free for ${waitTime} ms.`), waitTime);
    const abort = () => leave("The caller went away.");
    const settle = (outcome: ScriptOutcome) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      resolve(outcome);
    };
    const waiting = { job, since: performance.now(), timer, resolve: settle };
    signal.addEventListener("abort", abort, { once: true });
    queue.push(waiting);
    dispatch();
  }

  function dispatch(): void {
    for (const thread of threads) {
      if (thread.state !== "idle") continue;
      const next = takeNext();
      if (!next) return;
      start(thread, next);
    }
    const starting = [...threads].filter(({ state }) => state === "starting").length;
    const mayGrow =
      threads.size < size || (threads.size === size && queue.some(({ job }) => running(job.file) === 0));
    if (!closed && queue.length > starting && mayGrow) addThread();
  }

  function start(thread: Thread, { job, since, timer, resolve }: Waiting): void {
    clearTimeout(timer);
    options.waited?.((performance.now() - since) / 1000);
    thread.state = "busy";
    thread.file = job.file;
    thread.finish = resolve;
    thread.timer = setTimeout(
      () => {
        end(thread, failure(1001, `'${job.file}' did not stop after ${job.timeout} ms.`));
      },
      job.timeout + grace + timeToRead(job),
    );
    thread.worker.postMessage(job, job.body ? [job.body.bytes.buffer] : []);
  }

  function addThread(): void {
    const worker = startWorker(new URL("./script-worker.ts", import.meta.url), {
      env: {},
      stdout: true,
      stderr: true,
      resourceLimits: { stackSizeMb: 32, maxOldGenerationSizeMb: 256 },
    });
    const thread: Thread = { worker, state: "starting", file: null, finish: null, timer: undefined };
    thread.timer = setTimeout(() => end(thread, failure(1001, "A script worker did not start.")), startTime);
    worker.stdout.resume();
    worker.stderr.resume();
    worker.on("message", (outcome: ScriptOutcome | null) => free(thread, outcome));
    worker.on("error", (error) => log.error({ err: error }, "A script worker failed."));
    worker.on("exit", () => end(thread, failure(1001, "The script worker ended.")));
    threads.add(thread);
  }

  function free(thread: Thread, outcome: ScriptOutcome | null): void {
    if (outcome && !isOutcome(outcome))
      return end(thread, failure(1005, "The script worker said something that this program does not know."));
    clearTimeout(thread.timer);
    if (outcome) thread.finish?.(outcome);
    thread.finish = null;
    thread.state = "idle";
    dispatch();
  }

  function end(thread: Thread, outcome: ScriptOutcome): void {
    if (!threads.delete(thread)) return;
    clearTimeout(thread.timer);
    thread.finish?.(outcome);
    if (thread.state === "starting" && !closed)
      for (const { resolve } of queue.splice(0, 1)) resolve(outcome);
    void thread.worker.terminate();
    dispatch();
  }
}

/** Milliseconds that the body may take before the script begins. */
function timeToRead({ body }: ScriptJob): number {
  return (body?.bytes.length ?? 0) / slowestReading;
}

function failure(code: ScriptFailure["code"], reason: string): ScriptOutcome {
  return { kind: "failed", code, reason };
}
