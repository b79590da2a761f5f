import { Agent, type Dispatcher } from "undici";

import type { TargetGuard } from "../../target-guard.ts";

/** The connections to all upstreams. */
export interface Upstreams {
  readonly agent: Dispatcher;
  /** Whether a target is an address that may not be reached. Where names lead to is seen when they are connected to. */
  readonly isDenied: TargetGuard["isDenied"];
  readonly close: () => Promise<void>;
}

const connectTime = 10_000;

/** Connections that reach nothing but what the guard lets them. */
export function createUpstreams({ isDenied, lookup }: TargetGuard): Upstreams {
  const agent = new Agent({
    connections: 1024,
    maxHeaderSize: 64 * 1024,
    connect: { lookup, timeout: connectTime },
  });
  return { agent, isDenied, close: () => agent.destroy() };
}
