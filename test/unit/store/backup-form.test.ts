import { describe, expect, test } from "vitest";

import { type BackedUpTable, backedUpTables } from "../../../src/store/backup/backed-up-tables.ts";
import {
  type BackupFault,
  createBackupLines,
  readHeader,
  readRows,
} from "../../../src/store/backup/backup-form.ts";

const header = {
  gitwayBackup: 1,
  gitway: "0.1.0",
  migration: "0006_changes.sql",
  takenAt: "2026-01-02T03:04:05.678Z",
  revision: 3,
};

describe("what was written", () => {
  test("reads back, in batches that name their lines", async () => {
    const batches = await read([rows("blob", 10), rows("pointer", 1)]);

    expect(batches).toMatchObject([
      { table: { name: "blob" }, firstLine: 3, lastLine: 10, rows: { length: 8 } },
      { table: { name: "blob" }, firstLine: 11, lastLine: 12, rows: { length: 2 } },
      { table: { name: "pointer" }, firstLine: 14, lastLine: 14, rows: { length: 1 } },
    ]);
  });

  test("keeps null, line feeds, quotes and NUL as an escape", async () => {
    const cells = [null, 'a\n"\\u0000"\t👩‍👩‍👧\u2028'];

    const [batch] = await read([[{ table: "revision", columns: ["commit", "origin"] }, cells]]);

    expect(batch?.rows).toEqual([cells]);
  });
});

describe("a header", () => {
  test.each([
    ["", "no backup of Gitway"],
    ["{", "no backup of Gitway"],
    ["[1]", "no backup of Gitway"],
    ["null", "no backup of Gitway"],
    [JSON.stringify({ ...header, revision: "3" }), "not as Gitway writes it"],
    [
      JSON.stringify({ ...header, gitwayBackup: 2, gitway: "0.9.0" }),
      "written by Gitway 0.9.0 (form 2, 0006_changes.sql), which is newer",
    ],
    [JSON.stringify({ ...header, migration: "0099_more.sql" }), "0099_more.sql), which is newer"],
    [JSON.stringify({ ...header, gitwayBackup: 2, gitway: "\u001b[31m" }), "Gitway of an odd name (form 2"],
  ])("%s is refused", (text, message) => {
    expect(() => readHeader(text, "0006_changes.sql")).toThrow(message);
  });
});

describe("what Gitway does not write is refused at its line:", () => {
  const blob = { table: "blob", columns: ["digest", "content"] };
  const cases: Record<string, [lines: unknown[], line: number, message: string]> = {
    "a row without a table": [[["x"]], 2, "before its table"],
    "an unknown table": [[{ table: "pg_authid", columns: ["x"] }], 2, "pg_authid is not known"],
    "a table of an odd name": [[{ table: "x; drop", columns: ["x"] }], 2, "of an odd name is not known"],
    "a table twice": [[blob, blob], 3, "there twice"],
    "an unknown column": [[{ table: "blob", columns: ["digest) --"] }], 2, "no column of an odd name"],
    "an inherited column": [[{ table: "blob", columns: ["constructor"] }], 2, "no column constructor"],
    "a column twice": [[{ table: "blob", columns: ["digest", "digest"] }], 2, "columns of blob"],
    "no columns": [[{ table: "blob", columns: {} }], 2, "columns of blob"],
    "too few values": [[blob, ["x", "eHg="], ["x"]], 4, "the row has 1 values"],
    "a value that is an object": [[blob, ["x", {}]], 3, "blob.content is no bytea"],
    "bytes that are none": [[blob, ["x", "%"]], 3, "blob.content is no bytea"],
    "text with a NUL": [[blob, ["\0", ""]], 3, "blob.digest is no text"],
    "a number that is none": [[{ table: "revision", columns: ["number"] }, ["1e3"]], 3, "no bigint"],
    "a UUID that is none": [[{ table: "credential", columns: ["token_id"] }, ["1"]], 3, "no uuid"],
    "a moment that is none": [[{ table: "event", columns: ["time"] }, ["'); --"]], 3, "no timestamptz"],
    "a number in place of a line": [[blob, 7], 3, "is no row, no table and no end"],
    null: [[null], 2, "is no row, no table and no end"],
  };

  test.each(Object.entries(cases))("%s", async (_, [lines, line, message]) => {
    const fault = await read([lines]).catch((error: BackupFault) => error);

    expect(fault).toMatchObject({ line, message: expect.stringContaining(message) as string });
  });

  test("a line that is no JSON", async () => {
    await expect(collect(["{"])).rejects.toMatchObject({ line: 2, message: "the line is no JSON" });
  });

  test("lines that are missing, changed, more or in another order", async () => {
    const whole = linesOf([rows("blob", 3)]);
    const [table, first = "", second = "", third = "", end = ""] = whole;
    const changed = {
      "without its end": [table, first, second, third],
      "without a row": [table, first, third, end],
      "with a row twice": [table, first, first, second, third, end],
      "in another order": [table, second, first, third, end],
      "with more behind": [...whole, first],
      "with another value": [table, first.replace("0", "1"), second, third, end],
    };

    for (const lines of Object.values(changed))
      await expect(collect(lines as string[])).rejects.toThrow(
        /checksum differs|not whole|more behind its end/,
      );
  });
});

/** Lines of a table with some rows. */
function rows(name: string, count: number): unknown[] {
  const table = backedUpTables.find((known) => known.name === name) as BackedUpTable;
  const columns = Object.keys(table.columns);
  const numbered = Array.from({ length: count }, (_, index) => columns.map(() => `${index}000`));
  return [{ table: name, columns }, ...numbered];
}

function read(tables: readonly unknown[][]) {
  return collect(linesOf(tables));
}

/** What a backup of these tables has behind its header, as it would be written. */
function linesOf(tables: readonly unknown[][]): string[] {
  const writer = createBackupLines();
  writer.header(header);
  const lines = tables.flatMap((table) => table.map((line) => writer.row(line as never)));
  const { end } = JSON.parse(writer.end()) as { end: { rows: number; sha256: string } };
  const rowCount = tables.flat().filter((line) => Array.isArray(line)).length;
  return [...lines, `${JSON.stringify({ end: { ...end, rows: rowCount } })}\n`];
}

async function collect(lines: readonly string[]) {
  async function* numbered() {
    for (const [index, line] of lines.entries()) yield [index + 2, line.trimEnd()] as const;
  }
  const batches = [];
  for await (const batch of readRows(JSON.stringify(header), numbered())) batches.push(batch);
  return batches;
}
