import { nextState, type ServingFeed } from "./next-state.ts";
import { buildRouteTable, type RouteTable } from "./route-table.ts";

/**
 * Gives the table of what is live at the moment of asking. What has not changed since it was asked last is neither
 * read nor built again.
 */
export function createCurrentTable(options: {
  readonly feed: Omit<ServingFeed, "onChange">;
  readonly base: string;
}): () => Promise<RouteTable> {
  const { feed, base } = options;
  let kept: RouteTable | null = null;
  let last: Promise<unknown> = Promise.resolve();

  // One at a time, so that a change is read once; each looks for itself, so that nobody gets what was before.
  return () => {
    const table = last.then(read, read);
    last = table;
    return table;
  };

  async function read(): Promise<RouteTable> {
    const before = kept;
    const state = await nextState(feed, before);
    kept = before && state === before.state ? before : await buildRouteTable(state, base, before);
    return kept;
  }
}
