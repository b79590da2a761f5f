import type { Call } from "../call.ts";
import type { Refusal } from "../endpoint-error.ts";
import { readBody } from "../http/request-body.ts";
import { runScript, type ScriptHost } from "../script/run-script.ts";
import type { ScriptFailure, ScriptJob } from "../script/script-job.ts";
import { serveReply } from "./reply.ts";
import { checkAnswer } from "./script-answer.ts";
import type { Script } from "./script-definition.ts";
import { isReadable, scriptArguments } from "./script-input.ts";

/** Runs the script in the pool and answers with what it returns (UD-APIs 2 and 3). */
export async function serveScript(call: Call, script: Script, host: ScriptHost): Promise<Refusal | null> {
  if (script.source === null) return { code: 15, reason: `'${script.file}' is not in the store` };
  const job = await prepareJob(call, script, script.source);
  if ("code" in job) return job;
  const outcome = await runScript(host, call, job);
  if (outcome.kind === "failed") return refusalOf(outcome);
  if (outcome.kind === "edits") return { code: 13, reason: `'${script.file}' is no middleware` };
  const answer = checkAnswer(outcome, job.answerLimit);
  return "code" in answer ? answer : serveReply(call, answer);
}

function refusalOf({ code, reason, missing }: ScriptFailure): Refusal {
  return { code, reason, ...(missing && { missingScriptParameters: missing }) };
}

async function prepareJob(call: Call, script: Script, source: string): Promise<ScriptJob | Refusal> {
  const { request, response, definition } = call;
  const { requestBody, responseBody } = definition.limits;
  const bodyLimit = requestBody ?? Infinity;
  // Judged before the body is asked for as far as can be told, and again once its size is known.
  if (!isReadable(request.headers, 0)) return { code: 1003 };
  const body = await readBody(request, response, bodyLimit);
  if (body === "too-large") return { code: 1009 };
  if (!isReadable(request.headers, body.length)) return { code: 1003 };
  const isRun = script.input === "run";
  return {
    file: script.file,
    source,
    entry: isRun ? "run" : "default",
    returns: isRun ? "nothing" : "answer",
    input: scriptArguments(call, script),
    body: { bytes: body, reading: script.input, required: script.parameters },
    timeout: script.timeout,
    memory: script.memory,
    answerLimit: responseBody ?? Infinity,
  };
}
