import { Argument, type Command, Option } from "commander";

import type { Config } from "../config.ts";
import { AppError } from "../errors.ts";
import type { Kind } from "../manifest/manifest.ts";
import type { LiveObjects, Store } from "../store/store.ts";
import { addConfigFlags, commandLog, configOf } from "./config-flags.ts";
import { dashboardText } from "./export/export-dashboard.ts";
import { isFolder, writeExportedFile, writeExportedFolder } from "./export/export-files.ts";
import { manifestFiles, manifestStream, referencedContents } from "./export/export-manifests.ts";
import { findObject } from "./find-object.ts";
import { withStore } from "./open-parts.ts";
import { parseKind } from "./output/kind-words.ts";
import { counted, talk } from "./output/output.ts";

interface ExportFlags {
  readonly format: "yaml" | "dashboard";
  readonly output?: string;
}

interface Asked {
  readonly kind?: Kind;
  readonly name?: string;
}

/** `gitway export [KIND [NAME]]`: what is live, to be put into a repository or a Dashboard. */
export function addExport(program: Command): void {
  const command = program
    .command("export")
    .description("Write what is live as manifests, or as a Dashboard lists it, so that it can be imported.")
    .addArgument(new Argument("[kind]", "definition, token, webhook or user").argParser(parseKind))
    .argument("[name]", "only the one with this name")
    .addOption(
      new Option("--format <format>", "What is written.").choices(["yaml", "dashboard"]).default("yaml"),
    )
    .option(
      "-o, --output <path>",
      "A new file, whose name ends in .yaml, .yml or .json, or a folder. Standard output when absent.",
    )
    .action(async (kind: Kind | undefined, name: string | undefined, flags: ExportFlags) => {
      const config = configOf(command);
      const asked = { ...(kind === undefined ? {} : { kind }), ...(name === undefined ? {} : { name }) };
      await withStore(config, commandLog(config), (store) => exportLive(store, asked, flags, config));
    });
  addConfigFlags(command);
}

async function exportLive(store: Store, asked: Asked, flags: ExportFlags, config: Config): Promise<void> {
  if (asked.kind !== undefined && asked.name !== undefined) await findObject(store, asked.kind, asked.name);
  if (flags.format === "dashboard") await exportToDashboard(store, asked, flags, config);
  else await exportManifests(store, asked, flags, config);
}

async function exportManifests(
  store: Store,
  asked: Asked,
  { output }: ExportFlags,
  config: Config,
): Promise<void> {
  const live = await store.live(asked);
  if (output !== undefined && (await isFolder(output))) {
    await writeExportedFolder(output, [...manifestFiles(live, config), ...referencedContents(live)]);
    return tellWritten(live, output);
  }
  if (live.objects.length === 0) talk("There is nothing live that could be exported.");
  await writeText(manifestStream(live, config, output), output);
  const without = referencedContents(live).size;
  if (without > 0)
    talk(`${counted(without, "file")} that they name did not come along: export to a folder.`, "warning");
  if (output !== undefined) tellWritten(live, output);
}

async function exportToDashboard(
  store: Store,
  asked: Asked,
  { output }: ExportFlags,
  config: Config,
): Promise<void> {
  if (asked.kind === "ApiToken" || asked.kind === "User")
    throw new AppError(
      "usage",
      `The list of a Dashboard has no ${asked.kind}: leave out --format dashboard.`,
    );
  const live = await store.live({});
  const { text, exported } = await dashboardText(store, live, asked, config);
  if (output !== undefined && (await isFolder(output))) {
    await writeExportedFolder(output, [["dashboard.json", text], ...referencedContents(exported)]);
    return tellWritten(exported, output);
  }
  await writeText(text, output);
  if (output !== undefined) tellWritten(exported, output);
}

async function writeText(text: string, output: string | undefined): Promise<void> {
  if (output === undefined) process.stdout.write(text);
  else await writeExportedFile(output, text);
}

function tellWritten({ objects, revision }: Pick<LiveObjects, "objects" | "revision">, output: string): void {
  talk(`${output} holds ${counted(objects.length, "object")}, as of revision ${revision}.`);
}
