import { createHash } from "node:crypto";

import { beforeEach, expect, test } from "vitest";

import { silentLog } from "../../src/log.ts";
import type { AttributedChange, StoredObject } from "../../src/plan/plan.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Applied, Store } from "../../src/store/store.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import {
  attribution,
  commitId,
  create,
  definition,
  remove,
  token,
  update,
  user,
  webhook,
} from "../support/objects.ts";

let database: TestDatabase;
let store: Store;

beforeEach(async () => {
  database = await createDatabase();
  store = await openStore({ databaseUrl: database.url }, { log: silentLog() });
  return async () => {
    await store.close();
    await database.drop();
  };
});

test("an empty store is at revision 0, without origin and objects", async () => {
  expect(await store.current()).toEqual({ revision: 0, origin: null, objects: [] });
  expect(await store.readSync()).toBeNull();
  expect(await store.events({ limit: 10 })).toEqual([]);
  expect(await store.serving()).toEqual({
    revision: 0,
    commit: null,
    definitions: [],
    tokens: [],
    credentials: [],
    blobs: new Map(),
    mark: { revision: 0, applyId: null, credentialChanges: 0 },
  });
});

test("an apply creates versions, a revision and an event for each change", async () => {
  const changes = [create(token({ name: "internal" })), create(definition({ name: "status", line: 7 }))];

  const applied = await apply(changes);

  const { revision, origin, objects } = await store.current();
  expect({ revision, origin }).toEqual({ revision: 1, origin: "test" });
  expect(applied.revision).toBe(1);
  expect(objects.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    "ApiDefinition status",
    "ApiToken internal",
  ]);
  expect(await named("status")).toMatchObject({
    commit: commitId("first"),
    path: "apis/status.yaml",
    line: 7,
  });
  expect(await store.events({ limit: 10 })).toEqual(applied.events);
  expect(applied.events.map(({ name, versionAfter }) => [name, versionAfter])).toEqual([
    ["internal", (await named("internal")).version],
    ["status", (await named("status")).version],
  ]);
});

test("events read as the form of information events says", async () => {
  const route = definition({
    name: "encoder-status",
    id: "c4cc7192-6ff5-4ca5-aae0-57c8615e25c8",
    route: "encoders/status",
  });
  const internal = token({ name: "internal", id: "2faa728c-218d-4139-8aa1-8f033c60dd07" });
  await apply([
    create(route),
    create(internal),
    create(user({ name: "jdoe", emails: ["John.Doe@Example.com"] })),
  ]);

  const changed = token({ name: "internal", id: internal.id, spec: { disabled: true } });
  await apply([update(await named("internal"), changed)]);
  await apply([remove(await named("encoder-status"))]);

  const events = await store.events({ limit: 10 });
  expect(events.map(({ message }) => message)).toEqual([
    "ApiDefinition with route 'encoders/status' (c4cc7192-6ff5-4ca5-aae0-57c8615e25c8) was added by John Doe",
    "ApiToken 'internal' (2faa728c-218d-4139-8aa1-8f033c60dd07) was added by John Doe",
    expect.stringMatching(/^User 'jdoe' \([0-9a-f-]{36}\) was added by John Doe$/),
    "ApiToken 'internal' (2faa728c-218d-4139-8aa1-8f033c60dd07) was updated by John Doe",
    "ApiDefinition with route 'encoders/status' (c4cc7192-6ff5-4ca5-aae0-57c8615e25c8) was deleted by John Doe",
  ]);
  expect(events[0]).toMatchObject({
    parameterId: 64650,
    parameterName: "User-defined APIs",
    action: "added",
    kind: "ApiDefinition",
    route: "encoders/status",
    actor: { name: "John Doe", email: "john.doe@example.com", user: "jdoe" },
    commit: commitId("first"),
    path: "apis/encoder-status.yaml",
    line: 1,
    revision: 1,
    versionBefore: null,
  });
  expect(events[4]).toMatchObject({
    versionBefore: events[0]?.versionAfter,
    versionAfter: null,
    revision: 3,
  });
});

test("an event knows committer, contributors, and an author without a user", async () => {
  const by = attribution({
    author: { name: "Søren", email: "soren@example.com" },
    committer: { name: "CI", email: "ci@example.com" },
    contributors: [{ name: "Ada", email: "ada@example.com" }],
  });

  const { events } = await apply([create(token({ name: "internal" }), by)]);

  expect(events[0]).toMatchObject({
    actor: { name: "Søren", email: "soren@example.com", user: null },
    committer: { name: "CI", email: "ci@example.com" },
    contributors: [{ name: "Ada", email: "ada@example.com" }],
  });
});

test("Postgres knows at once that an apply has written much", async () => {
  const names = Array.from({ length: 500 }, (_, count) => `token-${count}`);

  await apply(names.map((name) => create(token({ name }))));

  const known = `select reltuples from pg_class where oid in ('gitway.event'::regclass, 'gitway.object_version'::regclass)`;
  expect(await database.query(known)).toEqual([{ reltuples: 500 }, { reltuples: 500 }]);
});

test("of two writers with the same parent one wins, and no event is lost or doubled", async () => {
  const other = await openStore({ databaseUrl: database.url }, { log: silentLog() });
  const request = (name: string) => ({
    parentRevision: 0,
    commit: commitId(name),
    origin: "test",
    changes: [create(token({ name }))],
    blobs: new Map(),
  });

  const outcomes = await Promise.allSettled([store.apply(request("one")), other.apply(request("two"))]);
  await other.close();

  expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  const rejected = outcomes.find((outcome) => outcome.status === "rejected");
  expect(rejected?.reason).toMatchObject({ name: "AppError", code: "revision-moved" });
  expect(await store.events({ limit: 10 })).toHaveLength(1);
  expect((await store.current()).objects).toHaveLength(1);
});

test("eight writers who plan again after losing each get their change in, once", async () => {
  const names = ["a", "b", "c", "d", "e", "f", "g", "h"];

  await Promise.all(names.map((name) => applyUntilDone(name)));

  const events = await store.events({ limit: 100 });
  expect(events.map(({ name }) => name).sort()).toEqual(names);
  expect(events.map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect((await store.current()).revision).toBe(8);
});

test("an apply that breaks a rule leaves nothing, and its error names the objects", async () => {
  await apply([create(definition({ name: "first", route: "encoders/status" }))]);
  const before = await everything();

  const failure = apply([
    create(token({ name: "innocent" })),
    create(definition({ name: "second", route: "encoders/status" })),
  ]);

  await expect(failure).rejects.toMatchObject({
    code: "apply-failed",
    message: expect.stringMatching(
      /ApiDefinition 'first' .* and ApiDefinition 'second' .* would share the route/,
    ),
  });
  expect(await everything()).toEqual(before);
});

test("a name serves one object of a kind, and an id too", async () => {
  await apply([create(token({ name: "internal" }))]);
  const { id } = await named("internal");

  const sameName = apply([create(token({ name: "internal", id: "00000000-0000-4000-8000-000000000001" }))]);
  await expect(sameName).rejects.toMatchObject({
    code: "apply-failed",
    message: expect.stringContaining("the name"),
  });

  const sameId = apply([create(token({ name: "other", id }))]);
  await expect(sameId).rejects.toMatchObject({
    code: "apply-failed",
    message: expect.stringContaining("the id"),
  });
});

test("an id of the Dashboard API serves one object of a kind", async () => {
  const withId = (name: string, dashboard: Record<string, string>) =>
    create(definition({ name, spec: { dashboard } }));
  const id = "54c24242eba6db1c9a000002";
  await apply([
    withId("a", { api_id: "same", id }),
    create(webhook({ name: "a", spec: { dashboard: { id } } })),
  ]);

  await expect(apply([withId("b", { api_id: "same" })])).rejects.toMatchObject({
    code: "apply-failed",
    message: expect.stringMatching(/'a' .* and ApiDefinition 'b' .* would share the api_id/),
  });
  await expect(apply([withId("b", { id })])).rejects.toMatchObject({
    message: expect.stringContaining("would share the Dashboard's id"),
  });
});

test("two definitions swap their routes in one apply", async () => {
  await apply([
    create(definition({ name: "a", route: "one" })),
    create(definition({ name: "b", route: "two" })),
  ]);

  await apply([
    update(await named("a"), definition({ name: "a", route: "two" })),
    update(await named("b"), definition({ name: "b", route: "one" })),
  ]);

  expect((await store.serving()).definitions.map(({ name, spec }) => [name, spec.route])).toEqual([
    ["a", "two"],
    ["b", "one"],
  ]);
});

test("a route longer than an index entry is stored, and still claimed once", async () => {
  const route = "ü/".repeat(4000) + "x";
  await apply([create(definition({ name: "long", route }))]);

  await expect(apply([create(definition({ name: "again", route }))])).rejects.toMatchObject({
    code: "apply-failed",
  });

  expect((await store.serving()).definitions[0]?.spec.route).toBe(route);
});

test("a plan against versions that are gone is told to plan again", async () => {
  await apply([create(token({ name: "internal" }))]);
  const stale = await named("internal");
  await apply([update(stale, token({ name: "internal", spec: { disabled: true } }))]);

  const again = apply([remove(stale)]);

  await expect(again).rejects.toMatchObject({ code: "revision-moved" });
  expect((await store.current()).objects).toHaveLength(1);
});

test("an apply without changes is a bug", async () => {
  await expect(apply([])).rejects.toThrow(/without changes/);
});

test("referenced files are stored once, and handed to the endpoint as text", async () => {
  const content = Buffer.from("export default () => 'grüß';\n");
  const digest = createHash("sha256").update(content).digest("hex");
  const files = { "scripts/a.js": digest };
  const blobs = new Map([[digest, content]]);
  await apply([create(definition({ name: "a", files }))], blobs);

  await apply([create(definition({ name: "b", files }))]);

  expect((await store.serving()).blobs).toEqual(new Map([[digest, content.toString()]]));
});

test("a referenced file that nobody has fails the apply as a whole", async () => {
  const failure = apply([create(definition({ name: "a", files: { "a.js": "0".repeat(64) } }))]);

  await expect(failure).rejects.toMatchObject({
    code: "apply-failed",
    message: expect.stringContaining("0000"),
  });
  expect((await store.current()).revision).toBe(0);
});

test("versions can be ended once, and nothing else about them can change", async () => {
  await apply([create(token({ name: "internal" }))]);
  await apply([update(await named("internal"), token({ name: "internal", spec: { disabled: true } }))]);

  const attempts = [
    "update gitway.object_version set spec = '{}'",
    "update gitway.object_version set to_revision = 99 where to_revision is not null",
    "update gitway.object_version set to_revision = null",
    "delete from gitway.object_version",
    "truncate gitway.object_version cascade",
  ];

  for (const attempt of attempts) await expect(database.query(attempt)).rejects.toThrow(/append-only/);
});

test("events come newest first cut off and oldest first in order, or after an id", async () => {
  for (const name of ["a", "b", "c", "d"]) await apply([create(token({ name }))]);

  const newest = await store.events({ limit: 2 });
  const after = await store.events({ limit: 2, afterId: (await store.events({ limit: 4 }))[0]!.id });

  expect(newest.map(({ name }) => name)).toEqual(["c", "d"]);
  expect(after.map(({ name }) => name)).toEqual(["b", "c"]);
  expect(await store.events({ limit: 0 })).toEqual([]);
});

test("objects are found by kind and name", async () => {
  await apply([
    create(token({ name: "b" })),
    create(token({ name: "a" })),
    create(definition({ name: "a" })),
  ]);

  expect((await store.objects("ApiToken")).map(({ name }) => name)).toEqual(["a", "b"]);
  expect((await store.objects("ApiToken", "b")).map(({ name }) => name)).toEqual(["b"]);
  expect(await store.objects("Webhook")).toEqual([]);
  expect(await store.objects("ApiToken", "x' or true --")).toEqual([]);
});

test("the sync status is kept as it was written", async () => {
  const status = {
    source: { url: "https://git.example.com/apis.git", branch: "main", paths: ["apis"] },
    attempted: { commit: commitId("x"), revision: 1, at: "2026-01-01T00:00:00.000Z" },
    applied: null,
    converged: null,
    state: "failed",
    error: { code: "source-unreachable", message: "odd \0 text" },
    since: "2026-01-01T00:00:00.000Z",
    quarantined: [],
    held: [],
    problems: [],
  } as const;

  await store.writeSync(status);
  await store.writeSync({ ...status, state: "synced" });

  expect(await store.readSync()).toEqual({ ...status, state: "synced" });
});

async function apply(changes: AttributedChange[], blobs = new Map<string, Buffer>()): Promise<Applied> {
  const { revision } = await store.current();
  return store.apply({ parentRevision: revision, commit: commitId("first"), origin: "test", changes, blobs });
}

async function applyUntilDone(name: string): Promise<void> {
  while (true) {
    try {
      await apply([create(token({ name }))]);
      return;
    } catch (error) {
      expect(error).toMatchObject({ code: "revision-moved" });
    }
  }
}

async function named(name: string): Promise<StoredObject> {
  const object = (await store.current()).objects.find((object) => object.name === name);
  if (!object) throw new Error(`no object ${name}`);
  return object;
}

async function everything(): Promise<unknown> {
  return [await store.current(), await store.serving(), await store.events({ limit: 100 })];
}
