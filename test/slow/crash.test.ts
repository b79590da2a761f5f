import { Client } from "pg";
import { expect, test, vi } from "vitest";

import { createDatabase } from "../support/database.ts";
import { createRepository } from "../support/git-repository.ts";
import { runGitway, startGitway } from "../support/gitway-process.ts";
import { replyManifest } from "../support/reconciling.ts";

const script = "export default () => ({ status: 200 });";
const scripted = replyManifest("scripted", "scripted").replace(
  /action: .*/,
  "action: { script: { file: scripted.js } }",
);

/** Each table stops the apply at another step of its transaction. */
const steps = ["revision", "blob", "object_version", "event", "pointer"];

test.each(steps)(
  "killed while it writes the table %s, an apply leaves nothing, and the next does all",
  async (table) => {
    const database = await createDatabase();
    await using repository = await createRepository();
    await repository.commit({
      files: {
        "apis/a.yaml": replyManifest("a", "a"),
        "apis/scripted.yaml": scripted,
        "apis/scripted.js": script,
      },
    });
    const env = { DATABASE_URL: database.url };
    const blocker = new Client({ connectionString: database.url });
    await blocker.connect();

    await blocker.query("begin");
    await blocker.query(`lock table gitway.${table} in share row exclusive mode`);
    const apply = startGitway(["apply"], { cwd: repository.path, env });
    await vi.waitFor(async () => expect(await waitingWriters(database)).toBe(1), { timeout: 20_000 });
    apply.signal("SIGKILL");
    await apply.ended;
    await blocker.query("rollback");
    await vi.waitFor(async () => expect(await otherSessions(database)).toBe(1), { timeout: 20_000 });
    const left = await counts(database);
    const again = await runGitway(["apply"], { cwd: repository.path, env });

    expect(left).toEqual({ revision: 0, versions: 0, events: 0, blobs: 0 });
    expect(again.code).toBe(0);
    expect(await counts(database)).toEqual({ revision: 1, versions: 2, events: 2, blobs: 1 });
    await blocker.end();
    await database.drop();
  },
);

type Database = Awaited<ReturnType<typeof createDatabase>>;

async function waitingWriters(database: Database): Promise<number> {
  return single(
    database,
    "select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
  );
}

/** The session of the killed process goes when its server finds nobody to answer. */
async function otherSessions(database: Database): Promise<number> {
  return single(
    database,
    "select count(*)::int as n from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
  );
}

async function counts(database: Database): Promise<Record<string, number>> {
  return {
    revision: await single(database, "select revision::int as n from gitway.pointer"),
    versions: await single(database, "select count(*)::int as n from gitway.object_version"),
    events: await single(database, "select count(*)::int as n from gitway.event"),
    blobs: await single(database, "select count(*)::int as n from gitway.blob"),
  };
}

async function single(database: Database, sql: string): Promise<number> {
  const [row] = await database.query<{ n: number }>(sql);
  return row?.n ?? Number.NaN;
}
