import { ChildProcess } from "node:child_process";

/** What some work took, in milliseconds. */
export interface Usage {
  readonly took: number;
  /** Of that, while at least one git command was running. One that runs all the time does not count. */
  readonly git: number;
  /** Processor time of this process, with all of its threads. */
  readonly processor: number;
}

let running = 0;
let since = 0;
let total = 0;

interface SpawnOptions {
  readonly file: string;
  readonly args?: readonly string[];
}

/** Starting a process is not in the published types. */
const prototype = ChildProcess.prototype as unknown as {
  spawn(this: ChildProcess, options: SpawnOptions): unknown;
};
// oxlint-disable-next-line typescript/unbound-method -- called with its own `this` below
const spawnProcess = prototype.spawn;
prototype.spawn = function spawn(options) {
  const started = performance.now();
  const result = spawnProcess.call(this, options);
  const stays = options.args?.some((argument) => argument.startsWith("--batch")) ?? false;
  if (options.file !== "git" || stays) return result;
  if (running++ === 0) since = started;
  this.once("close", () => {
    if (--running === 0) total += performance.now() - since;
  });
  return result;
};

/** Does some work, and says what it took. */
export async function watchGit<T>(work: () => Promise<T>): Promise<Usage & { readonly result: T }> {
  const [started, git, processor] = [performance.now(), total, process.cpuUsage()];
  const result = await work();
  const { user, system } = process.cpuUsage(processor);
  return { result, took: performance.now() - started, git: total - git, processor: (user + system) / 1000 };
}
