import { existsSync } from "node:fs";
import { relative, resolve, sep } from "node:path";

import type { Command } from "commander";

import type { Config } from "../config.ts";
import { formatProblemsGithub, formatProblemsText } from "../manifest/format-problems.ts";
import { readFolder } from "../source/folder/read-folder.ts";
import { addConfigFlags, configOf } from "./config-flags.ts";
import { byPlace, manifestRoot, problemsOf } from "./manifest-folder.ts";
import { formatFlag } from "./output/formats.ts";
import { counted, print, printJson, talk } from "./output/output.ts";

/** `gitway validate [PATH…]`: checks manifests in a folder. Needs neither Git nor Postgres. */
export function addValidate(program: Command): void {
  const command = program
    .command("validate")
    .description("Check manifests: their form, and the references between them. Offline.")
    .argument("[path...]", "folders and files to check (default: the configured paths)")
    .addOption(formatFlag("github"))
    .action(async (paths: string[], options: { format: string }) => {
      process.exitCode = await validate(configOf(command), paths, options.format);
    });
  addConfigFlags(command);
}

async function validate(config: Config, asked: readonly string[], format: string): Promise<number> {
  const scope =
    asked.length > 0 ? scopeOf(asked, config) : { cwd: manifestRoot(config), paths: config.paths };
  const folder = await readFolder(scope.paths, {
    cwd: scope.cwd,
    limits: config.limits,
    routeBase: config.endpoint.base,
    targets: config.targets,
  });
  const { set, manifests } = folder;
  const problems = problemsOf(set)
    .filter((problem) => asked.length === 0 || isBelow(problem.file, asked))
    .toSorted(byPlace);
  if (format === "json") printJson({ manifests, problems });
  else if (format === "github") printLines(formatProblemsGithub(problems));
  else printLines(formatProblemsText(problems, (file, line) => folder.sourceLine(file, line)));
  const errors = problems.filter((problem) => problem.severity === "error").length;
  const warnings = problems.length - errors;
  const verdict = `${counted(errors, "error")}, ${counted(warnings, "warning")}`;
  if (manifests === 0 && errors === 0) talk("There is no manifest here.");
  else talk(`${counted(manifests, "manifest")}: ${problems.length === 0 ? "all good" : verdict}.`);
  return errors > 0 ? 1 : 0;
}

/** Some files are checked against all: their references may lead to any manifest of the configured paths. */
function scopeOf(
  asked: readonly string[],
  config: Config,
): { readonly cwd: string; readonly paths: readonly string[] } {
  const cwd = process.cwd();
  const root = manifestRoot(config);
  const configured = config.paths.map((path) => resolve(root, path)).filter((path) => existsSync(path));
  const wanted = [
    ...new Set([...configured, ...asked].map((path) => relative(cwd, resolve(cwd, path)) || ".")),
  ];
  const paths = wanted.filter(
    (path) =>
      !isBelow(
        path,
        wanted.filter((other) => other !== path),
      ),
  );
  return { cwd, paths };
}

/** Whether a path is one of some folders and files, or below one of them. */
function isBelow(path: string, folders: readonly string[]): boolean {
  const target = resolve(path);
  return folders.some((folder) =>
    `${target}${sep}`.startsWith(`${resolve(folder)}${sep}`.replace(/^\/\/$/, "/")),
  );
}

function printLines(text: string): void {
  if (text !== "") print(text.trimEnd());
}
