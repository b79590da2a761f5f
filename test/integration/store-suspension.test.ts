import { beforeEach, expect, test, vi } from "vitest";

import { silentLog } from "../../src/log.ts";
import { newSecret } from "../../src/secret.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Applied, Store } from "../../src/store/store.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { commitId, create, johnDoe, token } from "../support/objects.ts";

const jane = { name: "Jane Roe", email: "jane.roe@example.com" };

let database: TestDatabase;
let store: Store;
let other: Store;

beforeEach(async () => {
  database = await createDatabase();
  const location = { databaseUrl: database.url };
  [store, other] = (await Promise.all([1, 2].map(() => openStore(location, { log: silentLog() })))) as [
    Store,
    Store,
  ];
  return async () => {
    await Promise.all([store.close(), other.close()]);
    await database.drop();
  };
});

test("a suspension holds for every process until somebody ends it, and stays on record", async () => {
  expect(await store.suspension()).toBeNull();

  const suspension = await store.suspend({ by: jane, reason: "release freeze" });

  expect(suspension).toEqual({ since: expect.any(String), by: jane, reason: "release freeze" });
  expect(await other.suspension()).toEqual(suspension);
  expect(await other.resume(johnDoe)).toEqual(suspension);
  expect([await store.suspension(), await store.resume(jane)]).toEqual([null, null]);
  expect(await database.query("select by_name, reason, resumed_by_name from gitway.suspension")).toEqual([
    { by_name: "Jane Roe", reason: "release freeze", resumed_by_name: "John Doe" },
  ]);
});

test("of several who suspend the first is named", async () => {
  const [one, two] = await Promise.all([
    store.suspend({ by: jane, reason: null }),
    other.suspend({ by: johnDoe, reason: "another" }),
  ]);

  expect(one).toEqual(two);
  expect(await store.suspend({ by: johnDoe, reason: "later" })).toEqual(one);
  await store.resume(jane);
  expect(await store.suspend({ by: johnDoe, reason: "later" })).toMatchObject({ by: johnDoe });
});

test("an apply is refused by name, and changes nothing", async () => {
  await other.suspend({ by: jane, reason: "release freeze" });

  await expect(apply(0)).rejects.toMatchObject({
    code: "suspended",
    message: expect.stringMatching(
      /^Reconciling is suspended since \S+Z by Jane Roe \(release freeze\): .*'gitway resume' or POST \/api\/sync\/resume\.$/,
    ),
  });

  expect(await store.current()).toMatchObject({ revision: 0, objects: [] });
  await other.resume(jane);
  expect((await apply(0)).revision).toBe(1);
});

test("once a suspension is answered nothing is applied, whoever was under way", async () => {
  let revision = 0;
  for (let round = 0; round < 20; round++) {
    const applying = apply(revision).then(
      (applied) => applied.revision,
      (error: { code: string }) => error.code,
    );
    await other.suspend({ by: jane, reason: null });
    const seen = await other.revision();
    const outcome = await applying;

    expect([outcome, await store.revision()]).toEqual([outcome === "suspended" ? "suspended" : seen, seen]);
    revision = seen;
    await other.resume(jane);
  }
});

test("a suspension waits for the apply that is under way", async () => {
  const held = await database.hold();
  await held.query("select 1 from gitway.pointer for update");
  let answered = false;
  const suspending = store.suspend({ by: jane, reason: null }).then(() => (answered = true));
  const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  await vi.waitUntil(async () => (await database.query(waiting)).length > 0);

  expect(answered).toBe(false);
  await held.query("rollback");
  await held.end();
  await suspending;
});

test("secrets are issued and revoked all the same; those that manifests refer to stay as they are", async () => {
  await apply(0, "internal");
  const [internal] = await store.objects("ApiToken");
  const [issued, referred] = [newSecret(), newSecret()];
  const references = [{ tokenId: internal!.id, hash: referred.hash() }];
  await store.syncReferences(references);
  await store.suspend({ by: jane, reason: null });

  await store.issueCredential({ token: "internal", hash: issued.hash(), by: jane });
  const [revoked] = await store.revokeCredentials({
    token: "internal",
    by: jane,
    id: (await store.credentials("internal")).find(({ origin }) => origin === "issued")!.id,
  });
  expect(revoked).toBeDefined();
  expect(await store.syncReferences([])).toBe(false);
  expect((await store.serving()).credentials.map(({ hash }) => hash)).toEqual([
    referred.hash().toString("hex"),
  ]);

  await store.resume(jane);
  expect(await store.syncReferences([])).toBe(true);
});

test("whoever reconciles is told to look again", async () => {
  let heard = 0;
  const listening = await other.onWake(() => heard++);

  await store.suspend({ by: jane, reason: null });
  await vi.waitUntil(() => heard >= 1);
  const before = heard;
  await store.resume(jane);

  await vi.waitUntil(() => heard > before);
  await listening.close();
});

function apply(parentRevision: number, name = `token-${parentRevision}`): Promise<Applied> {
  const changes = [create(token({ name }))];
  return store.apply({ parentRevision, commit: commitId(name), origin: "test", changes, blobs: new Map() });
}
