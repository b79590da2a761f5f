import { addressList } from "../../address-list.ts";
import type { Log } from "../../log.ts";
import { upstreamPath } from "../actions/proxy.ts";
import { createLocalExchange, type LocalAnswer, type LocalRequest } from "../batch/local-exchange.ts";
import type { Call } from "../call.ts";
import { endpointErrors } from "../endpoint-error.ts";
import { parseRequestTarget } from "../http/request-target.ts";
import { createRequestHandler } from "../request-handler.ts";
import type { Verdict } from "../rules/rule.ts";
import type { ServedRequest } from "../served-request.ts";
import { matchRoute, type RouteTable } from "../table/route-table.ts";
import type { CallTrace } from "./call-trace.ts";
import type { CallWorkers } from "./call-workers.ts";
import type { Explanation, RuleStep } from "./explanation.ts";
import { tokenOfCall, tokenWithoutCall } from "./token-state.ts";
import { whyRefused } from "./why-refused.ts";

/** Which actions are run. Replies and scripts reach nobody; what a proxy sends may. */
export type ActionsToRun = "none" | "local" | "all";

/** How a request is asked about. */
export interface ExplainOptions {
  readonly table: RouteTable;
  /** The host that the request names. */
  readonly host: string;
  readonly clientAddress: string;
  readonly actions: ActionsToRun;
  readonly workers: Pick<CallWorkers, "pool" | "upstreams">;
  /** The most bytes of an answer that are taken. */
  readonly answerLimit: number;
  /** Ends what takes too long, or is not wanted any more. */
  readonly signal: AbortSignal;
  readonly nodeId: number;
  readonly revisionHeader: string | null;
  readonly trustedProxies: readonly string[];
  readonly log: Log;
}

/** An answer, and why it is that. */
export interface Explained {
  readonly explanation: Explanation;
  readonly answer: LocalAnswer;
}

/** The rules that go by what a serving endpoint has counted, and how many limits they have for a call. */
const counted: ReadonlyMap<string, (call: Call) => number> = new Map([
  ["limits of the token", ({ caller }: Call) => caller?.limits.charges.length ?? 0],
  ["limit of the API", ({ definition }: Call) => definition.rateLimit.charges.length],
]);

/**
 * Has a request decided and answered by the endpoint's own code, without a port and without being
 * counted. Rejects when the request is none that HTTP can carry, or before its answer begins.
 */
export async function explainRequest(request: LocalRequest, options: ExplainOptions): Promise<Explained> {
  const seen: Seen = { call: null, rules: [], isRun: false };
  const { answer, over } = await decide(request, options, seen);
  return { explanation: explanationOf(request, options, seen, over), answer };
}

/** What was seen of how a request was decided. */
interface Seen {
  call: Call | null;
  readonly rules: RuleStep[];
  /** Whether its action was run. */
  isRun: boolean;
}

async function decide(
  request: LocalRequest,
  options: ExplainOptions,
  seen: Seen,
): Promise<{ readonly answer: LocalAnswer; readonly over: ServedRequest }> {
  const { table, host, clientAddress, workers } = options;
  let end = (_over: ServedRequest) => {};
  const ended = new Promise<ServedRequest>((resolve) => (end = resolve));
  const handle = createRequestHandler({
    ...options,
    table: () => table,
    revisionHeader: options.revisionHeader?.toLowerCase() ?? null,
    trustedProxies: addressList(options.trustedProxies),
    pool: workers.pool,
    upstreams: workers.upstreams,
    usage: null,
    // The requests of a batch are over before it is.
    observe: (over) => {
      if (!seen.call || over.id === seen.call.id) end(over);
    },
    trace: traceInto(seen, options.actions),
  });
  let room = options.answerLimit;
  const mayTake = (bytes: number) => (room -= bytes) >= 0;
  const exchange = createLocalExchange(handle, clientAddress);
  const answer = await exchange(request, host, options.signal, mayTake);
  return { answer, over: await ended };
}

/** Notes what happens to the request that was asked about, and not to those within it. */
function traceInto(seen: Seen, actions: ActionsToRun): CallTrace {
  return {
    found: (call) => {
      seen.call ??= call;
    },
    judged: (call, rule, verdict) => {
      if (call.id === seen.call?.id) seen.rules.push({ rule, outcome: outcomeOf(call, rule, verdict) });
    },
    mayAct: (call) => {
      const { kind } = call.definition.action;
      const isRun = actions === "all" || (actions === "local" && kind !== "proxy");
      if (call.id === seen.call?.id) Object.assign(seen, { call, isRun });
      return isRun;
    },
  };
}

function outcomeOf(call: Call, rule: string, verdict: Verdict): RuleStep["outcome"] {
  const charges = counted.get(rule)?.(call) ?? 0;
  if (!verdict) return charges > 0 ? "not counted" : "passed";
  if ("code" in verdict) return "refused";
  return verdict.kind === "reply" ? "answered" : "changed";
}

function explanationOf(
  { method, url, headers }: LocalRequest,
  { table, host, clientAddress }: ExplainOptions,
  { call, rules, isRun }: Seen,
  { status, decision }: ServedRequest,
): Explanation {
  const target = parseRequestTarget(url, host);
  const holder = target ? matchRoute(table, target)?.definition : undefined;
  const spec = table.state.definitions.find(({ id }) => id === holder?.id)?.spec ?? null;
  const definition = holder?.name ?? null;
  const token = call ? tokenOfCall(call) : tokenWithoutCall(table, headers, target?.query ?? "");
  const { code, reason } = decision;
  const refusal = code === null ? null : { code, ...(reason !== null && { reason }) };
  return {
    request: { method, url, host, clientAddress },
    revision: table.revision,
    definition,
    isActive: holder?.active ?? false,
    version: call?.version?.name ?? null,
    parameters: call?.parameters ?? {},
    path: call && { kind: call.path.kind, entry: call.path.entry },
    token,
    rules,
    decision: {
      isServed: refusal === null,
      status,
      rule: decision.rule,
      code,
      name: code === null ? null : endpointErrors[code].name,
      why: refusal ? whyRefused(refusal, { call, spec, definition, token }) : [],
    },
    action: call && decision.rule === null ? actionOf(call, isRun) : null,
  };
}

function actionOf(call: Call, isRun: boolean): Explanation["action"] {
  if (call.isBatch) return { kind: "batch", isRun: true, upstream: null };
  const { action } = call.definition;
  if (action.kind === "unfit") return null;
  if (action.kind !== "proxy") return { kind: action.kind, isRun, upstream: null };
  const target = call.version?.target ?? action.targets[0];
  return {
    kind: "proxy",
    isRun,
    upstream: target ? target.origin + upstreamPath(call, action, target) : null,
  };
}
