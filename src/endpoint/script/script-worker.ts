import { parentPort } from "node:worker_threads";

import { createEngine, type Engine } from "./engine.ts";
import { runInSandbox } from "./sandbox.ts";
import type { ScriptJob, ScriptOutcome } from "./script-job.ts";

// A thread of the script pool: one job at a time, an outcome for each. It says null when it is ready.
let engine: Engine | null = null;
const smallBody = 1024 * 1024;

parentPort?.on("message", (job: ScriptJob) => void work(job));
say(null);

async function work(job: ScriptJob): Promise<void> {
  try {
    const limit = job.memory + roomFor(job.input + (job.rawBody ?? ""));
    if (engine?.limit !== limit) engine = await createEngine(limit);
    const { outcome, milliseconds, isClean } = runInSandbox(engine.quickjs, job);
    const usage = { milliseconds, memory: engine.taken() };
    if (!isClean || !engine.isReusable()) engine = null;
    say({ ...outcome, usage });
  } catch (error) {
    engine = null;
    const reason = `The script engine failed: ${error instanceof Error ? error.message : String(error)}`;
    say({ kind: "failed", code: 12, reason: reason.slice(0, 500) });
  }
}

/**
 * A large body does not count as the script's own memory: it goes in as UTF-8 and becomes a string, on
 * the way with up to four more bytes a character. The engine does not look for room itself.
 */
function roomFor(text: string): number {
  const size = Buffer.byteLength(text);
  return size < smallBody ? 0 : size + 6 * text.length;
}

function say(outcome: ScriptOutcome | null): void {
  const bytes = outcome?.kind === "answer" && typeof outcome.body !== "string" ? [outcome.body.buffer] : [];
  parentPort?.postMessage(outcome, bytes as ArrayBuffer[]);
}
