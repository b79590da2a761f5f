import type { IncomingMessage, ServerResponse } from "node:http";

import { framing } from "../../framing.ts";
import type { Log } from "../../log.ts";
import { replyOf } from "../actions/reply-definition.ts";
import { serveReply } from "../actions/reply.ts";
import { serveScript } from "../actions/script.ts";
import { createLocalExchange, type LocalAnswer } from "../batch/local-exchange.ts";
import type { Call } from "../call.ts";
import { type Refusal, sendRefusal } from "../endpoint-error.ts";
import { runPostMiddleware, runPreMiddleware } from "../rules/middleware.ts";
import type { ScriptHost } from "../script/run-script.ts";
import type { ScriptOutcome } from "../script/script-job.ts";
import { createScriptPool, type ScriptPool } from "../script/script-pool.ts";
import { type ScriptTrial, trialCall } from "./trial-call.ts";

/** What a caller would get of a script, and how that came about. */
export interface TriedScript {
  /** What the script answered; null when it gave no answer, as middleware that lets a call go on. */
  readonly answer: TrialAnswer | null;
  /** What middleware wants changed of the call, as it said it; null when it answered or was refused. */
  readonly edits: unknown;
  /** Why the caller gets an error instead. */
  readonly refusal: Refusal | null;
  /** How the script ended, or why its thread did not begin it; null when the call did not get that far. */
  readonly outcome: ScriptOutcome | null;
}

/** An answer without the headers of its connection. */
export interface TrialAnswer {
  readonly status: number;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

const nothing = replyOf(204, [], Buffer.alloc(0));

/**
 * Runs a script or middleware as the endpoint does, in its sandbox and with its checks of what goes in and
 * comes out, for a call that no rule has judged. Rejects when the call is none that HTTP can carry.
 */
export async function tryScript(trial: ScriptTrial, log: Log): Promise<TriedScript> {
  let outcome: ScriptOutcome | null = null;
  let refusal: Refusal | null = null;
  const pool = createScriptPool({ size: 1, queue: 1, log });
  const noting: ScriptPool = {
    ...pool,
    run: async (job, signal) => (outcome = await pool.run(job, signal)),
  };
  const { method, headers, body, clientAddress } = trial.call;
  const exchange = createLocalExchange((request, response) => {
    void answer(request, response);
    return undefined;
  }, clientAddress);
  try {
    const request = { method, url: "/", headers, body };
    const answer = await exchange(request, "localhost", new AbortController().signal, () => true);
    return triedScript(answer, outcome, refusal);
  } finally {
    await pool.close();
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.sendDate = false;
    // That of this exchange, of which the script shall not know.
    delete request.headers.connection;
    const call = trialCall(trial, request, response);
    refusal = await serve(call, { pool: noting, log });
    if (refusal) sendRefusal(call, refusal, 1);
  }
}

/** Carries out the call up to where a proxy, say, would go on. */
async function serve(call: Call, scripts: ScriptHost): Promise<Refusal | null> {
  const { action, middleware } = call.definition;
  if (action.kind === "script") return await serveScript(call, action, scripts);
  const run = middleware.pre.length > 0 ? runPreMiddleware : runPostMiddleware;
  const verdict = await run(call, { scripts });
  if (verdict && "code" in verdict) return verdict;
  return serveReply(call, verdict?.kind === "reply" ? verdict : nothing);
}

function triedScript(
  { status, headers, body }: LocalAnswer,
  outcome: ScriptOutcome | null,
  refusal: Refusal | null,
): TriedScript {
  const edits: unknown = !refusal && outcome?.kind === "edits" ? JSON.parse(outcome.edits) : null;
  const isAnswer = !refusal && edits === null;
  const answer = isAnswer ? { status, headers: withoutConnection(headers), body: Buffer.concat(body) } : null;
  return { answer, edits, refusal, outcome };
}

function withoutConnection(headers: readonly string[]): string[] {
  return headers.filter((_, index) => !framing.has((headers[index - (index % 2)] ?? "").toLowerCase()));
}
