import type { Command } from "commander";

import type { QuarantinedManifest, RevisionMark, SyncStatus } from "../store/store.ts";
import { heldLine, problemLine, quarantineLine } from "./change-lines.ts";
import { addConfigFlags, commandLog, configOf } from "./config-flags.ts";
import { formatFlag } from "./formats.ts";
import { withStore } from "./open-parts.ts";
import { ago, print, printJson, talk } from "./output.ts";

/** `gitway status`: how reconciling stands. Exit 1 unless everything is live. */
export function addStatus(program: Command): void {
  const command = program
    .command("status")
    .description("Print how reconciling stands: revisions, what is held or quarantined, and why.")
    .addOption(formatFlag())
    .action(async (options: { format: string }) => {
      const config = configOf(command);
      const status = await withStore(config, commandLog(config), (store) => store.readSync());
      if (options.format === "json") printJson(status);
      else if (status) showStatus(status);
      else talk("No pass has run yet. Run one with: gitway apply");
      process.exitCode = status === null || status.state === "synced" ? 0 : 1;
    });
  addConfigFlags(command);
}

function showStatus(status: SyncStatus): void {
  const { source, state, since, error } = status;
  print(`state      ${state} since ${since} (${ago(since)})`, state === "synced" ? "added" : "warning");
  if (error) print(`error      ${error.message} [${error.code}]`, "error");
  print(`source     ${source.url}`);
  print(`branch     ${source.branch}`);
  print(`paths      ${source.paths.join(", ")}`);
  print(`attempted  ${markText(status.attempted)}`);
  print(`applied    ${markText(status.applied)}`);
  print(`converged  ${markText(status.converged)}`);
  for (const entry of status.quarantined) showQuarantined(entry);
  for (const held of status.held) print(heldLine(held), "warning");
  const told = new Set(status.quarantined.flatMap(({ problems }) => problems.map(problemLine)));
  for (const line of status.problems.map(problemLine)) if (!told.has(line)) print(line, "warning");
}

function showQuarantined(entry: QuarantinedManifest): void {
  print(quarantineLine(entry), "error");
  print(`    since ${entry.since} (${ago(entry.since)})${byWhom(entry)}`);
  for (const problem of entry.problems) print(`    ${problemLine(problem)}`);
  const { lastGood } = entry;
  if (lastGood)
    print(`    serving ${lastGood.path}:${lastGood.line} of commit ${lastGood.commit.slice(0, 7)}`);
}

function byWhom({ commit, author }: QuarantinedManifest): string {
  return commit === null || author === null ? "" : `, by commit ${commit.slice(0, 7)} of ${author.name}`;
}

function markText(mark: RevisionMark | null): string {
  if (mark === null) return "never";
  return `revision ${mark.revision}  ${mark.commit.slice(0, 7)}  ${ago(mark.at)}`;
}
