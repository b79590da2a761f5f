import type { Command } from "commander";

import { formatPlanText, planJson } from "../plan/format-plan.ts";
import type { Plan } from "../plan/plan.ts";
import { preparePlan } from "../reconcile/pass.ts";
import { addConfigFlags, commandLog, configOf } from "./config-flags.ts";
import { withPass } from "./open-parts.ts";
import { hasProblems } from "./output/change-lines.ts";
import { formatFlag } from "./output/formats.ts";
import { print, printJson, type Style, talk } from "./output/output.ts";
import { suspensionText } from "./output/suspension-text.ts";

/** `gitway plan`: what an apply would do. Exit 2 when it would change something and nothing is wrong. */
export function addPlan(program: Command): void {
  const command = program
    .command("plan")
    .description("Print what an apply would change. Changes nothing.")
    .option("--allow-prune", "Plan deletions that would be held otherwise.")
    .addOption(formatFlag())
    .action(async (options: { allowPrune?: true; format: string }) => {
      const config = configOf(command);
      const settings = { log: commandLog(config), allowPrune: options.allowPrune === true };
      const { plan, suspension } = await withPass(config, settings, async (parts) => ({
        ...(await preparePlan(parts)),
        suspension: await parts.store.suspension(),
      }));
      showPlan(plan, options.format);
      if (suspension) talk(`Nothing of it goes live: suspended ${suspensionText(suspension)}.`, "warning");
      process.exitCode = exitCodeOf(plan);
    });
  addConfigFlags(command);
}

const styles: Readonly<Record<string, Style>> = {
  "+": "added",
  "~": "changed",
  "-": "removed",
  "!": "warning",
};

function showPlan(plan: Plan, format: string): void {
  if (format === "json") printJson(planJson(plan));
  else
    for (const line of formatPlanText(plan).trimEnd().split("\n"))
      print(line, styles[line.trimStart().charAt(0)]);
}

function exitCodeOf(plan: Plan): number {
  if (hasProblems(plan)) return 1;
  return plan.changes.length > 0 ? 2 : 0;
}
