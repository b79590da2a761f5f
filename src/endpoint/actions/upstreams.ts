import { isIP, type Socket } from "node:net";

import { Agent, buildConnector, type Dispatcher } from "undici";

import type { TargetGuard } from "../../target-guard.ts";
import type { ProxyTarget } from "./proxy-target.ts";

/** The connections to all upstreams. */
export interface Upstreams {
  readonly agent: Dispatcher;
  /** Opens a connection that is not the agent's. Rejects with the reason of the signal when that comes first. */
  readonly connect: (target: ProxyTarget, signal: AbortSignal) => Promise<Socket>;
  /** Whether a target is an address that may not be reached. Where names lead to is seen when they are connected to. */
  readonly isDenied: (target: ProxyTarget) => boolean;
  readonly close: () => Promise<void>;
}

/** Bytes of headers that an upstream may answer with. */
export const headLimit = 64 * 1024;

const connectTime = 10_000;

/** Connections that reach nothing but what the guard lets them. */
export function createUpstreams({ isDenied, lookup }: TargetGuard): Upstreams {
  const connect = buildConnector({ lookup, timeout: connectTime });
  const agent = new Agent({ connections: 1024, maxHeaderSize: headLimit, connect });
  // A target is judged once, and not for every call.
  const verdicts = new WeakMap<ProxyTarget, boolean>();
  return {
    agent,
    connect: async (target, signal) => {
      const { protocol, port } = new URL(target.origin);
      const { host, hostname } = target;
      return await new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
        connect({ protocol, port, host, hostname, servername: serverName(target) }, (...[error, socket]) => {
          if (!socket) reject(error);
          else if (signal.aborted) socket.destroy();
          else resolve(socket);
        });
      });
    },
    isDenied(target) {
      const verdict = verdicts.get(target) ?? isDenied(target.hostname);
      verdicts.set(target, verdict);
      return verdict;
    },
    close: () => agent.destroy(),
  };
}

/** The name on the certificate: it is the target's, whatever host the caller asked for. */
export function serverName({ hostname }: ProxyTarget): string {
  return isIP(hostname) === 0 ? hostname : "";
}
