import { readFileSync, writeFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { isMainThread } from "node:worker_threads";

/**
 * Loaded into a process, writes down on each SIGUSR2 its longest pause since the last one, in milliseconds:
 * by the clock, and what the thread itself was at work in between, which a busy machine doesn't lengthen. That is
 * null where the system doesn't say.
 */
if (isMainThread) {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  let before = timeAtWork();
  let longest = before === null ? null : 0;
  setInterval(() => {
    const now = timeAtWork();
    longest = longest === null ? null : Math.max(longest, now - before);
    before = now;
  }, 5).unref();
  process.on("SIGUSR2", () => {
    writeFileSync("pause", JSON.stringify({ pause: delays.max / 1e6, work: longest }));
    delays.reset();
    longest = longest === null ? null : 0;
  });
}

/** Milliseconds of processor time of this thread so far. */
function timeAtWork() {
  try {
    return Number(readFileSync("/proc/self/schedstat", "utf8").split(" ")[0]) / 1e6;
  } catch {
    return null;
  }
}
