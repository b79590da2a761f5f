import type { Config } from "../config.ts";
import type { ApiParts } from "../dashboard/api/routes.ts";
import { AppError } from "../errors.ts";
import { editObjects } from "../reconcile/edit-objects.ts";
import { type PassParts, preparePlan } from "../reconcile/pass.ts";
import { applyNow } from "../reconcile/suspended.ts";
import { newFileNamer } from "./new-files.ts";

/** What the Dashboard API can ask of reconciling: edits, and to look at the source. Nothing where nothing reconciles. */
export function dashboardDoors(
  { dashboard, paths }: Pick<Config, "dashboard" | "paths">,
  parts: () => PassParts | null,
  reconciles: boolean,
): Pick<ApiParts, "writing" | "sync"> {
  const started = (): PassParts => {
    const found = parts();
    if (found) return found;
    throw new AppError("source-unreachable", "Reconciling has not started yet: try again in a moment.");
  };
  return {
    writing: {
      mode: dashboard.edits,
      fileOf: newFileNamer({ dashboard, paths }),
      edit: reconciles ? (request) => editObjects(started(), request) : null,
    },
    sync: reconciles
      ? {
          plan: async () => (await preparePlan(started())).plan,
          reconcile: async ({ allowPrune }) => (await applyNow({ ...started(), allowPrune })).status,
        }
      : null,
  };
}
