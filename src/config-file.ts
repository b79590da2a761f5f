import { closeSync, fstatSync, openSync, readSync } from "node:fs";

import { type CST, Composer, type Document, isMap, isScalar, LineCounter, Parser } from "yaml";

import { checkConfig, type ConfigProblem } from "./config-check.ts";
import { AppError, messageOf } from "./errors.ts";

/** The largest `gitway.yaml`. */
const largestFile = 256 * 1024;

/**
 * The options that a `gitway.yaml` holds, checked. `shown` is what problems call the file. Null when there is
 * no such file; anything wrong is `config-invalid`, with line and column.
 */
export function readConfigFile(file: string, shown: string): Record<string, unknown> | null {
  const text = readText(file, shown);
  if (text === null) return null;
  const lines = new LineCounter();
  const document = parseSafely(text, lines, shown);
  if (document === null) return {};
  const values = valuesOf(document, shown);
  const problems = checkConfig(values);
  if (problems.length > 0) {
    const found = problems.map((problem) =>
      located(lines, offsetOf(document, problem), shown, problem.message),
    );
    throw new AppError("config-invalid", found.map((error) => error.message).join("\n"));
  }
  return values;
}

function readText(file: string, shown: string): string | null {
  try {
    const handle = openSync(file, "r");
    try {
      return readBounded(handle, shown);
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new AppError("config-invalid", `${shown} can't be read: ${messageOf(error)}.`, { cause: error });
  }
}

/** Reads up to the limit and no further, whatever the file system says about the size. */
function readBounded(handle: number, shown: string): string {
  if (!fstatSync(handle).isFile())
    throw new AppError("config-invalid", `${shown} is not a file; give a YAML file with options.`);
  const buffer = Buffer.alloc(largestFile + 1);
  let length = 0;
  for (let read = -1; read !== 0 && length < buffer.length; length += read)
    read = readSync(handle, buffer, length, buffer.length - length, null);
  if (length > largestFile)
    throw new AppError("config-invalid", `${shown} is larger than ${largestFile} bytes; options need less.`);
  return buffer.toString("utf8", 0, length);
}

function parseSafely(text: string, lines: LineCounter, shown: string): Document.Parsed | null {
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  if (tokens.some(isTooDeep))
    throw new AppError("config-invalid", `${shown} is nested more than ${deepest} levels; options need 3.`);
  const [document, second] = [...new Composer({ uniqueKeys: true }).compose(tokens)] as Document.Parsed[];
  const [error] = document?.errors ?? [];
  if (error) throw located(lines, error.pos[0], shown, error.message);
  if (second) throw located(lines, second.range[0], shown, "a second document; options are one document.");
  return document ?? null;
}

/** Levels of tokens, of which a level of YAML takes one or two. */
const deepest = 50;

/**
 * The composer calls itself for each level. When that fills the stack while V8 compiles a regular expression,
 * the process ends on the spot, so depth is measured first.
 */
function isTooDeep(token: CST.Token): boolean {
  let level: readonly CST.Token[] = [token];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > deepest) return true;
    level = level.flatMap((token) => {
      if (token.type === "document") return token.value ? [token.value] : [];
      if (!("items" in token)) return [];
      return token.items.flatMap((item) =>
        [item.key, item.value].filter((part) => part !== undefined && part !== null),
      );
    });
  }
  return false;
}

function located(lines: LineCounter, offset: number, shown: string, message: string): AppError {
  const { line, col } = lines.linePos(offset);
  return new AppError("config-invalid", `${shown}:${line}:${col}: ${message}`);
}

function valuesOf(document: Document.Parsed, shown: string): Record<string, unknown> {
  try {
    // An empty file, or one of comments only, says nothing.
    return (document.toJS({ maxAliasCount: 50 }) ?? {}) as Record<string, unknown>;
  } catch (error) {
    throw new AppError("config-invalid", `${shown} can't be read: ${messageOf(error)}.`, { cause: error });
  }
}

function offsetOf(document: Document.Parsed, problem: ConfigProblem): number {
  for (let length = problem.path.length; length > 0; length--) {
    const path = problem.path.slice(0, length);
    const exact = length === problem.path.length;
    const offset = exact && problem.atKey ? keyOffset(document, path) : nodeOffset(document, path);
    if (offset !== null) return offset;
  }
  return document.contents?.range[0] ?? 0;
}

function nodeOffset(document: Document.Parsed, path: readonly string[]): number | null {
  const node = document.getIn(path, true) as { range?: readonly number[] | null } | null | undefined;
  return node?.range?.[0] ?? null;
}

function keyOffset(document: Document.Parsed, path: readonly string[]): number | null {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (!isMap(parent)) return null;
  const key = parent.items
    .map((pair) => pair.key)
    .find((key) => isScalar(key) && String(key.value) === path.at(-1));
  return (key as { range?: readonly number[] } | undefined)?.range?.[0] ?? null;
}
