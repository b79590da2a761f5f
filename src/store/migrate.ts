import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";

import { AppError } from "../errors.ts";
import { fillDashboardIds } from "./dashboard-id-columns.ts";
import type { Database, Session } from "./database.ts";
import { chainOldEvents } from "./events/chain-events.ts";

const folder = new URL("migrations/", import.meta.url);

/** Any number, the same in every Gitway: it keeps two of them from migrating at once. */
const lockNumber = 7_164_650;

/** What a migration does after its SQL and in the same transaction, where SQL alone can't. */
const completions: Readonly<Record<string, (session: Session) => Promise<void>>> = {
  "0002_event_chain.sql": chainOldEvents,
  "0009_dashboard_ids.sql": fillDashboardIds,
};

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/**
 * Brings the schema `gitway` of a database up to date, each migration in a transaction of its own. A
 * database that a newer Gitway has migrated is refused with `database-too-new`.
 */
export async function migrate(database: Database): Promise<void> {
  const migrations = await readMigrations();
  while (await database.transaction((session) => applyNext(session, migrations, database.description)));
}

/** The name of the last migration of this Gitway: what a schema that is up to date is at. */
export async function newestMigration(): Promise<string> {
  return (await migrationNames()).at(-1) ?? "";
}

async function migrationNames(): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort();
}

async function readMigrations(): Promise<Migration[]> {
  return Promise.all((await migrationNames()).map((name) => readMigration(name)));
}

async function readMigration(name: string): Promise<Migration> {
  const sql = (await readFile(new URL(name, folder), "utf8")).replaceAll("\r\n", "\n");
  return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
}

/** Applies the first migration that is missing, and says whether there was one. */
async function applyNext(
  session: Session,
  migrations: readonly Migration[],
  description: string,
): Promise<boolean> {
  await session.query("select pg_advisory_xact_lock($1)", [lockNumber]);
  await createSchema(session);
  const applied = await session.query<Omit<Migration, "sql">>(
    "select name, checksum from gitway.migration order by name",
  );
  for (const each of applied)
    refuseForeign(
      each,
      migrations.find(({ name }) => name === each.name),
      description,
    );
  const next = migrations.find(({ name }) => !applied.some((each) => each.name === name));
  if (!next) return false;
  await session.query("set local search_path to gitway");
  await session.query(next.sql);
  await completions[next.name]?.(session);
  await session.query("insert into gitway.migration (name, checksum) values ($1, $2)", [
    next.name,
    next.checksum,
  ]);
  return true;
}

/** Creates only what is missing, since the user may lack the right to create schemas. */
async function createSchema(session: Session): Promise<void> {
  const [found] = await session.query<{ schema: boolean; migration: boolean }>(
    "select to_regnamespace('gitway') is not null as schema, to_regclass('gitway.migration') is not null as migration",
  );
  if (!found?.schema) await session.query("create schema gitway");
  if (!found?.migration)
    await session.query(
      "create table gitway.migration (name text primary key, checksum text not null, applied_at timestamptz not null default now())",
    );
}

function refuseForeign(
  applied: Omit<Migration, "sql">,
  known: Migration | undefined,
  description: string,
): void {
  if (!known)
    throw new AppError(
      "database-too-new",
      `The database ${description} was migrated by a newer Gitway (${applied.name}): update this one, or use another database.`,
    );
  if (known.checksum !== applied.checksum)
    throw new AppError(
      "database-failed",
      `The migration ${applied.name} in ${description} differs from the one of this Gitway: use the release that made it, or another database.`,
    );
}
