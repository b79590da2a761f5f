import { type Command, InvalidArgumentError } from "commander";

import type { Delivery } from "../store/outbox/outbox.ts";
import type { Store } from "../store/store.ts";
import { addConfigFlags, commandLog, configOf } from "./config-flags.ts";
import { findObject } from "./find-object.ts";
import { withStore } from "./open-parts.ts";
import { formatFlag } from "./output/formats.ts";
import { print, printJsonLine, table, talk, wholeSeconds } from "./output/output.ts";

interface DeliveriesOptions {
  readonly webhook?: string;
  readonly limit: number;
  readonly format: string;
}

/** `gitway deliveries`: the log of events to webhooks, oldest first. */
export function addDeliveries(program: Command): void {
  const command = program
    .command("deliveries")
    .description(
      "Print deliveries of events to webhooks, oldest first: what was sent, waits, or failed and why.",
    )
    .option("--webhook <name>", "Only those to this webhook.")
    .option("-n, --limit <number>", "How many of the newest to print.", parseLimit, 20)
    .addOption(formatFlag())
    .action(async ({ format, ...asked }: DeliveriesOptions) => {
      const config = configOf(command);
      const entries = await withStore(config, commandLog(config), (store) => read(store, asked));
      if (format === "json") for (const entry of entries) printJsonLine(entry);
      else showTable(entries);
    });
  addConfigFlags(command);
}

/** Those to a webhook that is gone are there too; one that never was is `not-found`. */
async function read(
  store: Store,
  { limit, webhook }: Omit<DeliveriesOptions, "format">,
): Promise<readonly Delivery[]> {
  if (webhook === undefined) return store.outbox.deliveries({ limit });
  const entries = await store.outbox.deliveries({ limit, webhook });
  if (entries.length === 0) await findObject(store, "Webhook", webhook);
  return entries;
}

function showTable(entries: readonly Delivery[]): void {
  const headings = ["time", "event", "definition", "webhook", "state", "attempts", "last answer"];
  if (entries.length === 0) talk("Nothing was to be delivered yet.");
  else for (const line of table(headings, entries.map(rowOf))) print(line);
}

function rowOf(entry: Delivery): string[] {
  const { time, event, definition, webhook, state, attempts } = entry;
  return [wholeSeconds(time), event, definition ?? "-", webhook, state, String(attempts), lastAnswer(entry)];
}

function lastAnswer({ status, error, nextAttempt, attempts, duplicates }: Delivery): string {
  const parts = [
    error ?? (status === null ? null : String(status)),
    nextAttempt !== null && attempts > 0 ? `Again at ${wholeSeconds(nextAttempt)}.` : null,
    duplicates > 0 ? `${duplicates} more that said the same were left out.` : null,
  ];
  return parts.filter((part) => part !== null).join(" ") || "-";
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit > 0 && limit <= 10_000) return limit;
  throw new InvalidArgumentError("Give a number from 1 to 10000.");
}
