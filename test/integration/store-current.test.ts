import { beforeEach, expect, test } from "vitest";

import { silentLog } from "../../src/log.ts";
import type { AttributedChange, StoredObject } from "../../src/plan/plan.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Store } from "../../src/store/store.ts";
import { changeRows } from "../support/change-rows.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { create, definition, remove, token, update } from "../support/objects.ts";

let database: TestDatabase;
/** The one that is asked again and again, and one in another process. */
let store: Store;
let other: Store;

beforeEach(async () => {
  database = await createDatabase();
  store = await openStore({ databaseUrl: database.url }, { log: silentLog() });
  other = await openStore({ databaseUrl: database.url }, { log: silentLog() });
  return async () => {
    await Promise.all([store.close(), other.close()]);
    await database.drop();
  };
});

test("what is current is the same for who has read before as for who reads for the first time", async () => {
  const fresh = async () => {
    const opened = await openStore({ databaseUrl: database.url }, { log: silentLog() });
    const state = await opened.current();
    await opened.close();
    return state;
  };
  const steps: (() => Promise<unknown>)[] = [
    () => apply(other, [create(definition({ name: "b" })), create(token({ name: "t" }))]),
    async () =>
      apply(other, [
        create(definition({ name: "a" })),
        update(await named("b"), definition({ name: "b", route: "new" })),
      ]),
    async () => apply(store, [remove(await named("t"))]),
    async () => move(other, await named("b"), "apis/moved.yaml"),
    () => apply(other, [create(token({ name: "t" }))]),
    async () => move(store, await named("b"), "apis/again.yaml"),
    async () => apply(other, [remove(await named("a")), remove(await named("b"))]),
  ];

  for (const step of steps) {
    await step();

    expect(await store.current()).toEqual(await fresh());
  }
});

test("rows that were not written are not read again, and one that a stranger wrote is", async () => {
  await apply(store, [create(definition({ name: "a" })), create(definition({ name: "b" }))]);
  const before = await store.current();
  await apply(other, [create(definition({ name: "c" }))]);

  const after = await store.current();
  const again = await store.current();
  await changeRows(database.url, "update gitway.object_version set spec = '{}' where name = 'a'");
  const changed = await store.current();

  expect(after.objects.map(({ name }) => name)).toEqual(["a", "b", "c"]);
  expect(after.objects.slice(0, 2).every((object, at) => object === before.objects[at])).toBe(true);
  expect(again.objects).toBe(after.objects);
  expect(changed.objects.map(({ spec }) => Object.keys(spec).length > 0)).toEqual([false, true, true]);
});

async function apply(by: Store, changes: readonly AttributedChange[]): Promise<void> {
  await by.apply({
    parentRevision: await by.revision(),
    commit: "c".repeat(40),
    origin: "test",
    changes,
    blobs: new Map(),
  });
}

async function move(by: Store, { version }: StoredObject, path: string): Promise<void> {
  const sightings = [{ version, path, line: 3, origin: "test" }];
  await by.noteSightings({ parentRevision: await by.revision(), sightings });
  expect((await store.current()).objects.map((object) => object.path)).toContain(path);
}

async function named(name: string): Promise<StoredObject> {
  const found = (await other.current()).objects.find((object) => object.name === name);
  if (!found) throw new Error(`there is no ${name}`);
  return found;
}
