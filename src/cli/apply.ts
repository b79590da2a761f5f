import type { Command } from "commander";

import { countChanges } from "../plan/count-changes.ts";
import type { PassResult } from "../reconcile/pass.ts";
import { applyNow } from "../reconcile/suspended.ts";
import { addConfigFlags, commandLog, configOf } from "./config-flags.ts";
import { withPass } from "./open-parts.ts";
import { changeJson, hasProblems, printChange, talkAboutProblems } from "./output/change-lines.ts";
import { formatFlag } from "./output/formats.ts";
import { printJson, talk } from "./output/output.ts";

/** `gitway apply`: one pass. */
export function addApply(program: Command): void {
  const command = program
    .command("apply")
    .description("Look at the source once and apply what changed.")
    .option(
      "--allow-prune",
      "Let deletions through that would be held: too many at once, or a changed source.",
    )
    .addOption(formatFlag())
    .action(async (options: { allowPrune?: true; format: string }) => {
      const config = configOf(command);
      const settings = { log: commandLog(config), allowPrune: options.allowPrune === true };
      const result = await withPass(config, settings, applyNow);
      if (options.format === "json") printJson(resultJson(result));
      else showResult(result);
      process.exitCode = hasProblems(result.plan) ? 1 : 0;
    });
  addConfigFlags(command);
}

function showResult({ attributed, plan, applied, status }: PassResult): void {
  if (applied) for (const change of attributed) printChange(change);
  talkAboutProblems(plan);
  const { created, updated, deleted, unchanged, quarantined, held } = summaryOf(plan);
  const waiting = quarantined + held === 0 ? "" : `, ${quarantined} quarantined, ${held} held`;
  const revision = `Revision ${applied?.revision ?? plan.parentRevision} is live, from ${plan.commit.slice(0, 7)} of ${status.source.branch}.`;
  talk(
    `${created} added, ${updated} updated, ${deleted} deleted, ${unchanged} unchanged${waiting}. ${revision}`,
  );
}

function resultJson({ attributed, plan, applied }: PassResult): object {
  return {
    revision: applied?.revision ?? plan.parentRevision,
    commit: plan.commit,
    summary: summaryOf(plan),
    changes: applied ? attributed.map(changeJson) : [],
    quarantined: plan.quarantined,
    held: plan.held,
    problems: plan.problems,
  };
}

function summaryOf(plan: PassResult["plan"]) {
  return {
    ...countChanges(plan),
    unchanged: plan.unchanged,
    quarantined: plan.quarantined.length,
    held: plan.held.length,
  };
}
