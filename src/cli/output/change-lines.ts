import type { Problem } from "../../manifest/problem.ts";
import type { AttributedChange, Held, Plan, Quarantined } from "../../plan/plan.ts";
import { isGitway, spokenName } from "../../plan/spoken-name.ts";
import { printableLine } from "../../printable.ts";
import { print, talk, type Style } from "./output.ts";

const signs = { create: "+", update: "~", delete: "-" } as const;
const styles = { create: "added", update: "changed", delete: "removed" } as const;

/** Prints a change that was applied, in one line: what, where it answers, by whom, where it is written. */
export function printChange({ change, attribution }: AttributedChange): void {
  const { path, line } = placeOf(change);
  const parts = [
    `${signs[change.action]} ${change.kind} ${change.name}`,
    ...(change.route === null ? [] : [`route ${change.route}`]),
    `by ${spokenName(attribution.author)}`,
    `${path}:${line}`,
    attribution.commit.slice(0, 7),
  ];
  print(printableLine(parts.join("  ")), styles[change.action]);
}

/** A change that was applied, for machines. */
export function changeJson({ change, attribution }: AttributedChange): object {
  const { action, kind, name, id, route } = change;
  const { author, commit } = attribution;
  return {
    action,
    kind,
    name,
    id,
    route,
    actor: author,
    byGitway: isGitway(author),
    commit,
    ...placeOf(change),
  };
}

/** Tells what waits and why, and every problem with its place. */
export function talkAboutProblems(plan: Pick<Plan, "quarantined" | "held" | "problems">): void {
  for (const entry of plan.quarantined) talk(quarantineLine(entry), "error");
  for (const held of plan.held) talk(heldLine(held), "warning");
  for (const problem of plan.problems) talk(problemLine(problem), styleOf(problem));
}

/** A quarantined object in one line. */
export function quarantineLine({ kind, name, serving }: Quarantined): string {
  const state = serving ? "its last good version stays" : "it is not live";
  return printableLine(`! ${kind} ${name} is quarantined; ${state}`);
}

/** A deletion that waits, in one line. */
export function heldLine({ kind, name, reason }: Held): string {
  return printableLine(`! ${kind} ${name} is not deleted: ${reason}`);
}

/** A problem in one line, with its place. */
export function problemLine({ file, line, column, severity, message, code }: Problem): string {
  return printableLine(`${file}:${line}:${column} ${severity}: ${message} [${code}]`);
}

/** Whether a plan leaves somebody something to do: it holds, quarantines, or has errors. */
export function hasProblems(plan: Pick<Plan, "quarantined" | "held" | "problems">): boolean {
  const errors = plan.problems.some((problem) => problem.severity === "error");
  return errors || plan.quarantined.length > 0 || plan.held.length > 0;
}

function styleOf(problem: Problem): Style {
  return problem.severity === "error" ? "error" : "warning";
}

function placeOf(change: AttributedChange["change"]): { readonly path: string; readonly line: number } {
  if (change.after === null) return { path: change.before.path, line: change.before.line };
  return { path: change.after.place.file, line: change.after.place.line };
}
