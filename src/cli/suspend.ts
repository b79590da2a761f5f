import { type Command, InvalidArgumentError } from "commander";

import type { Person } from "../plan/plan.ts";
import { readReason } from "../reconcile/suspended.ts";
import type { Store } from "../store/store.ts";
import { byFlag, personOf } from "./acting-person.ts";
import { addConfigFlags, commandLog, configOf } from "./config-flags.ts";
import { withStore } from "./open-parts.ts";
import { talk } from "./output/output.ts";
import { suspensionText } from "./output/suspension-text.ts";

/** `gitway suspend`: nothing that changes in Git goes live, in any process on the store, until `gitway resume`. */
export function addSuspend(program: Command): void {
  const command = program
    .command("suspend")
    .description("Let nothing from Git go live until it is resumed. What is live goes on being served.")
    .option("--reason <text>", "Why; whoever is kept waiting reads it.", parseReason)
    .addOption(byFlag())
    .action(async (options: { reason?: string | null; by?: string }) => {
      const by = personOf(options.by);
      const config = configOf(command);
      const { reason = null } = options;
      await withStore(config, commandLog(config), (store) => suspend(store, by, reason));
    });
  addConfigFlags(command);
}

/** `gitway resume`: ends it. Daemons look at the source at once. */
export function addResume(program: Command): void {
  const command = program
    .command("resume")
    .description("End what 'gitway suspend' began. Daemons look at the source at once.")
    .addOption(byFlag())
    .action(async (options: { by?: string }) => {
      const by = personOf(options.by);
      const config = configOf(command);
      await withStore(config, commandLog(config), (store) => resume(store, by));
    });
  addConfigFlags(command);
}

async function suspend(store: Store, by: Person, reason: string | null): Promise<void> {
  const before = await store.suspension();
  const suspension = await store.suspend({ by, reason });
  if (before?.since === suspension.since)
    talk(`Reconciling is suspended already, ${suspensionText(suspension)}. That stays as it is.`, "warning");
  else talk("Suspended. Nothing from Git goes live until: gitway resume");
}

async function resume(store: Store, by: Person): Promise<void> {
  const ended = await store.resume(by);
  if (ended) talk(`Resumed. Reconciling was suspended ${suspensionText(ended)}.`);
  else talk("Reconciling is not suspended.");
}

function parseReason(text: string): string | null {
  const read = readReason(text);
  if ("problem" in read) throw new InvalidArgumentError(read.problem);
  return read.reason;
}
