import { AppError } from "../../errors.ts";
import { isServerAnswer } from "../database-error.ts";
import type { Database, Session } from "../database.ts";
import { rememberRows } from "../drift/drift.ts";
import { newestMigration } from "../migrate.ts";
import { leapCredentialChanges, lockPointer } from "../pointer.ts";
import { type BackedUpTable, backedUpTables, type ColumnType } from "./backed-up-tables.ts";
import { readBackupFile } from "./backup-file.ts";
import { BackupFault, type BackupHeader, readHeader, readRows, type RowBatch } from "./backup-form.ts";
import type { BackupSummary } from "./backup-store.ts";

/** Fills a store that was never reconciled with what a backup holds: all of it, or nothing. */
export async function restoreBackup(database: Database, file: string): Promise<BackupSummary> {
  const lines = readBackupFile(file);
  try {
    const { value: [, first] = [1, ""] } = await lines.next();
    const header = readHeader(first, await newestMigration());
    const rows = await database.transaction(
      async (session) => restoreRows(session, database.description, readRows(first, lines)),
      { didCommit: () => database.transaction(async (session) => isUsed(session)) },
    );
    return summaryOf(header, rows);
  } catch (error) {
    throw error instanceof BackupFault ? invalid(file, error) : error;
  } finally {
    await lines.return(undefined);
  }
}

function summaryOf({ takenAt, revision }: BackupHeader, rows: Record<string, number>): BackupSummary {
  return { takenAt, revision, rows };
}

function invalid(file: string, { line, message, cause }: BackupFault): AppError {
  const place = line === null ? file : `${file}, line ${line}`;
  return new AppError(
    "backup-invalid",
    `The backup ${place}: ${message}. Nothing was restored.`,
    cause === undefined ? {} : { cause },
  );
}

async function restoreRows(
  session: Session,
  description: string,
  batches: AsyncIterable<RowBatch>,
): Promise<Record<string, number>> {
  if (await isUsed(session)) throw used(description);
  await session.query("select set_config('gitway.writer', 'apply', true)");
  const rows = Object.fromEntries(backedUpTables.map(({ name }) => [name, 0]));
  for await (const batch of batches) {
    await insertBatch(session, batch);
    rows[batch.table.name] = (rows[batch.table.name] ?? 0) + batch.rows.length;
  }
  await checkWhole(session);
  await continueNumbers(session);
  await rememberRows(session);
  await leapCredentialChanges(session);
  // Until it looks by itself, Postgres would plan by what it knows of empty tables.
  await session.query(`analyze ${backedUpTables.map(({ name }) => `gitway.${name}`).join(", ")}`);
  return rows;
}

/** Whether anything was ever reconciled into the store. Keeps every other writer waiting. */
async function isUsed(session: Session): Promise<boolean> {
  const { revision } = await lockPointer(session);
  const [row] = await session.query<{ used: boolean }>(
    `select exists (select from gitway.revision) or exists (select from gitway.object_version)
       or exists (select from gitway.event) or exists (select from gitway.credential) as used`,
  );
  return revision > 0 || row?.used === true;
}

function used(description: string): AppError {
  return new AppError(
    "restore-refused",
    `The store ${description} is in use: it was reconciled already. Restore into a new database or data folder, before anything is applied to it; stop 'gitway run' meanwhile.`,
  );
}

async function insertBatch(session: Session, batch: RowBatch): Promise<void> {
  const { table, columns, rows } = batch;
  const names = columns.join(", ");
  const arrays = columns.map((_, index) => `$${index + 1}::text[]`).join(", ");
  const values = columns.map((name) => asValue(table.columns[name] ?? "text", name)).join(", ");
  try {
    await session.query(
      `insert into gitway.${table.name} (${names}) overriding system value
       select ${values} from unnest(${arrays}) as row (${names}) ${onConflict(table, columns)}`,
      columns.map((_, index) => rows.map((row) => row[index] ?? null)),
    );
  } catch (error) {
    throw contentFault(error, batch);
  }
}

function onConflict({ holds }: BackedUpTable, columns: readonly string[]): string {
  if (holds === undefined) return "";
  if (holds === "store") return "on conflict do nothing";
  const replaced = columns.map((name) => `${name} = excluded.${name}`).join(", ");
  return `on conflict (only_row) do update set ${replaced}`;
}

function asValue(type: ColumnType, name: string): string {
  return type === "bytea" ? `decode(${name}, 'base64')` : `${name}::${type}`;
}

/** SQLSTATEs by which the server says that it is the content that is wrong, by class. */
const contentStates = ["21", "22", "23", "54"];

function contentFault(error: unknown, { firstLine, lastLine, table }: RowBatch): unknown {
  if (!isServerAnswer(error) || !contentStates.some((state) => error.code.startsWith(state))) return error;
  const range = firstLine === lastLine ? "" : `in the lines up to ${lastLine} `;
  return new BackupFault(firstLine, `${range}the rows of ${table.name} can't be stored: ${error.message}`, {
    cause: error,
  });
}

/** What must hold of a store, and the rows that are against it. */
const wholeness: readonly (readonly [flaw: string, statement: string])[] = [
  [
    "its revisions are not all there",
    `select 1 from gitway.pointer, (select count(*) as count, coalesce(max(number), 0) as last from gitway.revision) as known
     where revision <> known.last or revision <> known.count`,
  ],
  [
    "its last event is not the newest that was written",
    `select 1 from gitway.pointer where newest_event <> coalesce(
       (select hash from gitway.event order by id desc limit 1), repeat('0', 64))`,
  ],
  [
    "the content of a file is not that of its digest",
    "select 1 from gitway.blob where digest <> encode(sha256(content), 'hex') limit 1",
  ],
];

async function checkWhole(session: Session): Promise<void> {
  try {
    // Names and routes are compared at the end, as always.
    await session.query("set constraints all immediate");
  } catch (error) {
    if (!isServerAnswer(error) || !error.code.startsWith("23")) throw error;
    throw new BackupFault(null, `its objects clash: ${error.message}`, { cause: error });
  }
  for (const [flaw, statement] of wholeness)
    if ((await session.query<unknown>(statement)).length > 0) throw new BackupFault(null, flaw);
}

/** What is numbered by itself goes on behind the last number. */
async function continueNumbers(session: Session): Promise<void> {
  for (const { name, numbered } of backedUpTables)
    if (numbered !== undefined)
      await session.query(
        `select setval(pg_get_serial_sequence('gitway.${name}', '${numbered}'), max(${numbered}))
         from gitway.${name} having max(${numbered}) is not null`,
      );
}
