import { placeText } from "./check-set.ts";
import type { Problem } from "./problem.ts";

const widest = 120;

/**
 * Problems as people read them: place, severity, sentence and code, then the line of the source with its
 * range marked. The lines come from the caller, who knows whether they may be shown; those that may hold
 * a secret are left out.
 */
export function formatProblemsText(
  problems: readonly Problem[],
  sourceLine: (file: string, line: number) => string | undefined,
): string {
  return problems.map((problem) => formatProblem(problem, sourceLine)).join("\n");
}

function formatProblem(
  problem: Problem,
  sourceLine: (file: string, line: number) => string | undefined,
): string {
  const { severity, message, code } = problem;
  const head = clean(`${placeText(problem)}  ${severity}  ${message}  [${code}]`);
  const line = mayHoldSecret(problem) ? undefined : sourceLine(problem.file, problem.line);
  return line === undefined ? `${head}\n` : `${head}\n${excerpt(problem, line)}`;
}

/** Whoever misspells a reference to a secret may have written the secret there. */
function mayHoldSecret({ path }: Problem): boolean {
  return /^\/spec\/(secret|key)(\/|$)/.test(path);
}

function excerpt({ line, column, endLine, endColumn }: Problem, text: string): string {
  const shown = clean(
    text
      .replace(/^\uFEFF/, "")
      .replace(/\r$/, "")
      .replaceAll("\t", " "),
  );
  const end = endLine > line ? shown.length + 1 : endColumn;
  const from = Math.max(0, Math.min(column - 1 - widest / 3, shown.length - widest));
  const cut = shown.slice(from, from + widest);
  const start = Math.max(0, column - 1 - from);
  const width = Math.max(1, Math.min(end - 1 - from, cut.length) - start);
  const gutter = String(line);
  const indent = " ".repeat(gutter.length);
  return `  ${gutter} | ${cut}\n  ${indent} | ${" ".repeat(start)}${"^".repeat(width)}\n`;
}

/** Without the characters by which a file could steer the terminal. */
function clean(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, "�");
}

/** Problems as commands for the log of a GitHub Actions run, which shows them beside the changed lines. */
export function formatProblemsGithub(problems: readonly Problem[]): string {
  return problems.map((problem) => `${command(problem)}\n`).join("");
}

function command({ severity, file, line, column, endLine, endColumn, code, message }: Problem): string {
  // Their last column is inclusive.
  const endCol = endLine === line ? Math.max(column, endColumn - 1) : Math.max(1, endColumn - 1);
  const properties = { file, line, endLine, col: column, endColumn: endCol, title: code };
  const list = Object.entries(properties).map(([name, value]) => `${name}=${escapeProperty(String(value))}`);
  return `::${severity} ${list.join(",")}::${escapeData(message)}`;
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
