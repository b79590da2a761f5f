import type { Metrics } from "../../dashboard/metrics.ts";
import type { PassResult } from "../../reconcile/pass.ts";
import { printChange, talkAboutProblems } from "../output/change-lines.ts";
import { talk } from "../output/output.ts";
import { waitingText } from "../output/suspension-text.ts";
import type { Announcement } from "./announcement.ts";

/** Tells metrics and people how passes go. The first one is kept for the announcement. */
export interface PassReport {
  /** Runs a pass and takes its time. */
  timed(pass: () => Promise<PassResult>): Promise<PassResult>;
  readonly succeeded: (result: PassResult) => void;
  readonly failed: (error: unknown) => void;
  /** How the first pass went; null while it runs. */
  first(): Announcement["firstPass"];
}

/** A report that prints each change of later passes in a line, and problems when they become others. */
export function createPassReport(metrics: Metrics): PassReport {
  let began = performance.now();
  let first: Announcement["firstPass"] = null;
  let problemsTold = "";
  let suspensionTold = "";
  const seconds = () => (performance.now() - began) / 1000;
  return {
    timed(pass) {
      began = performance.now();
      return pass();
    },
    succeeded(result) {
      metrics.passEnded(result.outcome, seconds(), result.status);
      const { quarantined, held, problems } = result.plan;
      const before = problemsTold;
      problemsTold = JSON.stringify([quarantined, held, problems]);
      const suspension = waitingText(result);
      const isNews = suspension !== null && suspension !== suspensionTold;
      suspensionTold = suspension ?? "";
      if (first === null) {
        first = { result };
        return;
      }
      if (result.applied) for (const change of result.attributed) printChange(change);
      if (problemsTold !== before) talkAboutProblems(result.plan);
      if (isNews) talk(suspension, "warning");
    },
    failed(error) {
      metrics.passEnded("failed", seconds(), null);
      first ??= { error };
    },
    first: () => first,
  };
}
