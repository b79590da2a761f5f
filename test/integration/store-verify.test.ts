import { Ajv } from "ajv";
import { beforeEach, describe, expect, test } from "vitest";

import { silentLog } from "../../src/log.ts";
import { hashObject } from "../../src/manifest/canonical.ts";
import type { AttributedChange } from "../../src/plan/plan.ts";
import { schemas } from "../../src/schemas.generated.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { EventVerification, Store } from "../../src/store/store.ts";
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

test("no event at all is as it was written", async () => {
  expect(await verify()).toEqual({ checked: 0, healed: 0, fault: null });
});

describe("a chain of events", () => {
  beforeEach(async () => {
    await apply([
      create(user({ name: "jdoe", emails: ["john.doe@example.com"] })),
      create(token({ name: "internal" })),
    ]);
    await apply([create(definition({ name: "status" }), released)]);
    await store.issueCredential({ token: "internal", hash: Buffer.alloc(32, 1), by: john });
    await apply([update(await named("status"), definition({ name: "status", route: "other" }))]);
    await apply([remove(await named("status"))]);
  });

  test("is as it was written over applies and credentials, and can be checked from the outside", async () => {
    const events = await store.events({ limit: 100 });

    expect(await verify()).toEqual({ checked: 6, healed: 0, fault: null });
    expect(events[0]?.previousHash).toBe("0".repeat(64));
    for (const [index, { hash, ...said }] of events.entries()) {
      expect(hash).toBe(hashObject(JSON.parse(JSON.stringify(said))));
      if (index > 0) expect(said.previousHash).toBe(events[index - 1]?.hash);
    }
    expect(events[2]).toMatchObject({ releasedBy: released.releasedBy });
  });

  test("is printed as the schema of events says", async () => {
    const validate = new Ajv({ formats: { "date-time": true } }).compile(schemas["event.schema.json"]!);

    for (const event of await store.events({ limit: 100 }))
      expect([validate(event), validate.errors]).toEqual([true, null]);
  });

  const tampered: Record<string, string> = {
    time: "time + interval '1 second'",
    message: "message || '!'",
    action: "'revoked'",
    kind: "'Webhook'",
    object_id: "gen_random_uuid()",
    name: "'else'",
    route: "'else'",
    actor_name: "'Somebody Else'",
    actor_email: "'else@example.com'",
    actor_user: "null",
    by_gitway: "true",
    committer_name: "'Somebody Else'",
    committer_email: "'else@example.com'",
    contributors: `'[{"name":"x","email":"y"}]'`,
    released_by: "null",
    commit: `'${commitId("else")}'`,
    path: "'else.yaml'",
    line: "line + 1",
    revision: "revision - 1",
    version_before: "1",
    version_after: "1",
    object_hash: "repeat('a', 64)",
    previous_hash: "repeat('a', 64)",
    hash: "repeat('a', 64)",
    authored_at: "now()",
    first_written: `'{"author":{"name":"x","email":"y"},"commit":"${commitId("else")}","authoredAt":null}'`,
  };

  test.each(Object.entries(tampered))("a changed %s names its event", async (column, value) => {
    const { id } = (await store.events({ limit: 100 }))[2]!;
    await behindItsBack(`update gitway.event set ${column} = ${value} where id = ${id}`);

    const { checked, fault } = await verify();

    expect(checked).toBe(2);
    expect(fault).toMatchObject({ id, differences: expect.arrayContaining([expect.stringMatching(/\.$/)]) });
  });

  test("every column of an event is one that a change of which is noticed", async () => {
    const columns = await database.query<{ column_name: string }>(
      "select column_name from information_schema.columns where table_schema = 'gitway' and table_name = 'event'",
    );

    expect(Object.keys(tampered).toSorted()).toEqual(
      columns
        .map(({ column_name }) => column_name)
        .filter((name) => name !== "id")
        .toSorted(),
    );
  });

  test.each(["time + interval '1 microsecond'", "'infinity'"])(
    "a time of %s names its event",
    async (time) => {
      const { id } = (await store.events({ limit: 100 }))[2]!;
      await behindItsBack(`update gitway.event set time = ${time} where id = ${id}`);

      expect((await verify()).fault).toMatchObject({ id, time: null });
    },
  );

  test("what differs is told as far as it is known from elsewhere", async () => {
    const { id, versionAfter } = (await store.events({ limit: 100 }))[2]!;
    await behindItsBack(`update gitway.event set line = 7 where id = ${id}`);

    expect((await verify()).fault?.differences).toEqual([
      "It does not have the content that it was hashed with.",
      `Its line is '7', and version ${versionAfter} says '1'.`,
    ]);
  });

  test("a removed event is noticed at the one behind it", async () => {
    const ids = await eventIds();
    await behindItsBack(`delete from gitway.event where id = ${ids[3]}`);

    expect(await verify()).toMatchObject({ checked: 3, fault: { id: ids[4] } });
  });

  test("a removed beginning is noticed", async () => {
    const ids = await eventIds();
    await behindItsBack(`delete from gitway.event where id = ${ids[0]}`);

    expect(await verify()).toMatchObject({ checked: 0, fault: { id: ids[1] } });
  });

  test("a removed end is noticed", async () => {
    const ids = await eventIds();
    await behindItsBack(`delete from gitway.event where id >= ${ids[4]}`);

    expect(await verify()).toMatchObject({ checked: 4, fault: { id: null, time: null } });
  });

  test("that all events are gone is noticed", async () => {
    await behindItsBack("delete from gitway.event");

    expect((await verify()).fault?.differences[0]).toContain("All events are gone");
  });

  test("two events that changed places are noticed", async () => {
    const ids = await eventIds();
    await behindItsBack(
      `alter table gitway.event alter column id set generated by default;
       update gitway.event set id = -1 where id = ${ids[1]};
       update gitway.event set id = ${ids[1]} where id = ${ids[2]};
       update gitway.event set id = ${ids[2]} where id = -1`,
    );

    expect(await verify()).toMatchObject({ checked: 1, fault: { id: ids[1] } });
  });

  test("an event that was slipped in is noticed", async () => {
    const ids = await eventIds();
    await behindItsBack(`delete from gitway.event where id = ${ids[1]}`);
    await behindItsBack(insertCopy(ids[0]!, ids[1]!));

    expect(await verify()).toMatchObject({ checked: 1, fault: { id: ids[1] } });
  });

  test("an event that was added at the end is noticed, also with a hash that fits", async () => {
    const ids = await eventIds();
    await behindItsBack(insertCopy(ids[5]!, ids[5]! + 1));
    const [, forged] = await store.events({ limit: 2 });
    const hash = hashObject({
      ...forged,
      previousHash: (await store.events({ limit: 2 }))[0]!.hash,
      hash: undefined,
    });
    await behindItsBack(
      `update gitway.event set previous_hash = (select hash from gitway.event where id = ${ids[5]}), hash = '${hash}' where id > ${ids[5]}`,
    );

    const { fault } = await verify();

    expect(fault).toMatchObject({ id: null });
  });

  test("a version whose content was changed is noticed at the event that made it", async () => {
    const ids = await eventIds();
    await behindItsBack(`update gitway.object_version set spec = '{}' where name = 'internal'`);

    expect(await verify()).toMatchObject({
      checked: 1,
      fault: { id: ids[1], differences: [expect.stringMatching(/^Version \d+ does not have the content/)] },
    });
  });

  test("a version whose content was changed along with its hash is noticed too", async () => {
    const ids = await eventIds();
    const internal = token({ name: "internal", spec: { disabled: true } });
    await behindItsBack(
      `update gitway.object_version set spec = '${JSON.stringify(internal.spec)}', hash = '${internal.hash}' where name = 'internal'`,
    );

    expect(await verify()).toMatchObject({
      fault: {
        id: ids[1],
        differences: [expect.stringMatching(/^Version \d+ is not what the event put there/)],
      },
    });
  });

  test("what others know is told, and the first event counts", async () => {
    const ids = await eventIds();

    const { checked, fault } = await store.verifyEvents(
      async (events) => new Map(events.map(({ id }) => [id, id >= ids[3]! ? ["Git says otherwise."] : []])),
    );

    expect(checked).toBe(3);
    expect(fault).toMatchObject({ id: ids[3], differences: ["Git says otherwise."] });
  });
});

test("events can't be changed or deleted with a plain statement", async () => {
  await apply([create(token({ name: "internal" }))]);
  const attempts = [
    "update gitway.event set message = 'x'",
    "delete from gitway.event",
    "truncate gitway.event",
  ];

  for (const attempt of attempts) await expect(database.query(attempt)).rejects.toThrow(/append-only/);
});

test("a long chain is walked to its end, and odd texts keep their hashes", async () => {
  const odd = { name: "NUL \0 half \uD800 \u2028 \u007F \\u0000", email: "'\"<>@x" };
  const by = attribution({ author: odd, committer: odd, contributors: [odd] });
  const names = Array.from({ length: 250 }, (_, index) => `token-${index}`);
  await apply(names.map((name) => create(token({ name, file: "apis/\0.yaml" }), by)));
  await store.issueCredential({ token: "token-1", hash: Buffer.alloc(32, 1), by: odd });

  expect(await verify()).toEqual({ checked: 251, healed: 0, fault: null });
});

test("writers who work at the same time leave one chain", async () => {
  await apply([create(token({ name: "internal" }))]);

  await Promise.all(
    [2, 3, 4, 5].map((byte) =>
      store.issueCredential({ token: "internal", hash: Buffer.alloc(32, byte), by: john }),
    ),
  );

  expect(await verify()).toEqual({ checked: 5, healed: 0, fault: null });
});

const john = { name: "John Doe", email: "john.doe@example.com" };
const released = attribution({
  releasedBy: { author: { name: "Ada", email: "ada@example.com" }, commit: commitId("release") },
});

function verify(): Promise<EventVerification> {
  return store.verifyEvents(async () => new Map());
}

async function eventIds(): Promise<number[]> {
  return (await store.events({ limit: 100 })).map(({ id }) => id);
}

/** As the owner of the tables can, who may switch triggers off. */
async function behindItsBack(statements: string): Promise<void> {
  await database.query(
    `begin;
     alter table gitway.event disable trigger user; alter table gitway.object_version disable trigger user;
     ${statements};
     alter table gitway.event enable trigger user; alter table gitway.object_version enable trigger user;
     commit`,
  );
}

function insertCopy(from: number, to: number): string {
  return `create temp table copied on commit drop as select * from gitway.event where id = ${from};
    update copied set id = ${to};
    insert into gitway.event overriding system value select * from copied`;
}

async function apply(changes: AttributedChange[]): Promise<void> {
  const { revision } = await store.current();
  await store.apply({
    parentRevision: revision,
    commit: commitId("first"),
    origin: "test",
    changes,
    blobs: new Map(),
  });
}

async function named(name: string) {
  const object = (await store.current()).objects.find((each) => each.name === name);
  if (!object) throw new Error(`no object ${name}`);
  return object;
}
