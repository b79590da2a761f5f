import type { Socket } from "node:net";

/** Two connections, each of which gets what comes from the other. */
export interface Tunnel {
  /** Lets what is on its way arrive and ends both connections; in five seconds at the latest they are gone. */
  readonly end: () => void;
}

const lingerTime = 5000;

/**
 * Joins two connections. Neither is read faster than the other takes it; when one ends, so does the other,
 * and when nothing has passed for `idle` milliseconds, both do.
 */
export function joinSockets(
  client: Socket,
  upstream: Socket,
  { idle, closed }: { readonly idle: number; readonly closed: () => void },
): Tunnel {
  let cutOff: NodeJS.Timeout | undefined;
  let open = 2;
  for (const [one, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    one.pipe(other);
    one.on("error", () => {});
    one.once("end", linger);
    one.once("close", () => {
      other.destroySoon();
      if (--open > 0) return linger();
      clearTimeout(cutOff);
      closed();
    });
  }
  // All that passes, either way, passes here.
  client.setTimeout(idle, end);
  return { end };

  function end(): void {
    for (const socket of [client, upstream]) socket.unpipe().resume().end();
    linger();
  }

  function linger(): void {
    cutOff ??= setTimeout(() => {
      client.destroy();
      upstream.destroy();
    }, lingerTime);
  }
}
