import { existsSync } from "node:fs";
import { join } from "node:path";

import { type Command, Option } from "commander";

import type { Config } from "../config.ts";
import { AppError } from "../errors.ts";
import { importDump } from "../exchange/dump-import.ts";
import type { Problem } from "../manifest/problem.ts";
import { type EditedFolder, openEditedFolder } from "../source/folder/edited-folder.ts";
import { addConfigFlags, configOf } from "./config-flags.ts";
import { type KeyFlags, readKey } from "./import/dashboard-key.ts";
import { dashboardAddress, fetchDump, isAddress } from "./import/fetch-dump.ts";
import { manifestProblem, ownerFinder, placeObjects } from "./import/import-objects.ts";
import { type ImportReport, showImport } from "./import/import-report.ts";
import { type ReadDump, readDumpFrom } from "./import/read-dump.ts";
import { manifestRoot, problemsOf } from "./manifest-folder.ts";
import { newFileNamer } from "./new-files.ts";
import { formatFlag } from "./output/formats.ts";

interface ImportFlags extends KeyFlags {
  readonly overwrite?: boolean;
  readonly dryRun?: boolean;
  readonly format: string;
}

/** `gitway import dashboard FROM`: a dump of a Dashboard becomes manifests in the working tree. */
export function addImport(program: Command): void {
  const group = program
    .command("import")
    .description("Bring definitions from elsewhere into the working tree.");
  const command = group
    .command("dashboard")
    .description(
      "Make manifests of a dump of a Dashboard, in the working tree: all of it, or nothing. No commit.",
    )
    .argument("<from>", "a JSON file, a folder of them, '-' for standard input, or the URL of a Dashboard")
    .addOption(
      new Option("--key-env <name>", "The environment variable that holds the key for a URL.").conflicts(
        "keyFile",
      ),
    )
    .addOption(new Option("--key-file <file>", "The file that holds it."))
    .option("--overwrite", "Change manifests that differ from the dump: only what differs.")
    .option("--dry-run", "Write nothing.")
    .addOption(formatFlag())
    .action(async (from: string, options: ImportFlags) => {
      const config = configOf(command);
      const report = await importFrom(from, options, config);
      showImport(report, options.format);
      process.exitCode = report.problems.length > 0 ? 1 : 0;
    });
  addConfigFlags(command);
}

async function importFrom(from: string, options: ImportFlags, config: Config): Promise<ImportReport> {
  const cwd = manifestRoot(config);
  if (isBareRepository(cwd))
    throw new AppError(
      "usage",
      `${cwd} is a repository without files: run this in a checkout of it, with --source .`,
    );
  const dump = await readFrom(from, options, config);
  if (dump.items.length > config.limits.files)
    throw new AppError(
      "usage",
      `${from} holds ${dump.items.length} definitions and webhooks, and limits.files allows ${config.limits.files} files.`,
    );
  const folder = openEditedFolder(config.paths, {
    cwd,
    limits: config.limits,
    routeBase: config.endpoint.base,
    targets: config.targets,
  });
  try {
    return await importInto(folder, dump, options, config);
  } finally {
    await folder.close();
  }
}

function isBareRepository(folder: string): boolean {
  const has = (name: string) => existsSync(join(folder, name));
  return !has(".git") && has("HEAD") && has("objects") && has("refs");
}

async function readFrom(from: string, flags: ImportFlags, config: Config): Promise<ReadDump> {
  if (isAddress(from)) {
    const address = dashboardAddress(from);
    return { ...(await fetchDump(address, readKey(flags, config))), notes: [] };
  }
  if (flags.keyEnv !== undefined || flags.keyFile !== undefined)
    throw new AppError("usage", "A key is for the URL of a Dashboard: leave it out for files.");
  return readDumpFrom(from);
}

async function importInto(
  folder: EditedFolder,
  dump: ReadDump,
  { overwrite = false, dryRun = false }: ImportFlags,
  config: Config,
): Promise<ImportReport> {
  const { set } = await folder.read();
  const known = set.manifests.filter((each) => each.kind === "ApiDefinition" || each.kind === "Webhook");
  const { orgId } = config.dashboard;
  const imported = importDump(dump.items, { orgId, routeBase: config.endpoint.base, manifests: known });
  const fileOf = newFileNamer(config);
  const { placed, problems } = await placeObjects(folder, imported.objects, { fileOf, overwrite });
  const checked = await check(folder, placed);
  const report = {
    objects: placed,
    problems: [...dump.problems, ...imported.problems, ...problems, ...checked.problems],
    warnings: [...imported.warnings, ...checked.warnings],
    notes: dump.notes,
    dryRun,
  };
  if (report.problems.length === 0 && !dryRun) await folder.save();
  return report;
}

/** What would be wrong with all manifests together, and what to know of those that are new or changed. */
async function check(
  folder: EditedFolder,
  placed: Parameters<typeof ownerFinder>[1],
): Promise<Pick<ImportReport, "problems" | "warnings">> {
  const { set } = await folder.read();
  const ownerOf = ownerFinder(set, placed);
  const told = (problem: Problem) => {
    const owner = ownerOf(problem);
    return owner ? manifestProblem(owner, problem) : problem;
  };
  const all = problemsOf(set);
  return {
    problems: all.filter(({ severity }) => severity === "error").map(told),
    // Of 'spec.dashboard' each field is told by itself.
    warnings: all
      .filter(({ severity, path }) => severity === "warning" && path !== "/spec/dashboard")
      .filter((problem) => ownerOf(problem) !== undefined)
      .map(told),
  };
}
