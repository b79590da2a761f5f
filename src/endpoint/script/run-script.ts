import type { Log } from "../../log.ts";
import type { Call } from "../call.ts";
import type { ScriptJob, ScriptOutcome } from "./script-job.ts";
import type { ScriptPool } from "./script-pool.ts";

/** What scripts run with. */
export interface ScriptHost {
  readonly pool: ScriptPool;
  readonly log: Log;
}

/** Runs a script for a call, as long as its caller is there. What it prints goes to the log. */
export async function runScript(host: ScriptHost, call: Call, job: ScriptJob): Promise<ScriptOutcome> {
  const { definition, response } = call;
  const gone = new AbortController();
  const leave = () => gone.abort();
  response.once("close", leave);
  const outcome = await host.pool.run(job, gone.signal);
  response.off("close", leave);
  for (const line of outcome.lines ?? [])
    host.log.debug({ definition: definition.name, file: job.file, line }, "A script printed a line.");
  return outcome;
}
