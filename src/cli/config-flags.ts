import { type Command, Option } from "commander";

import { configFileOption, configOptions, type ConfigOption } from "../config-options.ts";
import { loadConfig, type Config } from "../config.ts";
import { createLog, type Log } from "../log.ts";

/** The flags that every command shows in its help; the others work everywhere too. */
const common = new Set(["source", "branch", "paths", "dataDir", "databaseUrl"]);

/** Gives a command a flag for every option of `gitway.yaml`. `show` says whether its help lists all of them. */
export function addConfigFlags(command: Command, show: "common" | "all" = "common"): Command {
  command.optionsGroup("Options that gitway.yaml and the environment can give too:");
  for (const option of configOptions) {
    const flag = new Option(`${option.flag} <${placeholderOf(option)}>`, helpOf(option));
    if (option.type === "list") flag.argParser(collect);
    if (show === "common" && !common.has(option.key)) flag.hideHelp();
    command.addOption(flag);
  }
  return command.option(
    `${configFileOption.flag} <file>`,
    `The file of options. (default: ${configFileOption.default})`,
  );
}

/** The configuration of a command that `addConfigFlags` gave its flags. */
export function configOf(command: Command): Config {
  const given: Record<string, unknown> = command.opts();
  const flags: Record<string, string | readonly string[]> = {};
  for (const option of configOptions) {
    const value = given[attributeOf(option)];
    if (value !== undefined) flags[option.key] = value as string | readonly string[];
  }
  return loadConfig({ flags, file: given["config"] as string | undefined, cwd: process.cwd() });
}

/** The log of a command that is no daemon: only what matters, in words, unless asked otherwise. */
export function commandLog(config: Config): Log {
  const isDefault = (key: string) => config.shown.find((option) => option.key === key)?.origin === "default";
  return createLog({
    level: isDefault("log.level") ? "warn" : config.log.level,
    format: isDefault("log.format") ? "text" : config.log.format,
  });
}

function attributeOf(option: ConfigOption): string {
  return option.flag.slice(2).replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function placeholderOf(option: ConfigOption): string {
  return option.type === "list" ? "path" : "value";
}

function helpOf(option: ConfigOption): string {
  const choices = option.choices === null ? "" : ` One of ${option.choices.join(", ")}.`;
  const byDefault = option.default === undefined ? "" : ` (default: ${option.default.toString()})`;
  return `${option.description}${choices}${byDefault}`;
}

function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}
