import type { Closeable } from "../../closeable.ts";
import type { Log } from "../../log.ts";
import type { TargetGuard } from "../../target-guard.ts";
import { createUpstreams, type Upstreams } from "../actions/upstreams.ts";
import { createScriptPool, type ScriptPool } from "../script/script-pool.ts";

/** What the actions of requests that are asked about run with, apart from what serves callers. */
export interface CallWorkers extends Closeable {
  readonly pool: ScriptPool;
  readonly upstreams: Upstreams;
}

/** Makes them ready; a thread is started when a script needs it. */
export function createCallWorkers(options: {
  readonly scripts: number;
  readonly targets: TargetGuard;
  readonly log: Log;
}): CallWorkers {
  const pool = createScriptPool({ size: options.scripts, queue: 16, log: options.log });
  const upstreams = createUpstreams(options.targets);
  return {
    pool,
    upstreams,
    async close() {
      await Promise.all([pool.close(), upstreams.close()]);
    },
  };
}
