import type { ServerResponse } from "node:http";

const stuckTime = 600_000;

/**
 * Cuts off a client that takes nothing of what there is for it for ten minutes; one that waits for more may
 * wait. To be called after what may be more than the connection takes at once.
 */
export function boundDelivery(response: ServerResponse): void {
  if (response.writableLength === 0 || response.listenerCount("timeout") > 0) return;
  response.setTimeout(stuckTime, () => response.writableLength > 0 && response.destroy());
}
