import type { Problem } from "../manifest/problem.ts";
import type { Change, FieldDifference, Held, Plan, Quarantined } from "./plan.ts";

const signs = { create: "+", update: "~", delete: "-" } as const;
const verbs = { create: "will be added", update: "will be updated", delete: "will be deleted" } as const;

/** A plan for a person: every object, field by field, then what waits, then the sum. */
export function formatPlanText(plan: Plan): string {
  const blocks = [
    ...plan.changes.map(formatChange),
    ...plan.quarantined.map(formatQuarantined),
    ...otherProblems(plan),
    ...plan.held.map(formatHeld),
  ];
  return [...blocks, summaryLine(plan)].join("\n\n") + "\n";
}

/** The sum of a plan in one line. */
export function summaryLine(plan: Plan): string {
  const count = (action: Change["action"]) =>
    plan.changes.filter((change) => change.action === action).length;
  const parts = [
    `${count("create")} to add`,
    `${count("update")} to update`,
    `${count("delete")} to delete`,
    `${plan.unchanged} unchanged`,
    ...(plan.quarantined.length > 0 ? [`${plan.quarantined.length} quarantined`] : []),
    ...(plan.held.length > 0 ? [`${plan.held.length} held`] : []),
  ];
  return `Plan for ${plan.commit.slice(0, 12)}: ${parts.join(", ")}.`;
}

/** A plan for machines, as `schemas/plan.schema.json` describes it. */
export function planJson(plan: Plan): object {
  return {
    formatVersion: "1.0",
    parentRevision: plan.parentRevision,
    commit: plan.commit,
    changes: plan.changes.map(({ action, kind, name, id, route, fields, before, after }) => ({
      action,
      kind,
      name,
      id,
      route,
      path: after ? after.place.file : before.path,
      line: after ? after.place.line : before.line,
      fields,
    })),
    unchanged: plan.unchanged,
    quarantined: plan.quarantined,
    held: plan.held,
    problems: plan.problems,
  };
}

function formatChange(change: Change): string {
  const place = change.after
    ? `${change.after.place.file}:${change.after.place.line}`
    : `${change.before.path}:${change.before.line}`;
  const title = `${signs[change.action]} ${titleOf(change)} ${verbs[change.action]}   ${place}`;
  return [title, ...change.fields.map((field) => `    ${formatField(field)}`)].join("\n");
}

function titleOf(object: Pick<Change, "kind" | "name" | "route">): string {
  return object.route === null
    ? `${object.kind} '${object.name}'`
    : `${object.kind} '${object.name}' with route '${object.route}'`;
}

/** A field that differs, in one line: `~ spec.route: "a" -> "b"`. */
export function formatField(field: FieldDifference): string {
  const name = field.path.slice(1).replaceAll("/", ".");
  if (!("before" in field)) return `+ ${name}: ${show(field.after)}`;
  if (!("after" in field)) return `- ${name}: ${show(field.before)}`;
  return `~ ${name}: ${show(field.before)} -> ${show(field.after)}`;
}

function show(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}… (${text.length} characters)` : text;
}

function formatQuarantined(entry: Quarantined): string {
  const state = entry.serving ? "its last good version stays" : "it does not go live";
  const reasons = entry.problems.map((problem) => `    ${formatProblem(problem)}`);
  return [`! ${entry.kind} '${entry.name}' is quarantined: ${state}`, ...reasons].join("\n");
}

/** Problems that no quarantined object stands for: places without a readable identity, and warnings. */
function otherProblems({ problems, quarantined }: Plan): string[] {
  const told = new Set(quarantined.flatMap((entry) => entry.problems));
  return problems
    .filter((problem) => !told.has(problem))
    .map((problem) => `! ${problem.severity}: ${formatProblem(problem)}`);
}

function formatProblem({ file, line, column, message, code }: Problem): string {
  return `${file}:${line}:${column} ${message} [${code}]`;
}

function formatHeld(held: Held): string {
  return `! ${titleOf(held)} is not deleted [${held.code}]\n    ${held.reason}`;
}
