import type { Command } from "commander";

import { messageOf } from "../errors.ts";
import { compareWithCommits } from "../reconcile/compare-commits.ts";
import type { PassParts } from "../reconcile/pass.ts";
import type { EventVerification } from "../store/store.ts";
import { addConfigFlags, commandLog, configOf } from "./config-flags.ts";
import { withPass } from "./open-parts.ts";
import { formatFlag } from "./output/formats.ts";
import { counted, print, printJson, talk, wholeSeconds } from "./output/output.ts";

/** `gitway events verify`: whether the events are those that were written. Exit 1 when one is not. */
export function addEventsVerify(events: Command): void {
  const command = events
    .command("verify")
    .description("Check that no event was changed, removed or added behind Gitway's back, against Git too.")
    .addOption(formatFlag())
    .action(async (options: { format: string }) => {
      const config = configOf(command);
      const settings = { log: commandLog(config), allowPrune: false };
      const { result, unknown } = await withPass(config, settings, verify);
      if (options.format === "json") printJson({ ...result, unknownCommits: unknown });
      else show(result, unknown);
      process.exitCode = result.fault ? 1 : 0;
    });
  addConfigFlags(command);
}

interface Verified {
  readonly result: EventVerification;
  /** Commits that could not be compared. */
  readonly unknown: readonly string[];
}

async function verify({ source, store }: PassParts): Promise<Verified> {
  try {
    await source.fetch();
  } catch (error) {
    talk(
      `The source can't be fetched, so what was fetched before is compared: ${messageOf(error)}`,
      "warning",
    );
  }
  const comparison = compareWithCommits(source);
  const result = await store.verifyEvents(comparison.inspect);
  return { result, unknown: [...comparison.unknown] };
}

const shownAtMost = 10;

function show({ checked, healed, fault }: EventVerification, unknown: readonly string[]): void {
  for (const commit of unknown.slice(0, shownAtMost))
    talk(`Commit ${commit} can't be checked: the source does not have it.`, "warning");
  if (unknown.length > shownAtMost) talk(`… nor ${unknown.length - shownAtMost} more.`, "warning");
  if (healed > 0)
    talk(
      `${counted(healed, "version")} had been changed in the store behind Gitway's back, and healed.`,
      "warning",
    );
  if (!fault) {
    print(`${counted(checked, "event")} checked: all as they were written.`, "added");
    return;
  }
  print(fault.id === null ? "The events do not end as they were written." : faultLine(fault), "error");
  for (const difference of fault.differences) print(`  ${difference}`);
  if (fault.id !== null) print(`${counted(checked, "event")} before it as they were written.`);
}

function faultLine({ id, time, message }: NonNullable<EventVerification["fault"]>): string {
  return `Event ${id} does not fit: ${time === null ? "?" : wholeSeconds(time)}  ${message}`;
}
