import { once } from "node:events";

import { type Command, InvalidArgumentError } from "commander";

import type { InformationEvent } from "../store/information-event.ts";
import type { Store } from "../store/store.ts";
import { addConfigFlags, commandLog, configOf } from "./config-flags.ts";
import { addEventsVerify } from "./events-verify.ts";
import { withStore } from "./open-parts.ts";
import { formatFlag } from "./output/formats.ts";
import { print, printJsonLine, wholeSeconds } from "./output/output.ts";

interface EventsOptions {
  readonly follow?: true;
  readonly limit: number;
  readonly format: string;
}

/** `gitway events`: information events, oldest first; `--follow` goes on with those to come. */
export function addEvents(program: Command): void {
  const command = program
    .command("events")
    .description("Print information events, oldest first: who changed which object, and when.")
    .option("-f, --follow", "Go on with the events to come, until interrupted.")
    .option("-n, --limit <number>", "How many of the newest events to print.", parseLimit, 20)
    .addOption(formatFlag())
    .action(async (options: EventsOptions) => {
      const config = configOf(command);
      await withStore(config, commandLog(config), (store) => showEvents(store, options));
    });
  addConfigFlags(command);
  command.enablePositionalOptions();
  addEventsVerify(command);
}

async function showEvents(store: Store, { limit, follow, format }: EventsOptions): Promise<void> {
  const show = format === "json" ? printJsonLine : showLine;
  const events = limit === 0 ? [] : await store.events({ limit });
  for (const event of events) show(event);
  if (follow !== true) return;
  const last = events.at(-1) ?? (await store.events({ limit: 1 })).at(-1);
  await followEvents(store, last?.id ?? 0, show);
}

/** Prints what comes after the event `last` until the process is asked to end. */
async function followEvents(
  store: Store,
  last: number,
  show: (event: InformationEvent) => void,
): Promise<void> {
  const stop = new AbortController();
  const stopped = ["SIGINT", "SIGTERM"].map((name) => once(process, name, { signal: stop.signal }));
  let lastShown = last;
  async function look(): Promise<void> {
    for (;;) {
      const events = await store.events({ limit: pageSize, afterId: lastShown });
      for (const event of events) show(event);
      lastShown = events.at(-1)?.id ?? lastShown;
      if (events.length < pageSize) return;
    }
  }
  // One look after the other, or an event would be shown twice.
  let work: Promise<void> = Promise.resolve();
  let fail: (error: unknown) => void = () => {};
  const failed = new Promise<never>((_, reject) => (fail = reject));
  const wake = () => void (work = work.then(look).catch(fail));
  const listening = await store.onChange(wake);
  wake();
  try {
    await Promise.race([...stopped, failed]);
  } finally {
    stop.abort();
    await listening.close();
    await work;
  }
}

const pageSize = 1000;

function showLine(event: InformationEvent): void {
  print(`${wholeSeconds(event.time)}  ${event.message}`);
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 0 && limit <= 100_000) return limit;
  throw new InvalidArgumentError("Give a number from 0 to 100000.");
}
