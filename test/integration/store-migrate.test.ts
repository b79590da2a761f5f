import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

import { beforeEach, expect, test } from "vitest";

import { silentLog } from "../../src/log.ts";
import { derivedIds } from "../../src/manifest/dashboard-ids.ts";
import { openStore } from "../../src/store/open-store.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { commitId, definition, johnDoe, token } from "../support/objects.ts";

let database: TestDatabase;

beforeEach(async () => {
  database = await createDatabase({ empty: true });
  return () => database.drop();
});

test("an empty database is migrated once, also by several who come at once", async () => {
  const opening = () => openStore({ databaseUrl: database.url }, { log: silentLog() });

  const stores = await Promise.all([opening(), opening(), opening(), opening()]);
  await Promise.all(stores.map((store) => store.close()));

  const applied = await database.query<{ name: string }>("select name from gitway.migration order by name");
  expect(applied[0]?.name).toBe("0001_store.sql");
  expect(new Set(applied.map(({ name }) => name)).size).toBe(applied.length);
});

test("all that Gitway makes is in a schema of its own", async () => {
  await openAndClose();

  const outside = await database.query(
    "select relname from pg_class join pg_namespace n on n.oid = relnamespace where nspname = 'public'",
  );
  expect(outside).toEqual([]);
});

test("a database of a newer Gitway is refused", async () => {
  await openAndClose();
  await database.query("insert into gitway.migration (name, checksum) values ('9999_later.sql', 'x')");

  await expect(openAndClose()).rejects.toMatchObject({
    code: "database-too-new",
    message: expect.stringContaining("9999_later.sql"),
  });
});

test("a migration that differs from the one that was applied is refused", async () => {
  await openAndClose();
  await database.query("update gitway.migration set checksum = 'x'");

  await expect(openAndClose()).rejects.toMatchObject({ code: "database-failed" });
});

test("a user who may only create in the schema can migrate and write", async () => {
  const role = `gitway_test_${Math.random().toString(36).slice(2)}`;
  await database.query(`create role ${role} login password 'only-for-this-test'`);
  await database.query(`create schema gitway authorization ${role}`);
  const url = new URL(database.url);
  url.username = role;
  url.password = "only-for-this-test";

  const store = await openStore({ databaseUrl: url.href }, { log: silentLog() });

  expect((await store.current()).revision).toBe(0);
  await store.close();
  await database.query(`drop owned by ${role}`);
  await database.query(`drop role ${role}`);
});

test("events of a database without a chain are chained, and closed to changes", async () => {
  await migrateToFirst();
  const object = token({ name: "internal" });
  await database.query(
    `insert into gitway.object_version (kind, object_id, name, labels, annotations, spec, files, hash, path, line,
       commit, from_revision)
     values ('ApiToken', '${object.id}', 'internal', '{}', '{}', '${JSON.stringify(object.spec)}', '{}',
       '${object.hash}', 'apis/internal.yaml', 1, '${commitId("first")}', 1)`,
  );
  await database.query(
    `insert into gitway.event (time, message, action, kind, object_id, name, actor_name, actor_email, committer_name,
       committer_email, contributors, commit, path, line, revision, version_after)
     select '2026-01-01T00:00:00.123Z', 'event ' || n, 'added', 'ApiToken', '${object.id}', 'internal', 'John Doe',
       'john.doe@example.com', 'CI', 'ci@example.com', '[{"name":"Ada","email":"a@example.com"}]',
       '${commitId("first")}', 'apis/internal.yaml', 1, 1, 1 from generate_series(1, 1200) as n`,
  );

  const store = await openStore({ databaseUrl: database.url }, { log: silentLog() });

  expect(await store.verifyEvents(async () => new Map())).toEqual({ checked: 1200, healed: 0, fault: null });
  expect((await store.events({ limit: 1 }))[0]).toMatchObject({ objectHash: object.hash, releasedBy: null });
  await store.issueCredential({ token: "internal", hash: Buffer.alloc(32, 1), by: johnDoe });
  expect(await store.verifyEvents(async () => new Map())).toEqual({ checked: 1201, healed: 0, fault: null });
  await store.close();
  await expect(database.query("delete from gitway.event")).rejects.toThrow(/append-only/);
});

test("definitions of a database without their ids get them, and of two with one the older has it", async () => {
  await migrateToFirst();
  const objects = ["a", "b"].map((name) => definition({ name, spec: { dashboard: { api_id: "same" } } }));
  for (const { id, name, spec, hash } of objects)
    await database.query(
      `insert into gitway.object_version (kind, object_id, name, labels, annotations, spec, files, hash, path, line,
         commit, from_revision)
       values ('ApiDefinition', '${id}', '${name}', '{}', '{}', '${JSON.stringify(spec)}', '{}', '${hash}',
         'apis/${name}.yaml', 1, '${commitId("first")}', 1)`,
    );

  await openAndClose();

  const ids = await database.query(
    "select name, dashboard_id, api_id from gitway.object_version order by name",
  );
  expect(ids).toEqual([
    { name: "a", dashboard_id: derivedIds(objects[0]!.id).id, api_id: "same" },
    { name: "b", dashboard_id: derivedIds(objects[1]!.id).id, api_id: null },
  ]);
  expect(await database.query("select 1 from gitway.drift_note")).toEqual([]);
  await expect(database.query("update gitway.object_version set api_id = 'x'")).rejects.toThrow(
    /append-only/,
  );
});

/** As the first release left a database. */
async function migrateToFirst(): Promise<void> {
  const sql = await readFile(new URL("../../src/store/migrations/0001_store.sql", import.meta.url), "utf8");
  const checksum = createHash("sha256").update(sql).digest("hex");
  await database.query(
    `create schema gitway; create table gitway.migration (name text primary key, checksum text not null,
       applied_at timestamptz not null default now());
     insert into gitway.migration (name, checksum) values ('0001_store.sql', '${checksum}');
     set search_path to gitway; ${sql}`,
  );
}

async function openAndClose(): Promise<void> {
  const store = await openStore({ databaseUrl: database.url }, { log: silentLog() });
  await store.close();
}
