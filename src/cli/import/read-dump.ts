import { type Dirent, constants } from "node:fs";
import { type FileHandle, open, readdir } from "node:fs/promises";
import { join } from "node:path";

import { AppError, messageOf } from "../../errors.ts";
import { type Dump, type DumpProblem, readDump } from "../../exchange/dashboard-dump.ts";
import { isObject, ownField } from "../../exchange/json-object.ts";

/** Bytes of a dump, at the most. */
export const largestDump = 64 * 1024 * 1024;

/** Values of a JSON text, at the most: what is small as a text may be large in memory. */
const mostValues = 4_000_000;

/** The file in which tyk-sync says what it dumped. */
const indexFile = ".tyk.json";

/** What tyk-sync dumps beside definitions. */
const otherFiles = /^(policy|asset|template|mcp|clientidp)-.*\.json$/;

/** A dump that was read, and what of it is left out. */
export interface ReadDump extends Dump {
  readonly notes: readonly string[];
}

/** Reads a dump from a file, all JSON files of a folder, or standard input. A path that can't be read is `usage`. */
export async function readDumpFrom(path: string): Promise<ReadDump> {
  if (path === "-") return { ...dumpOf(parseJson(await readStandardInput()), "standard input"), notes: [] };
  const entries = await readdir(path, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOTDIR") return null;
    throw unreadable(path, error);
  });
  if (entries === null) return { ...dumpOf(parseJson(await readBounded(path)), path), notes: [] };
  return readFolderDump(path, entries);
}

/** What JSON says as a dump. That it is none is a problem of the file. */
export function dumpOf(json: Json, file: string): Dump {
  if ("flaw" in json) return { items: [], problems: [problemOf(file, "syntax", json.flaw)] };
  return readDump(json.value, file);
}

async function readFolderDump(folder: string, entries: readonly Dirent[]): Promise<ReadDump> {
  const dumps: Dump[] = [];
  const notes: string[] = [];
  let size = 0;
  for (const { name, file } of filesOf(folder, entries)) {
    if (otherFiles.test(name)) {
      notes.push(`${file} is left out: only API definitions and webhooks are imported.`);
      continue;
    }
    const content = await readBounded(file, constants.O_NOFOLLOW);
    size += content.length;
    if (size > largestDump) throw tooLarge(folder);
    const json = parseJson(content);
    dumps.push(name === indexFile ? checkIndex(json, file, entries) : dumpOf(json, file));
  }
  const isEmpty = dumps.every(({ items, problems }) => items.length + problems.length === 0);
  if (isEmpty) dumps.push({ items: [], problems: [problemOf(folder, "no-definition", nothingThere)] });
  return {
    items: dumps.flatMap(({ items }) => items),
    problems: dumps.flatMap(({ problems }) => problems),
    notes,
  };
}

const nothingThere = "There is no JSON file with API definitions in this folder.";

function filesOf(folder: string, entries: readonly Dirent[]): { name: string; file: string }[] {
  return entries
    .filter((entry) => entry.name === indexFile || /^[^.].*\.json$/i.test(entry.name))
    .filter((entry) => !entry.isDirectory())
    .map(({ name }) => ({ name, file: join(folder, name) }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The index says which files there must be; what they hold they say themselves. */
function checkIndex(json: Json, file: string, entries: readonly Dirent[]): Dump {
  if ("flaw" in json) return { items: [], problems: [problemOf(file, "syntax", json.flaw)] };
  const listed = isObject(json.value) ? ownField(json.value, "files") : undefined;
  const there = new Set(entries.map(({ name }) => name));
  const problems = (Array.isArray(listed) ? (listed as unknown[]) : []).flatMap((entry, index) => {
    const name = isObject(entry) ? ownField(entry, "file") : undefined;
    if (typeof name === "string" && there.has(name)) return [];
    const message = "This file is not in the folder: the dump is not whole.";
    return [{ ...problemOf(file, "missing-file", message), pointer: `/files/${index}/file` }];
  });
  return { items: [], problems };
}

/** A JSON text that was read, or what is wrong with it. */
type Json = { readonly value: unknown } | { readonly flaw: string };

/** Reads a JSON text, unless it has too many values. */
export function parseJson(content: Buffer): Json {
  if (countValues(content) > mostValues) return { flaw: `It has more than ${mostValues} values: divide it.` };
  try {
    return { value: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(content)) as unknown };
  } catch (error) {
    return { flaw: `It is no JSON: ${messageOf(error)}.` };
  }
}

/** No fewer values than a JSON text has: one behind each `,`, `[` and `{`. */
function countValues(content: Buffer): number {
  let count = 1;
  for (let at = 0; at < content.length; at++) {
    const byte = content[at];
    if (byte === 0x2c || byte === 0x5b || byte === 0x7b) count++;
  }
  return count;
}

function problemOf(file: string, code: string, message: string): DumpProblem {
  return { file, pointer: "", title: null, code, message };
}

async function readBounded(path: string, flags = 0): Promise<Buffer> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | flags).catch(
    (error: unknown) => {
      throw unreadable(path, error);
    },
  );
  try {
    return await readHandle(handle, path);
  } finally {
    await handle.close();
  }
}

async function readHandle(handle: FileHandle, path: string): Promise<Buffer> {
  const found = await handle.stat();
  if (!found.isFile()) throw new AppError("usage", `${path} is no file: name a file or a folder.`);
  if (found.size > largestDump) throw tooLarge(path);
  const buffer = Buffer.alloc(found.size);
  const { bytesRead } = await handle.read(buffer, 0, found.size, 0);
  return buffer.subarray(0, bytesRead);
}

async function readStandardInput(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > largestDump) throw tooLarge("standard input");
  }
  return Buffer.concat(chunks);
}

function tooLarge(what: string): AppError {
  const most = `${largestDump / 1024 / 1024} MiB`;
  return new AppError(
    "usage",
    `${what} is larger than ${most}: divide it, and import one part after the other.`,
  );
}

function unreadable(path: string, error: unknown): AppError {
  const reason = (error as NodeJS.ErrnoException).code ?? messageOf(error);
  return new AppError("usage", `${path} can't be read (${reason}). Correct the path.`, { cause: error });
}
