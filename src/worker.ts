import { Worker, type WorkerOptions } from "node:worker_threads";

const fromSource = import.meta.url.endsWith(".ts");

/**
 * Starts a worker thread on a module of this project, named by its source: `new URL("./x-worker.ts",
 * import.meta.url)`. Compiled, that is the `.js` beside it; from source, the thread loads TypeScript too.
 */
export function startWorker(module: URL, options: WorkerOptions = {}): Worker {
  if (!fromSource) return new Worker(new URL(module.href.replace(/\.ts$/, ".js")), options);
  return new Worker(typescriptLoader(module), { ...options, execArgv: [] });
}

/** `--import tsx` does nothing in a thread, so the thread registers the loader itself. */
function typescriptLoader(module: URL): URL {
  const tsx = import.meta.resolve("tsx/esm/api");
  const code = `import { register } from "${tsx}"; register(); await import("${module.href}");`;
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}
