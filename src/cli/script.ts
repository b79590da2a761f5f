import { type Command, InvalidArgumentError, Option } from "commander";

import type { Config } from "../config.ts";
import type { ScriptTrial } from "../endpoint/trial/trial-call.ts";
import { AppError } from "../errors.ts";
import { addConfigFlags, commandLog, configOf } from "./config-flags.ts";
import { readGivenFile } from "./given-file.ts";
import { formatFlag } from "./output/formats.ts";
import { readScriptCall } from "./script/script-call.ts";
import { differencesFrom, readExpectation } from "./script/script-expectation.ts";
import { reportScript } from "./script/script-report.ts";

interface TestFlags {
  readonly input?: string;
  readonly mode: "raw" | "parameters" | "run" | "pre" | "post";
  readonly function?: string;
  readonly timeout?: string;
  readonly memory?: string;
  readonly expect?: string;
  readonly format: "text" | "json";
}

/** The largest input: more than any body that a script takes. */
const largestInput = 64 * 1024 * 1024;

/** `gitway script test FILE`: scripts and middleware without a manifest, an endpoint or a store. */
export function addScript(program: Command): void {
  const script = program.command("script").description("Try scripts and middleware.");
  const command = script
    .command("test")
    .description("Run a script or middleware in the endpoint's sandbox, and print what it answers.")
    .argument("<file>", "the script")
    .option("--input <input>", "The call, in JSON: a file, '-' for standard input, or the JSON itself.")
    .addOption(
      new Option("--mode <mode>", "How the endpoint would call it: a script's 'input', or as middleware.")
        .choices(["raw", "parameters", "run", "pre", "post"])
        .default("raw"),
    )
    .option("--function <name>", "The export that is the middleware.")
    .addOption(new Option("--timeout <duration>", "As in a manifest (default: 10s).").argParser(parseTimeout))
    .addOption(new Option("--memory <size>", "As in a manifest (default: 32MiB).").argParser(parseMemory))
    .option("--expect <file>", "What it must answer, in JSON: status, headers, body, edits, errorCode.")
    .addOption(formatFlag())
    .action(async (file: string, flags: TestFlags) => {
      process.exitCode = await test(file, flags, command);
    });
  addConfigFlags(command);
}

async function test(file: string, flags: TestFlags, command: Command): Promise<number> {
  const config = configOf(command);
  const trial = await readTrial(file, flags, config);
  const { expect, format } = flags;
  const expected = expect === undefined ? null : readExpectation(readText(expect, largestInput), expect);
  const { tryScript } = await import("../endpoint/trial/try-script.ts");
  const tried = await tryScript(trial, commandLog(config));
  const differences = expected && differencesFrom(expected, tried);
  await reportScript(trial, tried, { differences, format });
  return (differences ? differences.length > 0 : tried.refusal) ? 1 : 0;
}

async function readTrial(file: string, flags: TestFlags, { limits }: Config): Promise<ScriptTrial> {
  const spec = specOf(file, flags);
  const source = readText(file, limits.fileSize);
  const call = await readInput(flags.input ?? "{}");
  return { file, source, spec, call };
}

/** What a manifest would say that calls the script like this. */
function specOf(file: string, { mode, function: entry, timeout, memory }: TestFlags): ScriptTrial["spec"] {
  if (mode === "pre" || mode === "post") {
    if (timeout !== undefined || memory !== undefined)
      throw new AppError("usage", "Middleware always has 5s and 32MiB: leave out --timeout and --memory.");
    const middleware = { [mode]: [{ file, ...(entry !== undefined && { function: entry }) }] };
    return { action: { reply: {} }, middleware };
  }
  if (entry !== undefined)
    throw new AppError("usage", "--function goes with --mode pre and post: a script has its fixed export.");
  const limits = { ...(timeout !== undefined && { timeout }), ...(memory !== undefined && { memory }) };
  return { action: { script: { file, input: mode, ...limits } } };
}

async function readInput(input: string): Promise<ScriptTrial["call"]> {
  if (/^\s*\{/.test(input)) return readScriptCall(input, "--input");
  if (input === "-") return readScriptCall(await readStandardInput(), "standard input");
  return readScriptCall(readText(input, largestInput), input);
}

async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let room = largestInput;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    room -= chunk.length;
    if (room < 0) throw new AppError("usage", `Standard input is larger than ${largestInput} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function readText(file: string, most: number): string {
  return readGivenFile(file, most, (reason) => new AppError("usage", reason)).toString("utf8");
}

function parseTimeout(given: string): string {
  if (/^[1-9]\d{0,8}(ms|s|m|h|d)$/.test(given)) return given;
  throw new InvalidArgumentError("Give a duration such as 500ms or 30s.");
}

function parseMemory(given: string): string {
  if (/^[1-9]\d{0,8}(B|KiB|MiB)$/.test(given)) return given;
  throw new InvalidArgumentError("Give a size such as 32MiB.");
}
