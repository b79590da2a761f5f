import { beforeEach, expect, test } from "vitest";

import { silentLog } from "../../src/log.ts";
import { openStore } from "../../src/store/open-store.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";

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

async function openAndClose(): Promise<void> {
  const store = await openStore({ databaseUrl: database.url }, { log: silentLog() });
  await store.close();
}
