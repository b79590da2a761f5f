import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { workerData } from "node:worker_threads";

/**
 * Loaded into a process and its threads, writes down the longest pause of the endpoint's thread since it did so last,
 * in milliseconds, when there is a file `pause-asked`: by the clock, and what the thread itself was at work in between,
 * which a busy machine doesn't lengthen. That is null where the system doesn't say.
 */
if (workerData?.endpoint) watch();

function watch() {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  let before = timeAtWork();
  let longest = before === null ? null : 0;
  setInterval(() => {
    const now = timeAtWork();
    longest = longest === null ? null : Math.max(longest, now - before);
    before = now;
    if (existsSync("pause-asked")) tell();
  }, 5).unref();

  function tell() {
    rmSync("pause-asked");
    writeFileSync("pause", JSON.stringify({ pause: delays.max / 1e6, work: longest }));
    delays.reset();
    longest = longest === null ? null : 0;
  }
}

/** Milliseconds of processor time of this thread so far. */
function timeAtWork() {
  try {
    return Number(readFileSync("/proc/thread-self/schedstat", "utf8").split(" ")[0]) / 1e6;
  } catch {
    return null;
  }
}
