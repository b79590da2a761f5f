import type { ServingState, ServingStore } from "../../store/serving/serving-store.ts";
import { applyChanges } from "./apply-changes.ts";
import type { RouteTable } from "./route-table.ts";

/** Where tables come from. A `Store` is one; one that can't tell changes is read as a whole each time. */
export type ServingFeed = Pick<ServingStore, "serving" | "onChange"> &
  Partial<Pick<ServingStore, "servingSince">>;

/** What is live, by what changed since a table where the feed can tell. The same state when nothing did. */
export async function nextState(
  feed: Omit<ServingFeed, "onChange">,
  before: RouteTable | null,
): Promise<ServingState> {
  const mark = before?.state.mark;
  const changes = mark && feed.servingSince ? await feed.servingSince(mark) : null;
  if (!before || !changes) return await feed.serving();
  return applyChanges(before.state, changes);
}
