import { existsSync, statSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

import type { Command } from "commander";

import type { Config } from "../config.ts";
import { checkSet } from "../manifest/check-set.ts";
import { formatProblemsGithub, formatProblemsText } from "../manifest/format-problems.ts";
import type { ManifestSet } from "../manifest/manifest.ts";
import type { Problem } from "../manifest/problem.ts";
import { readFolder } from "../source/read-folder.ts";
import { addConfigFlags, configOf } from "./config-flags.ts";
import { formatFlag } from "./formats.ts";
import { counted, print, printJson, talk } from "./output.ts";

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
  const scope = asked.length > 0 ? scopeOf(asked, config) : { cwd: rootOf(config), paths: config.paths };
  const folder = await readFolder(scope.paths, {
    cwd: scope.cwd,
    limits: config.limits,
    routeBase: config.endpoint.base,
  });
  const { set, manifests } = folder;
  const problems = allProblems(set)
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

function allProblems(set: ManifestSet): Problem[] {
  const broken = set.broken.flatMap(({ problems }) => problems);
  return [...set.unidentified, ...broken, ...checkSet(set), ...set.warnings];
}

/** Some files are checked against all: their references may lead to any manifest of the configured paths. */
function scopeOf(
  asked: readonly string[],
  config: Config,
): { readonly cwd: string; readonly paths: readonly string[] } {
  const cwd = process.cwd();
  const root = rootOf(config);
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

/** Configured paths start at the top of the source, when that is a folder here, else beside gitway.yaml. */
function rootOf(config: Config): string {
  const local = statSync(config.source, { throwIfNoEntry: false })?.isDirectory() === true;
  return local ? (repositoryAround(config.source) ?? config.source) : config.folder;
}

function repositoryAround(folder: string): string | null {
  if (existsSync(join(folder, ".git"))) return folder;
  const parent = dirname(folder);
  return parent === folder ? null : repositoryAround(parent);
}

function printLines(text: string): void {
  if (text !== "") print(text.trimEnd());
}

function byPlace(a: Problem, b: Problem): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}
