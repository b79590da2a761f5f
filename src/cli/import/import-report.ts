import type { DumpProblem } from "../../exchange/dashboard-dump.ts";
import { placeText } from "../../manifest/check-set.ts";
import { quoteForPeople } from "../../manifest/pointer.ts";
import type { Problem } from "../../manifest/problem.ts";
import { counted, print, printJson, type Style, talk } from "../output/output.ts";
import type { PlacedObject } from "./import-objects.ts";

/** What is wrong with an import: at a place of the dump, or of a manifest that is there. */
type ImportProblem = DumpProblem | Problem;

/** What an import did, or would do. */
export interface ImportReport {
  readonly objects: readonly PlacedObject[];
  readonly problems: readonly ImportProblem[];
  readonly warnings: readonly ImportProblem[];
  /** What of the dump is left out. */
  readonly notes: readonly string[];
  readonly dryRun: boolean;
}

/** Prints what an import did: objects to standard output, how it went to standard error. */
export function showImport(report: ImportReport, format: string): void {
  if (format === "json") printJson(reportJson(report));
  else showText(report);
}

const signs = { added: "+", updated: "~", unchanged: "=" } as const;
const styles: Readonly<Record<PlacedObject["action"], Style>> = {
  added: "added",
  updated: "changed",
  unchanged: "dim",
};

function showText(report: ImportReport): void {
  const { objects, problems, warnings, notes } = report;
  const isWhole = problems.length === 0;
  if (isWhole) {
    for (const object of objects) print(objectLine(object), styles[object.action]);
    showWithoutEffect(objects);
  }
  for (const note of notes) talk(note, "warning");
  for (const warning of warnings) print(problemLine(warning, "warning"), "warning");
  for (const problem of problems) print(problemLine(problem, "error"), "error");
  talk(isWhole ? sumOf(report) : `${counted(problems.length, "problem")}: nothing was written.`);
}

function objectLine({ action, wanted, item, file }: PlacedObject): string {
  const title = item.kind === wanted.kind ? item.title : null;
  const named = title === null || title === wanted.name ? "" : `  ${quoteForPeople(title)}`;
  return `${signs[action]} ${wanted.kind} ${wanted.name}${named}  ${file}`;
}

const namesShown = 3;

/** Each field once, with the objects that keep it. */
function showWithoutEffect(objects: readonly PlacedObject[]): void {
  const fields = new Map<string, string[]>();
  for (const { wanted, withoutEffect } of objects)
    for (const field of withoutEffect) fields.set(field, [...(fields.get(field) ?? []), wanted.name]);
  if (fields.size === 0) return;
  print("Kept, and without an effect here:");
  for (const [field, names] of [...fields].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const more = names.length > namesShown ? ` and ${names.length - namesShown} more` : "";
    print(`  ${field}  (${names.slice(0, namesShown).join(", ")}${more})`);
  }
}

function problemLine(problem: ImportProblem, severity: "error" | "warning"): string {
  const { code, message } = problem;
  if ("line" in problem) return `${placeText(problem)}  ${severity}  ${message}  [${code}]`;
  const { file, pointer, title } = problem;
  const place = pointer === "" ? file : `${file}#${pointer}`;
  const about = title === null ? "" : `${quoteForPeople(title)}: `;
  return `${place}  ${severity}  ${about}${message}  [${code}]`;
}

function sumOf({ objects, dryRun }: ImportReport): string {
  const count = (action: PlacedObject["action"]) =>
    objects.filter((object) => object.action === action).length;
  const sum = `${count("added")} added, ${count("updated")} updated, ${count("unchanged")} as they were`;
  if (dryRun) return `Dry run: ${sum}. Nothing was written.`;
  return count("added") + count("updated") === 0
    ? `${sum}.`
    : `${sum}. Look at them with 'git diff', and commit them.`;
}

function reportJson({ objects, problems, warnings, notes, dryRun }: ImportReport): object {
  return {
    written: problems.length === 0 && !dryRun,
    objects: objects.map(({ action, wanted, item, file, withoutEffect }) => ({
      action,
      kind: wanted.kind,
      name: wanted.name,
      title: item.title,
      file,
      from: { file: item.file, pointer: item.pointer },
      withoutEffect,
    })),
    problems,
    warnings,
    leftOut: notes,
  };
}
