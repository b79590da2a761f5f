import { createHash } from "node:crypto";

import { type BackedUpTable, backedUpTables, type ColumnType } from "./backed-up-tables.ts";

/** Raised when a reader of the form before could not read it. */
export const backupForm = 1;

/** Characters of one line, at the most: more than the largest script or manifest needs. */
export const longestLine = 64 * 1024 * 1024;

/** Characters of rows that are handed over together. */
const batchLength = 4 * 1024 * 1024;

/** The first line: what the file is. */
export interface BackupHeader {
  readonly gitwayBackup: number;
  /** The version of the Gitway that wrote it. */
  readonly gitway: string;
  /** The last migration of the store that it was taken of. */
  readonly migration: string;
  /** ISO 8601, UTC. */
  readonly takenAt: string;
  readonly revision: number;
}

/** The values of a row as text, in the order of the columns. */
export type Cells = readonly (string | null)[];

/** Some rows of a table, and the lines that they are in. */
export interface RowBatch {
  readonly table: BackedUpTable;
  readonly columns: readonly string[];
  readonly rows: readonly Cells[];
  readonly firstLine: number;
  readonly lastLine: number;
}

/** Why a backup can't be restored, and in which line; null for the file as a whole. */
export class BackupFault extends Error {
  override readonly name = "BackupFault";
  readonly line: number | null;

  constructor(line: number | null, message: string, options?: ErrorOptions) {
    super(message, options);
    this.line = line;
  }
}

/** Writes a backup as lines of JSON: the header, then tables with their columns and rows, then a checksum of it all. */
export function createBackupLines() {
  const hash = createHash("sha256");
  let rows = 0;

  function line(value: unknown): string {
    const text = `${JSON.stringify(value)}\n`;
    if (text.length > longestLine) throw new BackupFault(null, "a row is too large to be backed up");
    hash.update(text);
    return text;
  }

  return {
    header: (header: BackupHeader) => line(header),
    table: ({ name, columns }: BackedUpTable) => line({ table: name, columns: Object.keys(columns) }),
    row(cells: Cells): string {
      rows++;
      return line(cells);
    },
    end: () => `${JSON.stringify({ end: { rows, sha256: hash.digest("hex") } })}\n`,
  };
}

/** Reads the header of a backup. One of a newer Gitway, or of anything else, is a `BackupFault`. */
export function readHeader(text: string, newestMigration: string): BackupHeader {
  const header = parsed(text, 1) as Partial<BackupHeader> | null;
  if (typeof header?.gitwayBackup !== "number") throw new BackupFault(null, "it is no backup of Gitway");
  const { gitwayBackup, gitway, migration, takenAt, revision } = header;
  if (gitwayBackup > backupForm || String(migration) > newestMigration)
    throw new BackupFault(
      null,
      `it was written by Gitway ${shown(gitway)} (form ${shown(gitwayBackup)}, ${shown(migration)}), which is newer than this one (form ${backupForm}, ${newestMigration}): update Gitway first`,
    );
  if (
    typeof gitway !== "string" ||
    typeof migration !== "string" ||
    typeof takenAt !== "string" ||
    !Number.isSafeInteger(revision)
  )
    throw new BackupFault(1, "the header is not as Gitway writes it");
  return header as BackupHeader;
}

/**
 * Reads the lines behind the header, in batches of rows. Throws a `BackupFault` at what Gitway does not write;
 * whether the lines are all of them, and unchanged, is only known at the end.
 */
export async function* readRows(
  header: string,
  lines: AsyncIterable<readonly [number: number, text: string]>,
): AsyncGenerator<RowBatch> {
  const hash = createHash("sha256").update(`${header}\n`);
  const seen = new Set<string>();
  let batch: OpenBatch | null = null;
  let count = 0;
  let last = 1;
  let ended = false;
  for await (const [number, text] of lines) {
    if (ended) throw new BackupFault(number, "there is more behind its end");
    const value = parsed(text, number);
    if (Array.isArray(value)) {
      if (!batch) throw new BackupFault(number, "a row comes before its table");
      if (isFull(batch)) {
        yield batch;
        batch = freshBatch(batch, number);
      }
      addRow(batch, value, number, text.length);
      count++;
    } else {
      if (batch && batch.rows.length > 0) yield batch;
      ended = isEnd(value, number, { rows: count, sha256: () => hash.digest("hex") });
      batch = ended ? null : openTable(value, number, seen);
    }
    if (!ended) hash.update(`${text}\n`);
    last = number;
  }
  if (!ended) throw new BackupFault(last, "the file ends here, and is not whole");
}

interface OpenBatch extends RowBatch {
  readonly types: readonly ColumnType[];
  readonly rows: Cells[];
  lastLine: number;
  length: number;
}

function openTable(value: unknown, number: number, seen: Set<string>): OpenBatch {
  const { table: name, columns } = (value ?? {}) as { table?: unknown; columns?: unknown };
  if (typeof name !== "string") throw new BackupFault(number, "the line is no row, no table and no end");
  const table = backedUpTables.find((known) => known.name === name);
  if (!table) throw new BackupFault(number, `a table ${shown(name)} is not known`);
  if (seen.size === seen.add(table.name).size)
    throw new BackupFault(number, `the table ${table.name} is there twice`);
  const names = Array.isArray(columns) ? (columns as unknown[]) : [];
  const unknown = names.find((column) => !Object.hasOwn(table.columns, String(column)));
  if (unknown !== undefined)
    throw new BackupFault(number, `the table ${table.name} has no column ${shown(unknown)}`);
  if (names.length === 0 || new Set(names).size < names.length)
    throw new BackupFault(number, `the columns of ${table.name} are not as Gitway writes them`);
  const known = names as string[];
  const types = known.map((column) => table.columns[column] ?? "text");
  const at = { firstLine: number + 1, lastLine: number };
  return { table, columns: known, types, rows: [], length: 0, ...at };
}

function freshBatch(batch: OpenBatch, number: number): OpenBatch {
  return { ...batch, rows: [], length: 0, firstLine: number };
}

function isFull({ rows, length, table }: OpenBatch): boolean {
  return rows.length >= (table.slice ?? 1000) || length > batchLength;
}

const forms: Readonly<Record<ColumnType, RegExp>> = {
  boolean: /^(true|false)$/,
  bigint: /^-?\d{1,19}$/,
  integer: /^-?\d{1,10}$/,
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  timestamptz: /^[-+:. \w]{1,64}$/,
  bytea: /^[\w+/]*={0,2}$/,
  json: /^[^\0]*$/,
  text: /^[^\0]*$/,
};

function addRow(batch: OpenBatch, cells: readonly unknown[], number: number, length: number): void {
  const { columns, types, table } = batch;
  if (cells.length !== columns.length)
    throw new BackupFault(
      number,
      `the row has ${cells.length} values, and ${table.name} has ${columns.length} columns`,
    );
  const wrong = cells.findIndex((cell, index) => !fits(cell, types[index] ?? "text"));
  if (wrong !== -1)
    throw new BackupFault(number, `the value of ${table.name}.${columns[wrong]} is no ${types[wrong]}`);
  batch.rows.push(cells as Cells);
  batch.lastLine = number;
  batch.length += length;
}

function fits(cell: unknown, type: ColumnType): boolean {
  return cell === null || (typeof cell === "string" && forms[type].test(cell));
}

function isEnd(
  value: unknown,
  number: number,
  expected: { readonly rows: number; readonly sha256: () => string },
): boolean {
  const { end } = (value ?? {}) as { end?: { rows?: unknown; sha256?: unknown } };
  if (typeof end !== "object" || end === null) return false;
  if (end.rows !== expected.rows || end.sha256 !== expected.sha256())
    throw new BackupFault(number, "the lines before are not those that were written: the checksum differs");
  return true;
}

function parsed(text: string, number: number): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw number === 1
      ? new BackupFault(null, "it is no backup of Gitway")
      : new BackupFault(number, "the line is no JSON");
  }
}

function shown(value: unknown): string {
  const text = String(value);
  return /^[\w. -]{1,60}$/.test(text) ? text : "of an odd name";
}
