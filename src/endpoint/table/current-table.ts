import { nextState, type ServingFeed } from "./next-state.ts";
import { buildRouteTable, type RouteTable } from "./route-table.ts";

/**
 * Gives the table of what is live at the moment of asking. What has not changed since the table there is, which
 * may be the one that the endpoint of this process serves, is neither read nor built again.
 */
export function createCurrentTable(options: {
  readonly feed: Omit<ServingFeed, "onChange">;
  readonly base: string;
  /** The table that serves in this process; null when there is none. */
  readonly served: () => RouteTable | null;
}): () => Promise<RouteTable> {
  const { feed, base, served } = options;
  let kept: RouteTable | null = null;
  let last: Promise<unknown> = Promise.resolve();

  // One at a time, so that a change is read once; each looks for itself, so that nobody gets what was before.
  return () => {
    const table = last.then(read, read);
    last = table;
    return table;
  };

  async function read(): Promise<RouteTable> {
    const before = newer(served(), kept);
    const state = await nextState(feed, before);
    const table = before && state === before.state ? before : await buildRouteTable(state, base, before);
    kept = table === served() ? null : table;
    return table;
  }
}

function newer(served: RouteTable | null, kept: RouteTable | null): RouteTable | null {
  if (!served || !kept) return served ?? kept;
  return kept.revision > served.revision ? kept : served;
}
