import type { PassResult } from "../../reconcile/pass.ts";
import type { Suspension } from "../../store/store.ts";
import { counted, wholeSeconds } from "./output.ts";

/** `since 2026-11-27T10:00:00Z by Jane Roe: release freeze` */
export function suspensionText({ since, by, reason }: Suspension): string {
  return `since ${wholeSeconds(since)} by ${by.name}${reason === null ? "" : `: ${reason}`}`;
}

/** What somebody should know of a pass that only looked; null of any other. */
export function waitingText({
  suspension,
  status,
}: Pick<PassResult, "suspension" | "status">): string | null {
  const { waiting } = status;
  if (!suspension || !waiting) return null;
  const { created, updated, deleted, commit } = waiting;
  const changes = counted(created + updated + deleted, "change");
  return `Suspended ${suspensionText(suspension)}. Waiting for 'gitway resume': ${changes}, of commit ${commit.slice(0, 7)}.`;
}
