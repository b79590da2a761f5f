import { parentPort } from "node:worker_threads";

import { createEngine, type Engine } from "./engine.ts";
import { runInSandbox } from "./sandbox.ts";
import { readScriptBody } from "./script-body.ts";
import type { ScriptJob, ScriptOutcome } from "./script-job.ts";

// A thread of the script pool: one job at a time, an outcome for each. It says null when it is ready.
let engine: Engine | null = null;
const smallBody = 1024 * 1024;

parentPort?.on("message", (job: ScriptJob) => void work(job));
say(null);

async function work(job: ScriptJob): Promise<void> {
  try {
    const texts = readScriptBody(job);
    if ("kind" in texts) return say(texts);
    const limit = job.memory + roomFor(texts.input, texts.rawBody ?? "");
    if (engine?.limit !== limit) engine = await createEngine(limit);
    const { outcome, milliseconds, isClean } = runInSandbox(engine.quickjs, { ...job, ...texts });
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
function roomFor(...texts: readonly string[]): number {
  const size = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  const length = texts.reduce((sum, text) => sum + text.length, 0);
  return size < smallBody ? 0 : size + 6 * length;
}

function say(outcome: ScriptOutcome | null): void {
  const bytes = outcome?.kind === "answer" && typeof outcome.body !== "string" ? [outcome.body.buffer] : [];
  parentPort?.postMessage(outcome, bytes as ArrayBuffer[]);
}
