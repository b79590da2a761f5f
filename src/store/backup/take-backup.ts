import { gitwayVersion } from "../../version.ts";
import type { Database, Session } from "../database.ts";
import { newestMigration } from "../migrate.ts";
import { readPointer } from "../pointer.ts";
import { type BackedUpTable, backedUpTables, type ColumnType } from "./backed-up-tables.ts";
import { writeBackupFile } from "./backup-file.ts";
import { backupForm, type BackupHeader, createBackupLines } from "./backup-form.ts";
import type { BackupSummary } from "./backup-store.ts";

/** Writes what a backup holds to a file: one snapshot of the store, a slice of rows at a time. */
export async function takeBackup(database: Database, file: string): Promise<BackupSummary> {
  const migration = await newestMigration();
  return database.transaction(
    async (session) => {
      const { revision } = await readPointer(session);
      const takenAt = new Date().toISOString();
      const header = { gitwayBackup: backupForm, gitway: gitwayVersion(), migration, takenAt, revision };
      const rows: Record<string, number> = {};
      await writeBackupFile(file, backupLines(session, header, rows));
      return { takenAt, revision, rows };
    },
    { snapshot: true },
  );
}

/** Counts the rows of each table in `rows`. */
async function* backupLines(
  session: Session,
  header: BackupHeader,
  rows: Record<string, number>,
): AsyncGenerator<string> {
  const lines = createBackupLines();
  await session.query("set local time zone 'UTC'");
  yield lines.header(header);
  for (const table of backedUpTables) {
    yield lines.table(table);
    rows[table.name] = 0;
    for await (const slice of readSlices(session, table)) {
      rows[table.name] = (rows[table.name] ?? 0) + slice.length;
      yield slice
        .map((row) => lines.row(Object.keys(table.columns).map((name) => row[name] ?? null)))
        .join("");
    }
  }
  yield lines.end();
}

type TextRow = Readonly<Record<string, string | null>>;

async function* readSlices(session: Session, table: BackedUpTable): AsyncGenerator<TextRow[]> {
  const columns = Object.entries(table.columns).map(([name, type]) => `${asText(type, name)} as ${name}`);
  // Of the table, not of the text that the columns become here.
  const order = table.order.map((name) => `source.${name}`).join(", ");
  await session.query(
    `declare backed_up no scroll cursor for select ${columns.join(", ")} from gitway.${table.name} as source order by ${order}`,
  );
  const size = table.slice ?? 1000;
  for (let full = true; full;) {
    const rows = await session.query<TextRow>(`fetch forward ${size} from backed_up`);
    if (rows.length > 0) yield rows;
    full = rows.length === size;
  }
  await session.query("close backed_up");
}

function asText(type: ColumnType, name: string): string {
  return type === "bytea"
    ? `translate(encode(source.${name}, 'base64'), E'\\n', '')`
    : `source.${name}::text`;
}
