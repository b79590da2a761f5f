import { Client } from "pg";
import { beforeEach, describe, expect, test, vi } from "vitest";

import { gitwayActor } from "../../src/plan/plan.ts";
import { changeRows } from "../support/change-rows.ts";
import { createReconciling, replyManifest, tokenManifest, type Reconciling } from "../support/reconciling.ts";

let world: Reconciling;

beforeEach(async () => {
  world = await createReconciling();
  await world.repository.commit({
    files: {
      "apis/hello.yaml": replyManifest("hello", "hello", "ok", ["internal"]),
      "apis/other.yaml": replyManifest("other", "other"),
      "apis/token.yaml": tokenManifest("internal"),
    },
  });
  await world.pass();
  return () => world.close();
});

test("a store that nobody touched has not drifted", async () => {
  expect(await world.store.findDrift()).toEqual([]);
  expect(await world.store.checkDrift()).toEqual([]);
  expect((await world.pass()).outcome).toBe("unchanged");
});

const changes: Record<string, string> = {
  spec: `spec = replace(spec::text, '"ok"', '"hacked"')::json`,
  "spec and hash": `spec = replace(spec::text, '"ok"', '"hacked"')::json, hash = repeat('a', 64)`,
  hash: "hash = repeat('a', 64)",
  name: "name = 'elsewhere'",
  route: "route = 'elsewhere'",
  claim: "claim = 'elsewhere'",
  labels: `labels = '{"a":"b"}'`,
  path: "path = 'elsewhere.yaml'",
  line: "line = line + 1",
  commit: "commit = repeat('a', 40)",
  "an unreadable spec": "spec = 'null'",
  "an odd spec": `spec = '{"route": 5, "tokens": {"a": 1}}'`,
  id: "object_id = gen_random_uuid()",
  kind: "kind = 'User'",
  end: "to_revision = from_revision + 1",
};

describe.each(Object.entries(changes))("a row with another %s", (_, assignment) => {
  beforeEach(() => behindItsBack(`update gitway.object_version set ${assignment} where name = 'hello'`));

  test("is healed by the next pass as Gitway's doing, and the pass after that has nothing to do", async () => {
    const count = (await world.messages()).length;

    const first = await world.pass();
    const events = (await world.store.events({ limit: 100 })).slice(count);
    const second = await world.pass();

    expect([first.outcome, second.outcome]).toEqual(["applied", "unchanged"]);
    expect(new Set(events.map(({ actor }) => actor.name))).toEqual(new Set([gitwayActor.name]));
    expect(events.filter(({ name, action }) => name === "hello" && action !== "deleted")).toHaveLength(1);
    expect(await places()).toEqual([
      "hello apis/hello.yaml:1",
      "other apis/other.yaml:1",
      "internal apis/token.yaml:1",
    ]);
    expect(await world.store.findDrift()).toEqual([]);
    expect(await world.store.verifyEvents(async () => new Map())).toMatchObject({ fault: null });
  });
});

async function places(): Promise<string[]> {
  const { objects } = await world.store.current();
  return objects.map(({ name, path, line }) => `${name} ${path}:${line}`);
}

test("after healing the content is what Git says", async () => {
  const { objects: before } = await world.store.current();
  await behindItsBack(`update gitway.object_version set ${changes["spec and hash"]} where name = 'hello'`);

  const { applied } = await world.pass();

  const { objects } = await world.store.current();
  expect(objects.map(({ version: _v, ...said }) => said)).toEqual(
    before.map(({ version: _v, ...said }) => said),
  );
  expect(
    applied?.events.map(({ action, message, actor }) => [action, message.split(" was ")[1], actor.email]),
  ).toEqual([["updated", "updated by Gitway", ""]]);
});

test("a deleted row is healed", async () => {
  const before = await live();
  await behindItsBack("delete from gitway.object_version where name = 'hello'");

  const first = await world.pass();
  const second = await world.pass();

  expect(first.applied?.events.map(({ action, actor }) => [action, actor.name])).toEqual([
    ["added", "Gitway"],
  ]);
  expect(second.outcome).toBe("unchanged");
  expect(await live()).toEqual(before);
  expect(await world.store.verifyEvents(async () => new Map())).toMatchObject({ fault: null, healed: 1 });
});

test("a row that was slipped in is ended", async () => {
  const before = await live();
  await database(
    copyOf("hello", "object_id = gen_random_uuid(), name = 'rogue', claim = 'rogue', route = 'rogue'"),
  );

  expect(await world.store.findDrift()).toMatchObject([{ name: "rogue", what: "unexpected" }]);
  const first = await world.pass();
  const second = await world.pass();

  expect(first.applied?.events.map(({ action, name, actor }) => [action, name, actor.name])).toEqual([
    ["deleted", "rogue", "Gitway"],
  ]);
  expect(second.outcome).toBe("unchanged");
  expect(await live()).toEqual(before);
});

test("a second version of an object is ended, and one event tells of it", async () => {
  const before = await live();
  await behindItsBack(
    copyOf("hello", `spec = replace(spec::text, '"ok"', '"hacked"')::json`),
    "set session_replication_role = replica",
  );

  const first = await world.pass();
  const second = await world.pass();

  expect(first.applied?.events).toHaveLength(1);
  expect(second.outcome).toBe("unchanged");
  expect(await live()).toEqual(before);
  expect(
    await rows("select 1 from gitway.object_version where to_revision is null and name = 'hello'"),
  ).toHaveLength(1);
});

test.each(["null", '{"emails": 5}'])("a user whose spec is %s keeps nobody from writing", async (spec) => {
  const user = "apiVersion: gitway/v1\nkind: User\nmetadata: { name: jdoe }\nspec: { displayName: John }\n";
  await world.repository.commit({ files: { "apis/user.yaml": user } });
  await world.pass();
  await behindItsBack(`update gitway.object_version set spec = '${spec}' where name = 'jdoe'`);

  await world.store.issueCredential({ token: "internal", hash: Buffer.alloc(32, 1), by: gitwayActor });
  const { outcome } = await world.pass();

  expect(outcome).toBe("applied");
  expect(await world.store.findDrift()).toEqual([]);
});

test("a change in Git that comes with a healing is its author's", async () => {
  await behindItsBack(`update gitway.object_version set ${changes["spec"]} where name = 'hello'`);
  const jane = { name: "Jane Roe", email: "jane@example.com" };
  await world.repository.commit({
    author: jane,
    files: { "apis/hello.yaml": replyManifest("hello", "hello", "new", ["internal"]) },
  });

  const { applied } = await world.pass();

  expect(applied?.events.map(({ actor }) => actor.name)).toEqual(["Jane Roe"]);
  expect(await world.store.findDrift()).toEqual([]);
});

test.each(["spec", "end"])("who changes the %s again and again causes few events", async (what) => {
  const tamper = () =>
    behindItsBack(
      `update gitway.object_version set ${changes[what]} where name = 'hello' and to_revision is null`,
    );
  await tamper();
  await world.pass();
  await tamper();
  const count = (await world.messages()).length;

  const waiting = await world.pass();
  await database("update gitway.drift_episode set healed_at = healed_at - interval '1 minute'");
  const due = await world.pass();

  expect([waiting.outcome, due.outcome]).toEqual(["unchanged", "applied"]);
  expect(await world.messages()).toHaveLength(count + 1);
  expect(await world.store.findDrift()).toEqual([]);
});

test.each(["spec", "end"])(
  "a change in Git goes live also while healing another %s has to wait",
  async (what) => {
    const tamper = () =>
      behindItsBack(
        `update gitway.object_version set ${changes[what]} where name = 'hello' and to_revision is null`,
      );
    await tamper();
    await world.pass();
    await tamper();
    await world.repository.commit({
      files: { "apis/hello.yaml": replyManifest("hello", "hello", "new", ["internal"]) },
    });

    const { applied } = await world.pass();

    expect(applied?.events.map(({ actor }) => actor.name)).toEqual(["Test Author"]);
    expect(await world.store.findDrift()).toEqual([]);
  },
);

test("a write that did not come from an apply is heard of at once, also without triggers", async () => {
  let heard = 0;
  const listening = await world.store.onWake(() => heard++);

  await database(copyOf("hello", "object_id = gen_random_uuid(), name = 'rogue', claim = null"));
  await vi.waitFor(() => expect(heard).toBe(1), 5000);
  await database(
    "begin; set local session_replication_role = replica; update gitway.object_version set line = 9; commit",
  );
  await vi.waitFor(() => expect(heard).toBe(2), 5000);
  await world.pass({ allowPrune: true });
  await listening.close();

  expect(heard).toBe(2);
});

test("what was written with all triggers switched off is not heard of, but found by the next look", async () => {
  let heard = 0;
  const listening = await world.store.onWake(() => heard++);
  await behindItsBack("delete from gitway.object_version where name = 'hello'");

  const found = await world.store.checkDrift();
  const again = await world.store.checkDrift();
  await listening.close();

  expect([heard, found, again]).toEqual([
    0,
    [expect.objectContaining({ name: "hello", what: "missing" })],
    [],
  ]);
});

test("a look that is long ago is repeated", async () => {
  await world.pass();
  await database("update gitway.drift_check set checked_at = now() - interval '1 hour'");

  await world.pass();

  expect(
    await rows("select 1 from gitway.drift_check where checked_at > now() - interval '1 minute'"),
  ).toHaveLength(1);
});

test("an apply is no drift", async () => {
  await world.repository.commit({ files: { "apis/other.yaml": replyManifest("other", "other", "new") } });
  await world.pass();

  expect(await rows("select * from gitway.drift_note")).toEqual([]);
});

/** Readable and comparable: what is live, without the numbers of versions. */
async function live(): Promise<unknown> {
  const { objects } = await world.store.current();
  return objects.map(({ version: _version, ...said }) => said);
}

/** As the owner of the tables can, who may switch triggers off. Triggers that note drift included. */
const behindItsBack = (statements: string, setting?: string) =>
  changeRows(world.databaseUrl, statements, setting);

function copyOf(name: string, assignments: string): string {
  return `create temp table copied as select * from gitway.object_version where name = '${name}' and to_revision is null;
    update copied set version = 1000000, dashboard_id = null, api_id = null, ${assignments};
    insert into gitway.object_version overriding system value select * from copied`;
}

async function database(sql: string): Promise<void> {
  await rows(sql);
}

async function rows(sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: world.databaseUrl });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
