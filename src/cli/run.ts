import { type Command, InvalidArgumentError } from "commander";

import type { Config } from "../config.ts";
import { openLogs } from "../log.ts";
import { createClosing } from "./closing.ts";
import { addConfigFlags, configOf } from "./config-flags.ts";
import { type Role, roles } from "./daemon/roles.ts";
import { listenForStop } from "./daemon/stop-signals.ts";
import { talk } from "./output/output.ts";

/** `gitway run`: the daemon. Reconciles, serves routes, and serves health, metrics and the webhook receiver. */
export function addRun(program: Command): void {
  const command = program
    .command("run")
    .description("Reconcile and serve, until asked to end.")
    .option(
      "--role <roles>",
      `What this process does, comma separated: ${roles.join(", ")}. (default: all)`,
      parseRoles,
    )
    .action((options: { role?: ReadonlySet<Role> }) =>
      run(configOf(command), options.role ?? new Set(roles)),
    );
  addConfigFlags(command, "all");
}

async function run(config: Config, wanted: ReadonlySet<Role>): Promise<void> {
  const closing = createClosing();
  const logs = closing.add("the log", await openLogs(config.log));
  const stop = listenForStop(() => talk(explanation(closing.current())));
  try {
    // Loaded here, so that the other commands start without the servers.
    const { startDaemon } = await import("./daemon/daemon.ts");
    const { announce } = await import("./daemon/announcement.ts");
    const announcement = await startDaemon({
      config,
      roles: wanted,
      logs,
      closing,
      stop,
    });
    if (announcement) await announce(announcement);
    await stop.requested;
    talk("Ending; again to end at once.");
  } finally {
    await closing.close();
    stop.dispose();
  }
}

/** What keeps the process, for somebody who has asked it to end. */
function explanation(closing: string | null): string {
  const what = closing ?? process.getActiveResourcesInfo().join(", ");
  return `Still waiting for ${what} to close. Press Ctrl-C again to end at once.`;
}

function parseRoles(text: string): ReadonlySet<Role> {
  const names = text.split(",").map((name) => name.trim());
  const wanted = roles.filter((role) => names.includes(role));
  const unknown = names.find((name) => !wanted.some((role) => role === name));
  if (unknown === undefined) return new Set(wanted);
  throw new InvalidArgumentError(`'${unknown}' is none of ${roles.join(", ")}.`);
}
