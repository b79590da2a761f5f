import type { Log } from "../../log.ts";
import type { Call } from "../call.ts";
import type { RouteTable } from "../table/route-table.ts";
import { takeTurns } from "../turns.ts";
import { isStillLetIn } from "./still-let-in.ts";
import type { Tunnel } from "./tunnel.ts";

/** The WebSockets that are open, of which there may only be so many. */
export interface OpenTunnels {
  /** Takes a place for a call; null when all are taken. */
  readonly enter: (call: Call) => TunnelPlace | null;
  readonly size: () => number;
  /** Ends those whose callers would be refused by the table that serves now. */
  readonly review: () => void;
  /** Ends all of them, and goes on to do so with those that open. */
  readonly close: () => void;
}

/** A place for a tunnel. */
export interface TunnelPlace {
  /** The tunnel is open. */
  readonly fill: (tunnel: Tunnel) => void;
  readonly leave: () => void;
}

/** Milliseconds between reviews without a new table: times run out by themselves. */
const reviewEvery = 10_000;

/** No tunnels yet. */
export function createOpenTunnels(options: {
  readonly most: number;
  readonly table: () => RouteTable | null;
  readonly log: Log;
}): OpenTunnels {
  const { most, table, log } = options;
  /** With the tunnel once it is open. */
  const places = new Map<Call, Tunnel | null>();
  const timer = setInterval(review, reviewEvery).unref();
  let reviewing: Promise<void> | null = null;
  let stale = false;
  let closed = false;

  function enter(call: Call): TunnelPlace | null {
    if (places.size >= most) return null;
    places.set(call, null);
    return {
      fill(tunnel) {
        places.set(call, tunnel);
        // The table may have changed while the upstream was asked.
        reviewOne(call);
      },
      leave: () => void places.delete(call),
    };
  }

  function review(): void {
    stale = true;
    reviewing ??= reviewAll()
      .catch((error: unknown) => log.error({ err: error }, "Reviewing the WebSockets failed."))
      .finally(() => {
        reviewing = null;
        if (stale) review();
      });
  }

  async function reviewAll(): Promise<void> {
    const turn = takeTurns();
    while (stale) {
      stale = false;
      for (const call of places.keys()) {
        if (turn.isOver()) await turn.next();
        reviewOne(call);
      }
    }
  }

  function reviewOne(call: Call): void {
    const [tunnel, now] = [places.get(call), table()];
    if (!tunnel || !now) return;
    if (closed) return tunnel.end();
    if (isStillLetIn(now, call)) return;
    const { id, definition, tokenName } = call;
    const facts = { id, definition: definition.name, token: tokenName };
    log.info(facts, "A WebSocket is closed: its caller would not be let in any more.");
    places.set(call, null);
    tunnel.end();
  }

  return {
    enter,
    size: () => places.size,
    review,
    close() {
      closed = true;
      clearInterval(timer);
      for (const tunnel of places.values()) tunnel?.end();
    },
  };
}
