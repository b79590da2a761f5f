import { createHash } from "node:crypto";

import { beforeEach, expect, test, vi } from "vitest";

import { silentLog } from "../../src/log.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Store } from "../../src/store/store.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { commitId, create, johnDoe, token } from "../support/objects.ts";

let database: TestDatabase;
let writer: Store;
let reader: Store;

beforeEach(async () => {
  database = await createDatabase();
  writer = await openStore({ databaseUrl: database.url }, { log: silentLog() });
  reader = await openStore({ databaseUrl: database.url }, { log: silentLog() });
  return async () => {
    await writer.close();
    await reader.close();
    await database.drop();
  };
});

test("another process hears of an apply and of an issued secret", async () => {
  const listener = vi.fn<() => void>();
  await reader.onChange(listener);

  await addToken("internal");
  await vi.waitFor(() => expect(listener).toHaveBeenCalledTimes(1), { timeout: 2000 });

  await writer.issueCredential({
    token: "internal",
    hash: createHash("sha256").update("secret").digest(),
    by: johnDoe,
  });
  await vi.waitFor(() => expect(listener).toHaveBeenCalledTimes(2), { timeout: 2000 });
});

test("nothing is heard of what is not a change", async () => {
  const listener = vi.fn<() => void>();
  await reader.onChange(listener);

  await database.query("notify gitway_changed");
  await writer.syncReferences([]);
  await addToken("internal");

  await vi.waitFor(() => expect(listener).toHaveBeenCalled(), { timeout: 2000 });
  expect(listener).toHaveBeenCalledTimes(1);
});

test("a listener that was cut off is called once it is back, and hears again", async () => {
  const listener = vi.fn<() => void>();
  await reader.onChange(listener);

  await cutListeners();
  await vi.waitFor(() => expect(listener).toHaveBeenCalledTimes(1), { timeout: 5000 });

  await addToken("internal");
  await vi.waitFor(() => expect(listener).toHaveBeenCalledTimes(2), { timeout: 2000 });
});

test("a change without a notification is found by polling", async () => {
  const listener = vi.fn<() => void>();
  await reader.onChange(listener);

  await database.query("update gitway.pointer set credential_changes = credential_changes + 1");

  await vi.waitFor(() => expect(listener).toHaveBeenCalledTimes(1), { timeout: 10_000 });
});

test("a closed feed calls nobody, and closing the store closes those left open", async () => {
  const listener = vi.fn<() => void>();
  const other = vi.fn<() => void>();
  const feed = await reader.onChange(listener);
  await reader.onChange(other);

  await feed.close();
  await feed.close();
  await addToken("internal");
  await vi.waitFor(() => expect(other).toHaveBeenCalledTimes(1), { timeout: 2000 });
  await reader.close();

  expect(listener).not.toHaveBeenCalled();
  const left = await database.query(
    "select pid from pg_stat_activity where datname = current_database() and query like 'listen%'",
  );
  expect(left).toEqual([]);
});

async function addToken(name: string): Promise<void> {
  const { revision } = await writer.current();
  await writer.apply({
    parentRevision: revision,
    commit: commitId("x"),
    origin: "test",
    changes: [create(token({ name }))],
    blobs: new Map(),
  });
}

async function cutListeners(): Promise<void> {
  await database.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like 'listen%'",
  );
}
