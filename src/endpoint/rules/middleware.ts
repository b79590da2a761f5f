import type { MiddlewareContext, MiddlewareRequest } from "../../../schemas/script.d.ts";
import { checkAnswer } from "../actions/script-answer.ts";
import type { Call } from "../call.ts";
import type { Refusal } from "../endpoint-error.ts";
import { parseRequestTarget, pathBelow } from "../http/request-target.ts";
import { visibleHeaders, visiblePath, visibleQuery } from "../http/visible-request.ts";
import type { Middleware } from "../middleware/middleware-definition.ts";
import { applyEdits } from "../middleware/request-edits.ts";
import { runScript } from "../script/run-script.ts";
import type { ScriptJob } from "../script/script-job.ts";
import type { Caller } from "../table/credential-table.ts";
import { judgePath, passesWithoutToken } from "../table/path-lists.ts";
import { tokenIsWithinLimits } from "./limits.ts";
import { pathIsOpen } from "./path.ts";
import type { RuleTools, Verdict } from "./rule.ts";
import { callerIsAllowed } from "./token.ts";

const timeout = 5000;
const memory = 32 * 1024 * 1024;
const answerLimit = 29 * 1024 * 1024;

/** Runs the middleware that comes before addresses and tokens (Gateway rules 2.1). It learns of no token. */
export function runPreMiddleware(call: Call, tools: RuleTools): Verdict | Promise<Verdict> {
  const { pre } = call.definition.middleware;
  return pre.length === 0 ? null : runAll(pre, call, null, tools);
}

/** Runs the middleware that comes right before the action. */
export function runPostMiddleware(call: Call, tools: RuleTools): Verdict | Promise<Verdict> {
  const { post } = call.definition.middleware;
  return post.length === 0 ? null : runPost(post, call, tools);
}

async function runPost(post: readonly Middleware[], call: Call, tools: RuleTools): Promise<Verdict> {
  const verdict = await runAll(post, call, call.caller, tools);
  // From a path that needs no token to one that does.
  const moved = verdict && "call" in verdict && verdict.call.path !== call.path ? verdict.call : null;
  if (!moved) return verdict;
  // Its limits have been counted, unless it needed no token until now.
  const isCounted = !passesWithoutToken(call.path);
  return callerIsAllowed(moved) ?? (isCounted ? null : tokenIsWithinLimits(moved)) ?? verdict;
}

async function runAll(
  scripts: readonly Middleware[],
  arrived: Call,
  caller: Caller | null,
  tools: RuleTools,
): Promise<Verdict> {
  let call = arrived;
  for (const script of scripts) {
    const verdict = await runOne(script, call, caller, tools);
    if (!("call" in verdict)) return verdict;
    call = verdict.call;
  }
  return { kind: "changed", call };
}

/** Whatever goes wrong refuses the call. */
async function runOne(
  { file, source, entry }: Middleware,
  call: Call,
  caller: Caller | null,
  { scripts }: RuleTools,
): Promise<Exclude<Verdict, null>> {
  const fault = (code: Refusal["code"], reason: string): Refusal => ({
    code,
    reason: `middleware '${file}': ${reason}`,
  });
  if (source === null) return fault(15, "the file is not in the store");
  const job: ScriptJob = {
    file,
    source,
    entry,
    returns: "middleware",
    input: middlewareArguments(call, caller),
    body: null,
    timeout,
    memory,
    answerLimit,
  };
  const outcome = await runScript(scripts, call, job);
  if (outcome.kind === "failed") return fault(outcome.code, outcome.reason);
  if (outcome.kind === "answer") {
    const reply = checkAnswer(outcome, answerLimit);
    return "code" in reply ? fault(reply.code, reply.reason ?? "") : reply;
  }
  const edits = applyEdits(call, outcome.edits);
  if (typeof edits === "string") return fault(13, `what it returned ${edits}`);
  if (edits.path === null) return { kind: "changed", call: edits.call };
  return movePath(edits.call, edits.path) ?? fault(13, "'path' must be a path, with a leading slash");
}

/**
 * The call at another path below its route, which the path lists must let in as if it had been asked for.
 * Null for what is no path, or leads elsewhere. A token that was needed stays needed.
 */
function movePath(call: Call, path: string): Verdict {
  const isPath = path.startsWith("/") && !path.includes("?");
  const target = isPath ? parseRequestTarget(path, undefined) : null;
  if (!target) return null;
  const lists = call.version?.paths ?? call.definition.paths;
  const verdict = judgePath(lists, target.segments, call.request.method ?? "");
  const rest = call.versionPath + pathBelow(target.segments, target);
  const moved = { ...call, rest, path: passesWithoutToken(verdict) ? call.path : verdict };
  return pathIsOpen({ ...moved, path: verdict }) ?? { kind: "changed", call: moved };
}

function middlewareArguments(call: Call, caller: Caller | null): string {
  const request: MiddlewareRequest = {
    method: call.request.method ?? "",
    path: visiblePath(call),
    routeParameters: call.parameters,
    query: visibleQuery(call),
    headers: visibleHeaders(call),
  };
  const context: MiddlewareContext = {
    definition: call.definition.name,
    version: call.version?.name ?? null,
    clientAddress: call.clientAddress,
    tokenId: caller?.tokenId ?? null,
    tokenName: caller?.tokenName ?? null,
  };
  return JSON.stringify([request, context]);
}
