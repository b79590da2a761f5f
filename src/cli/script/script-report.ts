import { endpointErrors, type Refusal } from "../../endpoint/endpoint-error.ts";
import type { ScriptPlace } from "../../endpoint/script/script-job.ts";
import type { ScriptTrial } from "../../endpoint/trial/trial-call.ts";
import type { TriedScript } from "../../endpoint/trial/try-script.ts";
import { formatProblemsText } from "../../manifest/format-problems.ts";
import { answerAsJson, answerFromHere, showAnswer } from "../call/call-answer.ts";
import { printJson, talk } from "../output/output.ts";

/** How a trial is told, and what was expected of it; null for nothing. */
export interface ReportOptions {
  readonly differences: readonly string[] | null;
  readonly format: "text" | "json";
}

/** Prints what became of a script: its answer or edits as data, all else as talk. */
export async function reportScript(
  trial: ScriptTrial,
  tried: TriedScript,
  { differences, format }: ReportOptions,
): Promise<void> {
  if (format === "json") printJson(await asJson(tried, differences));
  else await showText(trial, tried);
  if (format === "json" || differences === null) return;
  for (const difference of differences) talk(difference, "error");
  if (differences.length === 0) talk("As expected.");
}

async function asJson(tried: TriedScript, differences: readonly string[] | null): Promise<object> {
  const { answer, edits, refusal, outcome } = tried;
  return {
    answer: answer && (await answerAsJson(answerFromHere(answer))),
    edits,
    error: refusal && { ...described(refusal), ...placeOf(tried) },
    console: outcome?.lines ?? [],
    milliseconds: outcome?.usage ? rounded(outcome.usage.milliseconds) : null,
    memory: outcome?.usage?.memory ?? null,
    ...(differences && { differences }),
  };
}

function described({ code, reason }: Refusal) {
  const { name, status, detail } = endpointErrors[code];
  return { code, name, status, message: reason ?? detail };
}

function placeOf({ outcome }: TriedScript): ScriptPlace | null {
  return outcome?.kind === "failed" ? (outcome.place ?? null) : null;
}

async function showText(trial: ScriptTrial, tried: TriedScript): Promise<void> {
  const { answer, edits, refusal, outcome } = tried;
  for (const line of outcome?.lines ?? []) talk(line, "dim");
  if (answer) await showAnswer(answerFromHere(answer), true);
  if (edits !== null) printJson(edits);
  if (refusal) showRefusal(trial, refusal, placeOf(tried));
  const { usage } = outcome ?? {};
  if (usage)
    talk(`It took ${rounded(usage.milliseconds)} ms and at most ${mebibytes(usage.memory)} of memory.`);
}

function showRefusal({ file, source }: ScriptTrial, refusal: Refusal, place: ScriptPlace | null): void {
  const { name, status, message } = described(refusal);
  if (place) {
    const end = { endLine: place.line, endColumn: place.column + 1 };
    const said = message.replace(` (${file}:${place.line}:${place.column})`, "");
    const problem = {
      file,
      ...place,
      ...end,
      code: name,
      severity: "error",
      message: said,
      path: "",
    } as const;
    talk(formatProblemsText([problem], (_, line) => source.split("\n")[line - 1]).trimEnd());
  } else talk(`${file}: ${message}  [${name}]`, "error");
  talk(`Callers get a ${status} with error code ${refusal.code}.`);
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 / 1024)} MiB`;
}
