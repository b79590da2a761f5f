import { array, assert, asyncProperty, constantFrom, dictionary, option, string } from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";

import { silentLog } from "../../src/log.ts";
import type { GitwayObject, Manifest } from "../../src/manifest/manifest.ts";
import type { AttributedChange, StoredObject } from "../../src/plan/plan.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Store } from "../../src/store/store.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { commitId, create, definition, remove, token, update } from "../support/objects.ts";

let database: TestDatabase;
let store: Store;

beforeAll(async () => {
  database = await createDatabase();
  store = await openStore({ databaseUrl: database.url }, { log: silentLog() });
});

afterAll(async () => {
  await store.close();
  await database.drop();
});

const oddTexts = [
  "NUL \0 within",
  "lone surrogate \uD800",
  "\u2028 \u0000 \u001F \u007F \uFEFF",
  "back\\slash \\u0000 \"quotes\" 'single' {braces} [brackets] NULL null",
  "𝒳 emoji 👩‍👩‍👧 combining é",
  "<script>%s $1 -- ;",
  "",
];

test.each(oddTexts)("a body of %j reads back as it was written", async (body) => {
  const after = definition({
    name: "odd",
    annotations: { note: body },
    spec: { action: { reply: { body } } },
  });

  await apply([await createOrUpdate(after)]);

  expect(contentOf(await only("odd"))).toEqual(contentOf(after));
});

test("numbers and keys of every kind read back as they were written", async () => {
  const dashboard = JSON.parse(
    '{"__proto__": {"x": 1}, "constructor": 1, "0": "zero", "b": 1, "a": 2, "": 3, "numbers": [0.1, 1e21, 1e-7, 9007199254740991, 5e-324, 1.7976931348623157e308, -1]}',
  ) as Record<string, unknown>;
  const after = definition({ name: "odd", spec: { dashboard } });

  await apply([await createOrUpdate(after)]);

  const stored = await only("odd");
  expect(JSON.stringify(stored.spec)).toBe(JSON.stringify(after.spec));
});

test("any sequence of applies leaves what was applied last, and every version that ever was", async () => {
  await assert(
    asyncProperty(array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
      await clear();
      const model = new Map<string, Manifest>();
      for (const wanted of steps) {
        const versionsBefore = await versions();

        await applyWanted(wanted, model);

        const { objects } = await store.current();
        expect(byName(objects)).toEqual(byName([...model.values()]));
        const versionsAfter = await versions();
        expect(versionsAfter.slice(0, versionsBefore.length)).toEqual(versionsBefore);
      }
    }),
    { numRuns: 30 },
  );
});

/** What a step wants each of three names to be: a token with that description, or gone. */
const step = dictionary(
  constantFrom("a", "b", "c"),
  option(string({ unit: "binary", maxLength: 20 }), { nil: null }),
  { minKeys: 1, noNullPrototype: true },
);

async function applyWanted(
  wanted: Record<string, string | null>,
  model: Map<string, Manifest>,
): Promise<void> {
  const { objects } = await store.current();
  const changes = Object.entries(wanted).flatMap(([name, description]): AttributedChange[] => {
    const before = objects.find((object) => object.name === name);
    if (description === null) {
      model.delete(name);
      return before ? [remove(before)] : [];
    }
    const after = token({ name, spec: { description } });
    model.set(name, after);
    return [before ? update(before, after) : create(after)];
  });
  if (changes.length > 0) await apply(changes);
}

async function clear(): Promise<void> {
  const { objects } = await store.current();
  if (objects.length > 0) await apply(objects.map((object) => remove(object)));
}

async function createOrUpdate(after: Manifest): Promise<AttributedChange> {
  const { objects } = await store.current();
  const before = objects.find(({ name }) => name === after.name);
  return before ? update(before, after) : create(after);
}

async function apply(changes: AttributedChange[]): Promise<void> {
  const { revision } = await store.current();
  await store.apply({
    parentRevision: revision,
    commit: commitId("x"),
    origin: "test",
    changes,
    blobs: new Map(),
  });
}

async function only(name: string): Promise<StoredObject> {
  const [object] = await store.objects("ApiDefinition", name);
  if (!object) throw new Error(`no ${name}`);
  return object;
}

/** All versions but whether they ended, which is the one thing that may change. */
function versions(): Promise<unknown[]> {
  return database.query(
    "select version, kind, object_id, name, spec::text, hash, from_revision from gitway.object_version order by version",
  );
}

function byName(objects: readonly GitwayObject[]): Record<string, unknown> {
  return Object.fromEntries(objects.map((object) => [object.name, contentOf(object)]));
}

function contentOf({ kind, id, name, labels, annotations, spec, files, hash }: GitwayObject): unknown {
  return { kind, id, name, labels, annotations, spec, files, hash };
}
