import type { QuickJSContext, QuickJSHandle, QuickJSWASMModule } from "quickjs-emscripten";
import { Scope } from "quickjs-emscripten";

import { sandboxPrelude } from "./sandbox-prelude.ts";
import type { ScriptTexts } from "./script-body.ts";
import type { ScriptFailure, ScriptJob, ScriptOutcome, ScriptPlace } from "./script-job.ts";

/** With the thread's 32 MiB, so much is safe from overflowing the native stack. */
const stackSize = 256 * 1024;
const headLimit = 256 * 1024;
const jobsAtOnce = 1000;

class Failure extends Error {
  readonly code: ScriptFailure["code"];
  readonly place: ScriptPlace | null;

  constructor(code: ScriptFailure["code"], message: string, place: ScriptPlace | null = null) {
    super(message);
    this.code = code;
    this.place = place;
  }
}

/** A job whose body has been read. */
export type SandboxJob = Omit<ScriptJob, "body" | "input"> & ScriptTexts;

/** How a script ended, and whether it left the engine clean. */
export interface SandboxRun {
  readonly outcome: ScriptOutcome;
  readonly milliseconds: number;
  /** An engine that is not serves no other call. */
  readonly isClean: boolean;
}

/**
 * Runs a script in a runtime of its own: no state passes from one call to the next, and nothing of the
 * host is within reach but `console`. What it throws beyond an outcome means that the engine is broken.
 */
export function runInSandbox(engine: QuickJSWASMModule, job: SandboxJob): SandboxRun {
  const lines: string[] = [];
  const clock = { startedAt: 0, deadline: Infinity };
  const runtime = engine.newRuntime({
    maxStackSizeBytes: stackSize,
    interruptHandler: () => Date.now() > clock.deadline,
  });
  const context = runtime.newContext();
  const scope = new Scope();
  const outcome = outcomeOf({ context, scope, job, clock, tools: null }, lines);
  const milliseconds = clock.startedAt === 0 ? 0 : performance.now() - clock.startedAt;
  return { outcome: { ...outcome, lines }, milliseconds, isClean: disposed([scope, context, runtime]) };
}

/** The engine can't always clean up after a script that it interrupted. */
function disposed(things: readonly { dispose(): void }[]): boolean {
  try {
    for (const thing of things) thing.dispose();
    return true;
  } catch {
    return false;
  }
}

interface Run {
  readonly context: QuickJSContext;
  readonly scope: Scope;
  readonly job: SandboxJob;
  /** When the script must have ended; it begins with its own first line, and is 0 before that. */
  readonly clock: { startedAt: number; deadline: number };
  /** What the prelude gives; null before. */
  tools: QuickJSHandle | null;
}

function outcomeOf(state: Run, lines: string[]): ScriptOutcome {
  try {
    return run(state, lines);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { code, message: reason, place } = error;
    return { kind: "failed", code, reason, ...(place && { place }) };
  }
}

function run(state: Run, lines: string[]): ScriptOutcome {
  const { context, scope, job, clock } = state;
  const print = context.newFunction("print", (line) => void lines.push(context.getString(line)));
  const prelude = unwrap(state, context.evalCode(sandboxPrelude, "gitway.js"));
  const tools = call(state, prelude, [scope.manage(print)]);
  state.tools = tools;
  clock.startedAt = performance.now();
  clock.deadline = Date.now() + job.timeout;
  const module = settle(state, unwrap(state, context.evalCode(job.source, job.file, { type: "module" })));
  const entry = property(state, module, job.entry);
  if (context.typeof(entry) !== "function")
    throw new Failure(15, `'${job.file}' exports no function '${job.entry}'.`);
  const rawBody = job.rawBody === null ? context.undefined : text(state, job.rawBody);
  const values = call(state, property(state, tools, "decode"), [text(state, job.input), rawBody]);
  const output = settle(state, call(state, entry, listOf(state, values)));
  if (job.returns === "nothing") return { kind: "answer", head: "{}", body: "", bodyKind: "text" };
  const encoded = call(state, property(state, tools, job.returns), [output]);
  if (context.typeof(encoded) !== "object" || context.eq(encoded, context.null))
    throw new Failure(13, `'${job.file}' returned no answer.`);
  return lengthOf(state, encoded) === 1
    ? { kind: "edits", edits: readHead(state, encoded) }
    : readAnswer(state, encoded);
}

function readHead(state: Run, encoded: QuickJSHandle): string {
  const head = property(state, encoded, 0);
  if (state.context.typeof(head) !== "string" || lengthOf(state, head) > headLimit)
    throw new Failure(13, `'${state.job.file}' returned too many headers.`);
  return state.context.getString(head);
}

function readAnswer(state: Run, encoded: QuickJSHandle): ScriptOutcome {
  const { context, job } = state;
  const head = readHead(state, encoded);
  const body = property(state, encoded, 1);
  const isText = context.typeof(body) === "string";
  const size = isText ? lengthOf(state, body) : lengthOf(state, body, "byteLength");
  if (size > job.answerLimit) throw new Failure(17, `'${job.file}' returned a body beyond the limit.`);
  const content = isText
    ? context.getString(body)
    : context.getArrayBuffer(body).consume(({ value }) => Uint8Array.from(value));
  // Without room for its copy, the engine hands out nothing instead.
  if (size > 0 && content.length === 0) throw outOfMemory();
  return { kind: "answer", head, body: content, bodyKind: isText ? "text" : "bytes" };
}

/** Runs the jobs of a promise until it is settled. One that waits for nothing never will be. */
function settle(state: Run, handle: QuickJSHandle): QuickJSHandle {
  const { context, scope } = state;
  for (;;) {
    const promise = context.getPromiseState(handle);
    if (promise.type === "fulfilled") return promise.notAPromise ? handle : scope.manage(promise.value);
    if (promise.type === "rejected") throw failureOf(state, scope.manage(promise.error));
    if (isOver(state)) throw timedOut(state);
    const executed = context.runtime.executePendingJobs(jobsAtOnce);
    if (executed.error) throw failureOf(state, scope.manage(executed.error));
    if (executed.value > 0) continue;
    // A job that was interrupted for its time can also end like this.
    if (isOver(state)) throw timedOut(state);
    throw new Failure(12, "The script waits for something that never happens.");
  }
}

function call(state: Run, callee: QuickJSHandle, values: QuickJSHandle[]): QuickJSHandle {
  return unwrap(state, state.context.callFunction(callee, state.context.undefined, ...values));
}

function unwrap(state: Run, result: ReturnType<QuickJSContext["evalCode"]>): QuickJSHandle {
  if (result.error) throw failureOf(state, state.scope.manage(result.error));
  return state.scope.manage(result.value);
}

function property(state: Run, handle: QuickJSHandle, name: string | number): QuickJSHandle {
  return state.scope.manage(state.context.getProp(handle, name));
}

function listOf(state: Run, list: QuickJSHandle): QuickJSHandle[] {
  return Array.from({ length: lengthOf(state, list) }, (_, index) => property(state, list, index));
}

function lengthOf(state: Run, handle: QuickJSHandle, name = "length"): number {
  return state.context.getNumber(property(state, handle, name));
}

function text(state: Run, value: string): QuickJSHandle {
  const handle = state.scope.manage(state.context.newString(value));
  if (state.context.typeof(handle) !== "string") throw outOfMemory();
  return handle;
}

function failureOf(state: Run, error: QuickJSHandle): Failure {
  const { context, scope, job, tools } = state;
  // Looking at what was thrown runs the script's own getters, which can throw, or go on past the deadline.
  const result = tools && context.callFunction(property(state, tools, "explain"), context.undefined, error);
  const explained = result && scope.manage(result.error ?? result.value);
  if (isOver(state)) return timedOut(state);
  const [said = "", stack = ""] = explained && !result.error ? textsOf(state, explained) : [];
  const place = placeIn(stack, job.file);
  const where = place ? `${job.file}:${place.line}:${place.column}` : `'${job.file}'`;
  return new Failure(12, `${said || "something went wrong"} (${where})`, place);
}

function textsOf(state: Run, list: QuickJSHandle): string[] {
  return listOf(state, list).map((handle) => state.context.getString(handle));
}

/** Where the innermost frame in the file is, or null. */
function placeIn(stack: string, file: string): ScriptPlace | null {
  const start = stack.indexOf(`${file}:`);
  const [, line, column = "1"] = /^(\d+)(?::(\d+))?/.exec(stack.slice(start + file.length + 1)) ?? [];
  return start < 0 || line === undefined ? null : { line: Number(line), column: Number(column) };
}

function outOfMemory(): Failure {
  return new Failure(12, "out of memory");
}

function isOver({ clock }: Run): boolean {
  return Date.now() > clock.deadline;
}

function timedOut({ job }: Run): Failure {
  return new Failure(1001, `'${job.file}' took longer than ${job.timeout} ms.`);
}
