import { closest } from "../../closest.ts";
import type { Config } from "../../config.ts";
import type { ActionsToRun, Explained } from "../../endpoint/explain/explain.ts";
import { buildRouteTable } from "../../endpoint/table/route-table.ts";
import { AppError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { ServingState } from "../../store/serving/serving-store.ts";
import { createTargetGuard } from "../../target-guard.ts";
import type { AskedCall } from "./asked-call.ts";
import { carryToken } from "./carry-token.ts";

/** How a request is decided here. */
export interface CallHere {
  readonly state: ServingState;
  readonly asked: AskedCall;
  /** The token to come with, without its secret; null for what the request carries. */
  readonly as: string | null;
  readonly clientAddress: string;
  readonly actions: ActionsToRun;
  readonly config: Config;
  readonly log: Log;
}

const answerLimit = 64 * 1024 * 1024;
const timeLimit = 120_000;

/** Has a request decided by the endpoint's own code in this process. */
export async function callHere(options: CallHere): Promise<Explained> {
  const { state, as, clientAddress, actions, config, log } = options;
  const plain = { asked: options.asked, table: await buildRouteTable(state, config.endpoint.base) };
  const carried = as === null ? plain : carryToken(plain.asked, plain.table, as);
  if (!carried) throw unknownToken(as ?? "", state);
  const { explainRequest } = await import("../../endpoint/explain/explain.ts");
  const { createCallWorkers } = await import("../../endpoint/explain/call-workers.ts");
  const { asked, table } = carried;
  const { host } = asked;
  const workers = createCallWorkers({ scripts: 1, targets: createTargetGuard(config.targets), log });
  const bounds = { answerLimit, signal: AbortSignal.timeout(timeLimit) };
  const place = { table, host, clientAddress };
  try {
    return await explainRequest(asked, { ...config.endpoint, ...place, ...bounds, actions, workers, log });
  } finally {
    await workers.close();
  }
}

function unknownToken(name: string, { tokens }: ServingState): AppError {
  const meant = closest(
    name,
    tokens.map((token) => token.name),
  );
  const advice = meant === null ? "'gitway get tokens' lists them." : `Did you mean '${meant}'?`;
  return new AppError("not-found", `There is no ApiToken '${name}'. ${advice}`);
}
