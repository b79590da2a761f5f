import type { Agent } from "undici";

import type { Log } from "../../log.ts";
import type { Closeable } from "../../store/store.ts";
import { createUpstreamAgent } from "../actions/proxy.ts";
import { createScriptPool, type ScriptPool } from "../script/script-pool.ts";

/** What the actions of requests that are asked about run with, apart from what serves callers. */
export interface CallWorkers extends Closeable {
  readonly pool: ScriptPool;
  readonly agent: Agent;
}

/** Makes them ready; a thread is started when a script needs it. */
export function createCallWorkers(options: { readonly scripts: number; readonly log: Log }): CallWorkers {
  const pool = createScriptPool({ size: options.scripts, queue: 16, log: options.log });
  const agent = createUpstreamAgent();
  return {
    pool,
    agent,
    async close() {
      await Promise.all([pool.close(), agent.destroy()]);
    },
  };
}
