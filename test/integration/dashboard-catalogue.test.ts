import { beforeEach, expect, test } from "vitest";

import { createCatalogue } from "../../src/dashboard/catalogue.ts";
import { silentLog } from "../../src/log.ts";
import type { AttributedChange, StoredObject } from "../../src/plan/plan.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Store } from "../../src/store/store.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { create, definition, remove, token, update, webhook } from "../support/objects.ts";

let database: TestDatabase;
/** Where is read, and where somebody else writes. */
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

test("a catalogue that goes on from the last one is what one that is read anew is", async () => {
  const catalogue = createCatalogue(store, "org");
  const steps: (() => Promise<AttributedChange[]>)[] = [
    async () => [create(definition({ name: "b" })), create(token({ name: "t" }))],
    async () => [create(definition({ name: "a" })), create(webhook({ name: "hook" }))],
    async () => [
      update(await live("b"), definition({ name: "b", spec: { title: "Changed", route: "other" } })),
    ],
    async () => [create(definition({ name: "c" })), create(definition({ name: "d" }))],
    async () => [remove(await live("b"))],
    async () => {
      const sightings = [
        { version: (await live("c")).version, path: "apis/moved.yaml", line: 7, origin: "here" },
      ];
      await other.noteSightings({ parentRevision: await other.revision(), sightings });
      return [create(definition({ name: "e" }))];
    },
    async () => [remove(await live("a")), create(definition({ name: "b" }))],
  ];

  for (const step of steps) {
    await apply(await step());

    const [kept, fresh] = [await catalogue(), await createCatalogue(other, "org")()];
    expect(kept.definitions).toEqual(fresh.definitions);
    expect(kept.webhooks).toEqual(fresh.webhooks);
    expect(kept.book.names).toEqual(fresh.book.names);
    expect(kept.revision).toBe(await other.revision());
    const asked = [
      "a",
      "b",
      "c",
      "d",
      "nobody",
      ...fresh.definitions.flatMap(({ ids }) => Object.values(ids)),
    ];
    for (const name of asked) expect(kept.find(name)).toEqual(fresh.find(name));
  }
});

test("no list mixes revisions, and none is older than what was live when it was asked for", async () => {
  const catalogue = createCatalogue(store, "org");
  const progress = { written: 0, isOver: false };
  const writing = (async () => {
    let before: StoredObject[] = [];
    for (let revision = 1; revision <= 30; revision++) {
      const added = [1, 2].map((number) => create(definition({ name: `r${revision}-${number}` })));
      await apply([...before.map((object) => remove(object)), ...added]);
      before = await Promise.all([1, 2].map((number) => live(`r${revision}-${number}`)));
      progress.written = revision;
    }
    progress.isOver = true;
  })();

  const readers = Array.from({ length: 4 }, async () => {
    while (!progress.isOver) {
      const least = progress.written;
      const { revision, definitions } = await catalogue();
      expect(revision).toBeGreaterThanOrEqual(least);
      const names = definitions.map(({ object }) => object.name).toSorted();
      expect(names).toEqual(revision === 0 ? [] : [`r${revision}-1`, `r${revision}-2`]);
      expect(definitions.every(({ stamps }) => stamps !== null)).toBe(true);
    }
  });

  await Promise.all([writing, ...readers]);
});

async function live(name: string): Promise<StoredObject> {
  const [object] = await other.objects("ApiDefinition", name);
  if (!object) throw new Error(`There is no ${name}`);
  return object;
}

async function apply(changes: readonly AttributedChange[]): Promise<void> {
  await other.apply({
    parentRevision: await other.revision(),
    commit: "c".repeat(40),
    origin: "here",
    changes,
    blobs: new Map(),
  });
}
