import type { Config } from "../../config.ts";
import type { ApiParts } from "../../dashboard/api/routes.ts";
import { AppError } from "../../errors.ts";
import { consentToHeld } from "../../reconcile/consent.ts";
import { editObjects, type EditRequest } from "../../reconcile/edit-objects.ts";
import { type PassParts, preparePlan } from "../../reconcile/pass.ts";
import { applyNow } from "../../reconcile/suspended.ts";
import { newFileNamer } from "../new-files.ts";

/** What the Dashboard API can ask of reconciling: edits, and to look at the source. Nothing where nothing reconciles. */
export function dashboardDoors(
  { dashboard, paths }: Pick<Config, "dashboard" | "paths">,
  parts: () => PassParts | null,
  reconciles: boolean,
  wake: (reason: string) => void = () => {},
): Pick<ApiParts, "writing" | "sync"> {
  const started = (): PassParts => {
    const found = parts();
    if (found) return found;
    throw new AppError("source-unreachable", "Reconciling has not started yet: try again in a moment.");
  };
  const edit = async (request: EditRequest) => {
    const outcome = await editObjects(started(), request);
    if (outcome.status === "landed") wake("an edit is not live yet");
    return outcome;
  };
  return {
    writing: {
      mode: dashboard.edits,
      fileOf: newFileNamer({ dashboard, paths }),
      edit: reconciles ? edit : null,
    },
    sync: reconciles
      ? {
          plan: async () => (await preparePlan(started())).plan,
          reconcile: async () => (await applyNow(started())).status,
          consent: (request) => consentToHeld(started(), request),
        }
      : null,
  };
}
