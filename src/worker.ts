import { Worker, type WorkerOptions } from "node:worker_threads";

const fromSource = import.meta.url.endsWith(".ts");

/**
 * Starts a worker thread on a module of this project, named by its source: `new URL("./x-worker.ts",
 * import.meta.url)`. Compiled, that is the `.js` beside it; from source, the thread loads TypeScript too.
 */
export function startWorker(module: URL, options: WorkerOptions = {}): Worker {
  if (!fromSource) return new Worker(new URL(module.href.replace(/\.ts$/, ".js")), options);
  return new Worker(module, { ...options, execArgv: ["--import", "tsx"] });
}
