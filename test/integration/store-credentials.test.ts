import { createHash } from "node:crypto";

import { beforeEach, expect, test, vi } from "vitest";

import { lineLog, silentLog } from "../../src/log.ts";
import type { Manifest } from "../../src/manifest/manifest.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Store } from "../../src/store/store.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { commitId, create, johnDoe, remove, token, user } from "../support/objects.ts";

const internal = token({ name: "internal", id: "2faa728c-218d-4139-8aa1-8f033c60dd07" });
const partner = token({ name: "partner" });

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

test("an issued secret serves its token, and is an event by who issued it", async () => {
  const credential = await issue("internal", "secret 1");

  expect(credential).toMatchObject({
    tokenId: internal.id,
    tokenName: "internal",
    origin: "issued",
    issuedBy: "John Doe",
    notAfter: null,
    revokedAt: null,
    lastUsed: null,
  });
  expect(await serving()).toEqual([`${internal.id} ${hash("secret 1").toString("hex")}`]);
  expect((await store.events({ limit: 1 }))[0]).toMatchObject({
    message: "A secret of ApiToken 'internal' (2faa728c-218d-4139-8aa1-8f033c60dd07) was issued by John Doe",
    action: "issued",
    actor: { ...johnDoe, user: "jdoe" },
    commit: null,
    revision: 1,
    versionBefore: null,
    versionAfter: null,
  });
});

test("two secrets of one token overlap, as a rotation needs", async () => {
  await issue("internal", "old");
  await issue("internal", "new");

  expect(await store.credentials("internal")).toHaveLength(2);
  expect(await serving()).toHaveLength(2);
});

test("the list of credentials shows neither secret nor hash", async () => {
  await issue("internal", "secret 1");

  const shown = JSON.stringify(await store.credentials("internal"));

  expect(shown).not.toContain(hash("secret 1").toString("hex"));
  expect(shown).not.toContain(hash("secret 1").toString("base64"));
  expect(shown).not.toMatch(/hash/i);
});

test("a token that is not there is not found", async () => {
  await expect(issue("nobody", "secret")).rejects.toMatchObject({ code: "not-found" });
  await expect(store.credentials("nobody")).rejects.toMatchObject({ code: "not-found" });
});

test("a secret serves one token only", async () => {
  await issue("internal", "shared");

  const second = issue("partner", "shared");

  await expect(second).rejects.toMatchObject({
    code: "apply-failed",
    message: expect.stringContaining("one token"),
  });
  expect(await store.events({ limit: 10 })).toHaveLength(4);
});

test("two operators who issue at once both do, and their events are in order", async () => {
  await Promise.all(["a", "b", "c", "d"].map((secret) => issue("internal", secret)));

  const ids = (await store.events({ limit: 10 })).map(({ id }) => id);
  expect(await store.credentials("internal")).toHaveLength(4);
  expect(ids).toEqual([...ids].sort((a, b) => a - b));
});

test("reference credentials become those given, and a second time changes nothing", async () => {
  const references = [reference(internal, "from env"), reference(partner, "from file")];

  expect(await store.syncReferences(references)).toBe(true);
  expect(await store.syncReferences(references)).toBe(false);
  expect(await serving()).toHaveLength(2);

  expect(
    await store.syncReferences([reference(internal, "rotated"), { tokenId: partner.id, hash: null }]),
  ).toBe(true);
  expect(await serving()).toEqual([`${internal.id} ${hash("rotated").toString("hex")}`]);
  expect((await store.credentials("internal")).map(({ origin, issuedBy }) => [origin, issuedBy])).toEqual([
    ["reference", "Gitway"],
  ]);
});

test("syncing references leaves issued secrets alone", async () => {
  await issue("internal", "issued");

  expect(await store.syncReferences([{ tokenId: internal.id, hash: null }])).toBe(false);
  expect(await store.syncReferences([reference(internal, "issued")])).toBe(false);

  expect((await store.credentials("internal")).map(({ origin }) => origin)).toEqual(["issued"]);
});

test("a secret that was revoked stays denied, whoever refers to it or issues it", async () => {
  await store.syncReferences([reference(internal, "leaked")]);
  await database.query("update gitway.credential set revoked_at = now()");

  expect(await store.syncReferences([reference(internal, "leaked")])).toBe(false);
  expect(await store.syncReferences([reference(partner, "leaked")])).toBe(false);
  await expect(issue("partner", "leaked")).rejects.toMatchObject({
    message: expect.stringContaining("revoked"),
  });

  expect(await serving()).toEqual([]);
  expect((await store.credentials("internal"))[0]?.revokedAt).not.toBeNull();
});

test("of two tokens that refer to one secret the first has it, and keeps it", async () => {
  expect(await store.syncReferences([reference(internal, "same"), reference(partner, "same")])).toBe(true);
  expect(await store.syncReferences([reference(partner, "same"), reference(internal, "same")])).toBe(false);

  expect(await serving()).toEqual([`${internal.id} ${hash("same").toString("hex")}`]);
});

test("the log names the tokens whose references are left out", async () => {
  const lines: string[] = [];
  const other = await openStore(
    { databaseUrl: database.url },
    { log: lineLog("warn", (line) => lines.push(line)) },
  );
  await store.syncReferences([reference(internal, "leaked")]);
  await database.query("update gitway.credential set revoked_at = now()");
  await issue("internal", "its own");

  await other.syncReferences([reference(internal, "leaked"), reference(partner, "its own")]);

  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { token: "internal", msg: expect.stringContaining("was revoked") },
    { token: "partner", holder: "internal", msg: expect.stringContaining("another token") },
  ]);
  await other.close();
});

test("all credentials are those of the tokens that there are, by name", async () => {
  await issue("partner", "one");
  await issue("internal", "two");
  await issue("internal", "three");

  const names = (await store.allCredentials()).map(({ tokenName }) => tokenName);

  expect(names).toEqual(["internal", "internal", "partner"]);
});

test("two tokens swap the secrets that they refer to", async () => {
  await store.syncReferences([reference(internal, "one"), reference(partner, "two")]);

  await store.syncReferences([reference(internal, "two"), reference(partner, "one")]);

  expect((await serving()).sort()).toEqual(
    [`${internal.id} ${hash("two").toString("hex")}`, `${partner.id} ${hash("one").toString("hex")}`].sort(),
  );
});

test("a token that is deleted loses access at once", async () => {
  await issue("internal", "issued");
  await store.syncReferences([reference(partner, "from env")]);
  const { objects, revision } = await store.current();

  await store.apply({
    parentRevision: revision,
    commit: commitId("x"),
    origin: "test",
    changes: objects.filter(({ kind }) => kind === "ApiToken").map((object) => remove(object)),
    blobs: new Map(),
  });

  expect(await serving()).toEqual([]);
});

test("a reference of a token that is not in the store is left out", async () => {
  const unknown = token({ name: "unknown" });

  expect(await store.syncReferences([reference(unknown, "secret")])).toBe(false);
});

test("the last use of credentials only moves forward, and is no change to those who listen", async () => {
  const first = await issue("internal", "first");
  const second = await issue("internal", "second");
  let heard = 0;
  await store.onChange(() => heard++);
  const at = Date.parse("2030-01-01T00:00:00.123Z");

  await store.noteLastUse([{ id: first.id, at }]);
  await store.noteLastUse([
    { id: first.id, at: at - 5000 },
    { id: second.id, at: at + 1 },
    { id: 999_999, at },
  ]);

  expect((await store.credentials("internal")).map(({ lastUsed }) => lastUsed)).toEqual([
    "2030-01-01T00:00:00.123Z",
    "2030-01-01T00:00:00.124Z",
  ]);
  await issue("internal", "third");
  await vi.waitFor(() => expect(heard).toBe(1), { timeout: 2000 });
});

test("replicas that note last uses in any order, beside operators, never wait for each other for good", async () => {
  const ids: number[] = [];
  for (let count = 0; count < 20; count++) ids.push((await issue("internal", `${count}`)).id);
  const other = await openStore({ databaseUrl: database.url }, { log: silentLog() });
  const noted = Array.from({ length: 20 }, async (_, at) => {
    const uses = ids.map((id) => ({ id, at: at + 1 }));
    await (at % 2 ? store.noteLastUse(uses) : other.noteLastUse(uses.toReversed()));
  });

  await Promise.all([...noted, store.revokeCredentials({ token: "internal", by: johnDoe })]);

  const used = (await store.credentials("internal")).map(({ lastUsed }) => Date.parse(lastUsed ?? ""));
  expect(new Set(used)).toEqual(new Set([20]));
  await other.close();
});

function issue(name: string, secret: string) {
  return store.issueCredential({ token: name, hash: hash(secret), by: johnDoe });
}

function reference({ id }: Manifest, secret: string) {
  return { tokenId: id, hash: hash(secret) };
}

function hash(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

async function serving(): Promise<string[]> {
  const { credentials } = await store.serving();
  return credentials.map(({ tokenId, hash }) => `${tokenId} ${hash}`);
}

async function add(...objects: Manifest[]): Promise<void> {
  const changes = objects.map((object) => create(object));
  await store.apply({ parentRevision: 0, commit: commitId("x"), origin: "test", changes, blobs: new Map() });
}
