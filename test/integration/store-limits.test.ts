import { beforeEach, expect, test } from "vitest";

import { silentLog } from "../../src/log.ts";
import type { Manifest } from "../../src/manifest/manifest.ts";
import type { NewHits } from "../../src/store/limits/limit-store.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Store } from "../../src/store/store.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { commitId, create, definition, remove, token } from "../support/objects.ts";

const internal = token({ name: "internal" });
const hello = definition({ name: "hello" });
const now = Date.now();

let database: TestDatabase;
let store: Store;
let other: Store;

beforeEach(async () => {
  database = await createDatabase();
  [store, other] = await Promise.all([open(), open()]);
  await add(internal, hello);
  return async () => {
    await Promise.all([store.close(), other.close()]);
    await database.drop();
  };
});

test("hits add up, and each look gives what changed since the one before", async () => {
  const first = await store.shareHits([hits("a", 2), hits("b", 1)], null);
  const second = await other.shareHits([hits("a", 3, { last: now + 5 })], null);
  const third = await store.shareHits([], first.mark);

  expect(counts(first.hits)).toEqual(["a 2", "b 1"]);
  expect(counts(second.hits)).toEqual(["a 5", "b 1"]);
  expect(counts(third.hits)).toContain("a 5");
  expect(third.hits.find(({ key }) => key === "a")).toEqual({
    key: "a",
    start: now,
    length: 1000,
    hits: 5,
    last: now + 5,
  });
  // Transactions of others, in other databases too, may make a look see something twice.
  let { mark } = third;
  await expect
    .poll(async () => {
      const look = await store.shareHits([], mark);
      ({ mark } = look);
      return look.hits;
    })
    .toEqual([]);
});

test("a look misses nothing that was being written while it looked", async () => {
  const { mark: start } = await store.shareHits([], null);
  const writer = await database.hold();
  await writer.query(
    "insert into gitway.limit_hits (key, length, start, hits, last, needed_until) values ('late', 1, 1, 7, 1, now() + interval '1h')",
  );
  const during = await store.shareHits([hits("early", 1)], start);
  await writer.query("commit");
  await writer.end();

  const after = await store.shareHits([], during.mark);

  expect(counts(during.hits)).toEqual(["early 1"]);
  expect(counts(after.hits)).toContain("late 7");
});

test("many endpoints share many hits at once, in any order", async () => {
  const keys = Array.from({ length: 30 }, (_, index) => `k${index}`);
  const rounds = Array.from({ length: 20 }, async (_, round) => {
    const added = keys.map((key) => hits(key, 1));
    await (round % 2 ? store.shareHits(added, null) : other.shareHits(added.toReversed(), null));
  });

  await Promise.all([...rounds, store.forgetLimits()]);

  const { hits: totals } = await store.shareHits([], null);
  expect(totals.map(({ hits }) => hits)).toEqual(keys.map(() => 20));
});

test("hits that nobody needs any more are neither given nor kept", async () => {
  await store.shareHits([hits("old", 1, { end: now - 1000 }), hits("new", 1)], null);

  expect(counts((await store.shareHits([], null)).hits)).toEqual(["new 1"]);
  await store.forgetLimits();

  expect(await database.query("select key from gitway.limit_hits")).toEqual([{ key: "new" }]);
});

test("a notice is open once, until it is cleared", async () => {
  const [raised] = await store.raiseNotices([notice(internal)], 60_000);

  expect(raised).toEqual({ ...notice(internal), name: "internal", since: expect.stringMatching(/^20.*Z$/) });
  expect(await other.raiseNotices([notice(internal), notice(internal)], 0)).toEqual([]);
  expect(await other.notices()).toEqual([raised]);
  expect(await store.clearNotice("ApiDefinition", "internal")).toBe(false);
  expect(await store.clearNotice("ApiToken", "internal")).toBe(true);
  expect(await store.clearNotice("ApiToken", "internal")).toBe(false);
  expect(await store.notices()).toEqual([]);
});

test("a notice that was cleared opens again, when the time between two is over", async () => {
  await store.raiseNotices([notice(internal), notice(hello)], 60_000);
  await store.clearNotice("ApiToken", "internal");

  expect(await store.raiseNotices([notice(internal)], 60_000)).toEqual([]);
  await database.query("update gitway.limit_notice set since = since - interval '61 seconds'");
  expect((await store.raiseNotices([notice(internal)], 60_000)).map(({ name }) => name)).toEqual([
    "internal",
  ]);

  expect((await store.notices()).map(({ name }) => name)).toEqual(["hello", "internal"]);
});

test("a notice goes with its object", async () => {
  const gone = token({ name: "gone" });
  await store.raiseNotices([notice(internal), notice(gone)], 0);
  expect((await store.notices()).map(({ name }) => name)).toEqual(["internal"]);
  const { objects, revision } = await store.current();
  await store.apply({
    parentRevision: revision,
    commit: commitId("x"),
    origin: "test",
    changes: objects.filter(({ kind }) => kind === "ApiToken").map((object) => remove(object)),
    blobs: new Map(),
  });

  expect(await store.notices()).toEqual([]);
  await store.forgetLimits();
  expect(await database.query("select 1 from gitway.limit_notice")).toEqual([]);
});

function hits(key: string, count: number, more: Partial<NewHits> = {}): NewHits {
  return { key, start: now, length: 1000, hits: count, last: now, end: now + 60_000, ...more };
}

function counts(totals: readonly { readonly key: string; readonly hits: number }[]): string[] {
  return totals.map(({ key, hits }) => `${key} ${hits}`).sort();
}

function notice({ kind, id }: Manifest) {
  return { kind: kind as "ApiToken" | "ApiDefinition", objectId: id, limit: 60, window: 60_000 };
}

function open(): Promise<Store> {
  return openStore({ databaseUrl: database.url }, { log: silentLog() });
}

async function add(...objects: Manifest[]): Promise<void> {
  const changes = objects.map((object) => create(object));
  await store.apply({ parentRevision: 0, commit: commitId("x"), origin: "test", changes, blobs: new Map() });
}
