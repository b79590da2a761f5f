import type { Log } from "../../log.ts";
import type { Call } from "../call.ts";
import type { Refusal } from "../endpoint-error.ts";
import { readBody } from "../request-body.ts";
import type { ScriptJob } from "../script/script-job.ts";
import type { ScriptPool } from "../script/script-pool.ts";
import { sendBody } from "./reply.ts";
import { checkAnswer } from "./script-answer.ts";
import type { Script } from "./script-definition.ts";
import { isReadable, readParameters, scriptArgument } from "./script-input.ts";

/** What scripts run with. */
export interface ScriptHost {
  readonly pool: ScriptPool;
  readonly log: Log;
}

/** Runs the script in the pool and answers with what it returns (UD-APIs 2 and 3). */
export async function serveScript(call: Call, script: Script, host: ScriptHost): Promise<Refusal | null> {
  const { request, response } = call;
  if (script.source === null) return { code: 15, reason: `'${script.file}' is not in the store` };
  const job = await prepareJob(call, script, script.source);
  if ("code" in job) return job;
  const outcome = await host.pool.run(job, signalOf(call));
  for (const line of outcome.lines ?? [])
    host.log.debug({ definition: call.definition.name, line }, "A script printed a line.");
  if (outcome.kind === "failed") return { code: outcome.code, reason: outcome.reason };
  const answer = checkAnswer(outcome, job.answerLimit);
  if ("code" in answer) return answer;
  for (const [name, value] of answer.headers) response.appendHeader(name, value);
  sendBody(request.method, response, answer.status, answer.body);
  return null;
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
  const rawBody = body.toString("utf8");
  const read = readParameters(script, rawBody);
  if ("code" in read) return read;
  return {
    file: script.file,
    source,
    entry: script.input === "run" ? "run" : "default",
    input: scriptArgument(call, script, read.parameters),
    rawBody: script.input === "run" ? null : rawBody,
    timeout: script.timeout,
    memory: script.memory,
    answerLimit: responseBody ?? Infinity,
  };
}

function signalOf({ response }: Call): AbortSignal {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  return gone.signal;
}
