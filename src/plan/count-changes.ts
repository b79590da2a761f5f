import type { Plan } from "./plan.ts";

/** How many changes of each kind there are. */
export interface ChangeCounts {
  readonly created: number;
  readonly updated: number;
  readonly deleted: number;
}

/** Counts the changes of a plan. */
export function countChanges({ changes }: Pick<Plan, "changes">): ChangeCounts {
  const count = (action: string) => changes.filter((change) => change.action === action).length;
  return { created: count("create"), updated: count("update"), deleted: count("delete") };
}
