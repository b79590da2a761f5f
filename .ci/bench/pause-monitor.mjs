import { writeFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { isMainThread } from "node:worker_threads";

/** Loaded into a process, writes down its longest pause in milliseconds since the last SIGUSR2, on each SIGUSR2. */
if (isMainThread) {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  process.on("SIGUSR2", () => {
    writeFileSync("pause", String(delays.max / 1e6));
    delays.reset();
  });
}
