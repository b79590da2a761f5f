import type { Command } from "commander";

import type { ShownOption } from "../config.ts";
import { addConfigFlags, configOf } from "./config-flags.ts";
import { formatFlag } from "./output/formats.ts";
import { print, printJson, table } from "./output/output.ts";

/** `gitway config`: the resolved options and where each came from. Never a secret. */
export function addConfig(program: Command): void {
  const command = program
    .command("config")
    .description("Print the options as they are resolved, and where each came from.")
    .addOption(formatFlag())
    .action((options: { format: string }) => showConfig(configOf(command).shown, options.format));
  addConfigFlags(command, "all");
}

function showConfig(options: readonly ShownOption[], format: string): void {
  if (format === "json")
    printJson(options.map(({ key, value, origin }) => ({ key, value: value ?? null, origin })));
  else {
    const rows = options.map(({ key, value, origin }) => [key, textOf(value), origin]);
    for (const line of table(["option", "value", "from"], rows)) print(line);
  }
}

/** An option's value for people. */
function textOf(value: ShownOption["value"]): string {
  if (value === undefined) return "-";
  return typeof value === "object" ? value.join(", ") : String(value);
}
