import type { Command } from "commander";

import type { BackupSummary } from "../store/backup/backup-store.ts";
import { addConfigFlags, commandLog, configOf } from "./config-flags.ts";
import { withStore } from "./open-parts.ts";
import { formatFlag } from "./output/formats.ts";
import { counted, printJson, talk, wholeSeconds } from "./output/output.ts";

/** `gitway backup FILE`: what is not in Git, as one file. */
export function addBackup(program: Command): void {
  const command = program
    .command("backup")
    .description("Write what is not in Git to a file: credentials (hashes) and events. A daemon may run on.")
    .argument("<file>", "a file that is not there yet")
    .addOption(formatFlag())
    .action(async (file: string, options: { format: string }) => {
      const config = configOf(command);
      const summary = await withStore(config, commandLog(config), (store) => store.backup(file));
      if (options.format === "json") printJson({ file, ...summary });
      else
        talk(
          `${file} holds ${contentOf(summary)}, as of revision ${summary.revision}. Keep it like a secret.`,
        );
    });
  addConfigFlags(command);
}

/** `gitway restore FILE`: a lost store, from a backup and Git. */
export function addRestore(program: Command): void {
  const command = program
    .command("restore")
    .description("Fill a store that was never reconciled with what a backup holds: all of it, or nothing.")
    .argument("<file>", "what 'gitway backup' wrote")
    .addOption(formatFlag())
    .action(async (file: string, options: { format: string }) => {
      const config = configOf(command);
      const summary = await withStore(config, commandLog(config), (store) => store.restore(file));
      if (options.format === "json") printJson({ file, ...summary });
      else {
        talk(
          `Restored ${contentOf(summary)}, as of revision ${summary.revision} at ${wholeSeconds(summary.takenAt)}.`,
        );
        talk("Secrets that were issued since are unknown, and those that were revoked since work again.");
        talk("Next: 'gitway apply' brings what Git has, and 'gitway events verify' checks the events.");
      }
    });
  addConfigFlags(command);
}

function contentOf({ rows }: BackupSummary): string {
  const { event = 0, credential = 0, object_version: versions = 0 } = rows;
  return `${counted(event, "event")}, ${counted(credential, "credential")} and ${counted(versions, "version")} of objects`;
}
