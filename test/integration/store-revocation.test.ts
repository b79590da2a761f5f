import { createHash } from "node:crypto";

import { beforeEach, expect, test, vi } from "vitest";

import { silentLog } from "../../src/log.ts";
import type { Manifest } from "../../src/manifest/manifest.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Store } from "../../src/store/store.ts";
import { startCuttingProxy } from "../support/cutting-proxy.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { commitId, create, johnDoe, token, user } from "../support/objects.ts";

const internal = token({ name: "internal", id: "2faa728c-218d-4139-8aa1-8f033c60dd07" });
const partner = token({ name: "partner" });
const day = 86_400_000;

let database: TestDatabase;
let store: Store;

beforeEach(async () => {
  database = await createDatabase();
  store = await openStore({ databaseUrl: database.url }, { log: silentLog() });
  await add(internal, partner, user({ name: "jdoe", emails: ["john.doe@example.com"] }));
  return async () => {
    await store.close();
    await database.drop();
  };
});

test("a rotation adds a secret, ends the ones before after the overlap, and is an event", async () => {
  await issue("old");
  await issue("older");

  const { issued, ended } = await rotate("new");

  expect(issued).toMatchObject({ tokenName: "internal", origin: "issued", notAfter: null, revokedAt: null });
  const end = new Date(Date.parse(issued.issuedAt) + day).toISOString();
  expect(ended.map(({ notAfter }) => notAfter)).toEqual([end, end]);
  expect((await store.serving()).credentials.map(({ hash, notAfter }) => [hash, notAfter])).toEqual([
    [hex("old"), end],
    [hex("older"), end],
    [hex("new"), null],
  ]);
  expect(await newestEvent()).toMatchObject({
    message: "A secret of ApiToken 'internal' (2faa728c-218d-4139-8aa1-8f033c60dd07) was rotated by John Doe",
    action: "rotated",
    actor: { ...johnDoe, user: "jdoe" },
    commit: null,
    revision: 1,
    versionAfter: null,
  });
});

test("a rotation never gives a secret more time than it had, and leaves other tokens alone", async () => {
  await issue("first");
  await issue("of another", "partner");
  await rotate("second", 1000);
  const [short] = await store.credentials("internal");

  const { ended } = await rotate("third");

  expect(ended.map(({ id }) => id)).toHaveLength(1);
  expect((await store.credentials("internal"))[0]).toEqual(short);
  expect((await store.credentials("partner"))[0]?.notAfter).toBeNull();
});

test("a rotation without overlap ends the secrets before at once", async () => {
  await issue("old");

  const { issued } = await rotate("new", 0);

  expect((await store.credentials("internal"))[0]?.notAfter).toBe(issued.issuedAt);
});

test("a rotation to a secret that is in use changes nothing", async () => {
  await issue("old");
  await issue("of another", "partner");

  await expect(rotate("of another")).rejects.toMatchObject({ code: "apply-failed" });
  await expect(rotate("new", day, "nobody")).rejects.toMatchObject({ code: "not-found" });

  expect((await store.credentials("internal")).map(({ notAfter }) => notAfter)).toEqual([null]);
});

test("a revoked secret is gone at once, and is an event", async () => {
  const first = await issue("first");
  await issue("second");

  const revoked = await store.revokeCredentials({ token: "internal", id: first.id, by: johnDoe });

  expect(revoked).toEqual([{ ...first, revokedAt: expect.any(String) }]);
  expect(await serving()).toEqual([hex("second")]);
  expect(await newestEvent()).toMatchObject({
    message: "A secret of ApiToken 'internal' (2faa728c-218d-4139-8aa1-8f033c60dd07) was revoked by John Doe",
    action: "revoked",
    actor: { ...johnDoe, user: "jdoe" },
  });
});

test("all secrets of a token are revoked together, however they came to be, with one event", async () => {
  await issue("issued");
  await store.syncReferences([{ tokenId: internal.id, hash: hash("from Git") }]);
  await issue("of another", "partner");

  const revoked = await store.revokeCredentials({ token: "internal", by: johnDoe });

  expect(revoked.map(({ origin }) => origin)).toEqual(["issued", "reference"]);
  expect(await serving()).toEqual([hex("of another")]);
  expect(await newestEvent()).toMatchObject({
    message:
      "2 secrets of ApiToken 'internal' (2faa728c-218d-4139-8aa1-8f033c60dd07) were revoked by John Doe",
    action: "revoked",
  });
  expect((await store.verifyEvents(async () => new Map())).fault).toBeNull();
});

test("what was revoked stays so, whatever Git says", async () => {
  await store.syncReferences([{ tokenId: internal.id, hash: hash("leaked") }]);
  await store.revokeCredentials({ token: "internal", by: johnDoe });

  expect(await store.syncReferences([{ tokenId: internal.id, hash: hash("leaked") }])).toBe(false);
  expect(await store.syncReferences([{ tokenId: internal.id, hash: null }])).toBe(false);
  expect(await store.syncReferences([{ tokenId: partner.id, hash: hash("leaked") }])).toBe(false);
  await expect(rotate("leaked")).rejects.toMatchObject({ message: expect.stringContaining("revoked") });

  expect(await serving()).toEqual([]);
});

test("revoking again changes nothing and is no event", async () => {
  const { id } = await issue("first");
  await store.revokeCredentials({ token: "internal", id, by: johnDoe });
  const before = await newestEvent();

  expect(await store.revokeCredentials({ token: "internal", id, by: johnDoe })).toEqual([]);
  expect(await store.revokeCredentials({ token: "internal", by: johnDoe })).toEqual([]);

  expect(await newestEvent()).toEqual(before);
});

test("only a token's own secrets can be revoked under its name", async () => {
  const { id } = await issue("of another", "partner");

  for (const request of [{ token: "internal", id }, { token: "internal", id: 999_999 }, { token: "nobody" }])
    await expect(store.revokeCredentials({ ...request, by: johnDoe })).rejects.toMatchObject({
      code: "not-found",
    });

  expect(await serving()).toEqual([hex("of another")]);
});

test("those who listen hear of a rotation and of a revocation at once", async () => {
  let heard = 0;
  await store.onChange(() => heard++);

  await rotate("new");
  await vi.waitFor(() => expect(heard).toBe(1), { timeout: 2000 });
  await store.revokeCredentials({ token: "internal", by: johnDoe });

  await vi.waitFor(() => expect(heard).toBe(2), { timeout: 2000 });
});

test.each(["before", "after"] as const)(
  "a connection that is lost %s the commit leaves no doubt about what was done",
  async (when) => {
    await issue("old");
    const proxy = await startCuttingProxy(database.url);
    const far = await openStore({ databaseUrl: proxy.urlOf(database.url) }, { log: silentLog() });

    proxy.cutNextCommit(when);
    const rotation = far.rotateCredential({
      token: "internal",
      hash: hash("new"),
      by: johnDoe,
      overlap: day,
    });
    await expect(rotation.then(() => "after").catch(() => "before")).resolves.toBe(when);
    expect(await serving()).toEqual(when === "after" ? [hex("old"), hex("new")] : [hex("old")]);

    proxy.cutNextCommit(when);
    const revocation = far.revokeCredentials({ token: "internal", by: johnDoe });
    await expect(revocation.then(() => "after").catch(() => "before")).resolves.toBe(when);
    expect(await serving()).toHaveLength(when === "after" ? 0 : 1);

    await far.close();
    await proxy.close();
  },
);

function issue(secret: string, name = "internal") {
  return store.issueCredential({ token: name, hash: hash(secret), by: johnDoe });
}

function rotate(secret: string, overlap = day, name = "internal") {
  return store.rotateCredential({ token: name, hash: hash(secret), by: johnDoe, overlap });
}

function hash(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

function hex(secret: string): string {
  return hash(secret).toString("hex");
}

async function serving(): Promise<string[]> {
  return (await store.serving()).credentials.map(({ hash }) => hash);
}

async function newestEvent() {
  return (await store.events({ limit: 1 }))[0];
}

async function add(...objects: Manifest[]): Promise<void> {
  const changes = objects.map((object) => create(object));
  await store.apply({ parentRevision: 0, commit: commitId("x"), origin: "test", changes, blobs: new Map() });
}
