import type { Closeable } from "../../closeable.ts";
import type { Config } from "../../config.ts";
import type { TriggerOutcome } from "../../dashboard/api/trigger-answer.ts";
import type { Trigger, TriggerCall, TriggerRefusal } from "../../dashboard/api/trigger.ts";
import { type CallWorkers, createCallWorkers } from "../../endpoint/explain/call-workers.ts";
import { explainRequest } from "../../endpoint/explain/explain.ts";
import { saidByProxy } from "../../endpoint/http/header-names.ts";
import { parseRequestTarget } from "../../endpoint/http/request-target.ts";
import { createCurrentTable } from "../../endpoint/table/current-table.ts";
import { matchRoute, type RouteTable } from "../../endpoint/table/route-table.ts";
import { framing } from "../../framing.ts";
import type { Log } from "../../log.ts";
import type { Store } from "../../store/store.ts";
import type { TargetGuard } from "../../target-guard.ts";
import type { AskedCall } from "./asked-call.ts";
import { carrySecret, carryToken, type CarriedToken } from "./carry-token.ts";
import { triggerOutcome, triggerTime, triggerTimedOut } from "./trigger-outcome.ts";

/** What triggering needs. */
export interface TriggerOptions {
  readonly store: Pick<Store, "serving" | "servingSince" | "credentialsOf">;
  readonly endpoint: Pick<Config["endpoint"], "base" | "nodeId" | "revisionHeader" | "trustedProxies">;
  readonly targets: TargetGuard;
  readonly log: Log;
}

/** Triggering, for as long as it is needed. */
export interface Triggering extends Closeable {
  readonly trigger: Trigger;
}

const atOnce = 8;
/** Above what a script may answer, so that its size is always known. */
const answerLimit = 32 * 1024 * 1024;
const scripts = 2;

/** Makes it possible to call definitions without the endpoint's port, by the endpoint's own code. */
export function createTriggering(options: TriggerOptions): Triggering {
  const { store, endpoint, targets, log } = options;
  const currentTable = createCurrentTable({ feed: store, base: endpoint.base });
  let workers: CallWorkers | null = null;
  let running = 0;
  return {
    async trigger(call, signal) {
      if (running >= atOnce) return refusal(503, "Too many APIs are being triggered: try again in a moment.");
      running++;
      try {
        workers ??= createCallWorkers({ scripts, targets, log });
        return await decide(call, { ...options, workers, table: await currentTable(), gone: signal });
      } finally {
        running--;
      }
    },
    async close() {
      await workers?.close();
    },
  };
}

interface Tools extends TriggerOptions {
  readonly workers: CallWorkers;
  readonly table: RouteTable;
  readonly gone: AbortSignal;
}

async function decide(call: TriggerCall, tools: Tools): Promise<TriggerOutcome | TriggerRefusal> {
  const carried = prepare(call, tools.table);
  if ("message" in carried) return carried;
  const { store, endpoint, workers, gone, log } = tools;
  const signal = AbortSignal.any([gone, AbortSignal.timeout(triggerTime)]);
  const start = performance.now();
  const explained = await explainRequest(carried.asked, {
    ...endpoint,
    // What comes through this door speaks for no other client.
    trustedProxies: [],
    table: carried.table,
    host: call.host,
    clientAddress: call.clientAddress,
    actions: "all",
    workers,
    answerLimit,
    signal,
    log,
  }).catch((error: unknown) => {
    if (signal.aborted) return null;
    throw error;
  });
  const outcome = {
    time: new Date(),
    milliseconds: Math.round(performance.now() - start),
    revision: tools.table.revision,
    ...(explained ? await triggerOutcome(explained, call.secret, store) : triggerTimedOut(call.definition)),
  };
  const { definition, milliseconds, answer, reason } = outcome;
  const facts = { by: call.by, as: call.as, definition, status: answer?.status, milliseconds };
  log.info({ ...facts, code: reason?.errorCode }, "An API was triggered through the Dashboard API.");
  return outcome;
}

/** The request with its token, or why it can't be made. */
function prepare(call: TriggerCall, table: RouteTable): CarriedToken | TriggerRefusal {
  const { url, host, method, headers, body, definition, secret, as } = call;
  const closed = headers.find(([name]) => [framing, saidByProxy].some((set) => set.has(name.toLowerCase())));
  if (closed) return refusal(400, `The header '${closed[0]}' is not for callers to set.`);
  const target = parseRequestTarget(url, host);
  if (!target) return refusal(400, "The route is no path that a request can have. Write it as in a URL.");
  const holder = matchRoute(table, target)?.definition;
  if (definition !== null && holder?.name !== definition)
    return refusal(
      409,
      `The path does not lead to '${definition}', but to ${holder ? "another" : "no"} definition. Give the 'route' as called.`,
    );
  const asked: AskedCall = { origin: "", host, method, url, headers, body };
  // A definition without tokens would hand the secret on to its target.
  if (holder?.keyless || (secret === null && as === null)) return { asked, table };
  if (secret)
    return { asked: isSendable(secret.reveal()) ? carrySecret(asked, table, secret) : asked, table };
  return carryAs(asked, table, as ?? "");
}

/** Only a token whose secrets are issued: whoever may come as it could issue one. */
function carryAs(asked: AskedCall, table: RouteTable, as: string): CarriedToken | TriggerRefusal {
  const token = table.state.tokens.find(({ name }) => name === as);
  if (token && !token.spec.secret.generate)
    return refusal(409, `The secret of the token '${as}' is not issued by Gitway: give it in 'secret'.`);
  return carryToken(asked, table, as) ?? refusal(404, "Token not found");
}

/** What can stand in a header: no client can send another secret. */
function isSendable(secret: string): boolean {
  return /^[\x21-\x7e]+$/.test(secret);
}

function refusal(status: TriggerRefusal["status"], message: string): TriggerRefusal {
  return { status, message };
}
