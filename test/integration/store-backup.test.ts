import { createHash } from "node:crypto";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";

import { Ajv } from "ajv";
import { beforeEach, describe, expect, test } from "vitest";

import { silentLog } from "../../src/log.ts";
import { schemas } from "../../src/schemas.generated.ts";
import { backedUpTables } from "../../src/store/backup/backed-up-tables.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Store } from "../../src/store/store.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { commitId, create, definition, johnDoe, remove, token, update } from "../support/objects.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

let database: TestDatabase;
let store: Store;
let fresh: TestDatabase;
let restored: Store;
let file: string;

beforeEach(async () => {
  const [folder, ...made] = await Promise.all([temporaryFolder(), createDatabase(), createDatabase()]);
  [database, fresh] = made;
  [store, restored] = await Promise.all([open(database), open(fresh)]);
  file = join(folder.path, "backup.gz");
  return async () => {
    await Promise.all([store.close(), restored.close()]);
    await Promise.all([database.drop(), fresh.drop(), folder.remove()]);
  };
});

describe("a store that was lived in", () => {
  beforeEach(async () => {
    const script = Buffer.from("export default () => ({});\n\0");
    await apply([create(token({ name: "internal" })), create(token({ name: "partner" }))]);
    await apply([create(definition({ name: "odd", annotations: { note: 'NUL \0 "quotes" \\ \n' } }))]);
    await apply([update(await named("odd"), definition({ name: "odd", route: "other" }))]);
    await apply([create(definition({ name: "gone" }))]);
    await apply([remove(await named("gone"))]);
    await database.query("insert into gitway.blob values (encode(sha256($1), 'hex'), $1)", [script]);
    await store.issueCredential({ token: "internal", hash: hash(1), by: johnDoe });
    await store.rotateCredential({ token: "internal", hash: hash(2), by: johnDoe, overlap: 3_600_000 });
    await store.issueCredential({ token: "partner", hash: hash(3), by: johnDoe });
    await store.revokeCredentials({ token: "partner", by: johnDoe });
    const tokenId = await partnerOf(store);
    await store.syncReferences([{ tokenId, hash: hash(4) }]);
    await store.shareHits([hits("quota")], null);
    await store.raiseNotices([{ kind: "ApiToken", objectId: tokenId, limit: 5, window: 1000 }], 1000);
    await store.suspend({ by: johnDoe, reason: "to look" });
    await store.resume(johnDoe);
    await store.writeSync({ state: "synced" } as never);
  });

  test("comes back row by row, with events that verify, histories and credentials", async () => {
    const taken = await store.backup(file);

    const summary = await restored.restore(file);

    expect(summary).toEqual(taken);
    for (const table of backedUpTables.filter(({ name }) => name !== "pointer"))
      expect(await rowsOf(fresh, table)).toEqual(await rowsOf(database, table));
    expect(summary.rows).toMatchObject({ event: 10, credential: 4, object_version: 5, limit_hits: 1 });
    expect(await restored.verifyEvents(async () => new Map())).toEqual({
      checked: 10,
      healed: 0,
      fault: null,
    });
    expect(await restored.history("ApiDefinition", "gone", 9)).toEqual(
      await store.history("ApiDefinition", "gone", 9),
    );
    const [{ credentials }, before] = await Promise.all([restored.serving(), store.serving()]);
    expect(credentials).toEqual(before.credentials);
  });

  test("is at rest after that: nothing drifted, and numbers and the chain go on", async () => {
    await store.backup(file);
    await restored.restore(file);

    expect(await restored.checkDrift()).toEqual([]);
    expect(await fresh.query("select what from gitway.drift_note")).toEqual([]);
    await apply([create(definition({ name: "next" }))], restored);
    await restored.issueCredential({ token: "partner", hash: hash(5), by: johnDoe });
    expect(await restored.verifyEvents(async () => new Map())).toMatchObject({ checked: 12, fault: null });
  });

  test("goes on denying what was revoked, also when a manifest refers to it", async () => {
    await store.backup(file);
    await restored.restore(file);
    const tokenId = await partnerOf(restored);

    await restored.syncReferences([{ tokenId, hash: hash(3) }]);

    const { credentials } = await restored.serving();
    expect(credentials.map(({ hash }) => hash)).toEqual(
      [hash(1), hash(2)].map((each) => each.toString("hex")),
    );
    await expect(restored.issueCredential({ token: "partner", hash: hash(3), by: johnDoe })).rejects.toThrow(
      "was revoked",
    );
  });

  test("comes back suspended when it was, or when the new one is", async () => {
    const suspension = await store.suspend({ by: johnDoe, reason: "an incident" });
    await store.backup(file);
    const own = await restored.suspend({ by: johnDoe, reason: "to restore" });
    await restored.restore(file);

    expect(await restored.suspension()).toEqual(own);
    await restored.resume(johnDoe);
    const third = await createDatabase();
    const another = await open(third);
    await another.restore(file);
    expect(await another.suspension()).toEqual(suspension);
    await another.close();
    await third.drop();
  });

  test("tells whoever reads it that it is another one", async () => {
    const { mark } = await restored.serving();
    let calls = 0;
    const feed = await restored.onChange(() => calls++);
    await store.backup(file);

    await restored.restore(file);

    await expect.poll(() => calls).toBeGreaterThan(0);
    expect((await restored.servingSince(mark!))?.credentials).toHaveLength(3);
    const [{ count }] = (await fresh.query("select credential_changes as count from gitway.pointer")) as [
      { count: string },
    ];
    expect(Number(count)).toBeGreaterThan(1_000_000);
    await feed.close();
  });

  test("is written as the schema says, readable by its owner only, and never over another file", async () => {
    await store.backup(file);
    const validate = new Ajv({ strictTypes: false, formats: { "date-time": true } }).compile(
      schemas["backup.schema.json"]!,
    );

    for (const line of unpacked(await readFile(file))
      .trimEnd()
      .split("\n"))
      expect([validate(JSON.parse(line)), validate.errors]).toEqual([true, null]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await expect(store.backup(file)).rejects.toMatchObject({ code: "usage" });
    await expect(store.backup(join(file, "below"))).rejects.toMatchObject({ code: "file-failed" });
  });

  test("is refused as a whole when it is cut off or changed anywhere", async () => {
    await store.backup(file);
    const packed = await readFile(file);
    const text = unpacked(packed);
    const variants = [
      ...[0, 1, 20, 0.3, 0.6, 0.9].map((at) => packed.subarray(0, at < 1 ? packed.length * at : at)),
      packed.subarray(0, packed.length - 9),
      gzipSync(text.slice(0, -1)),
      gzipSync(text.replace("John Doe", "Jane Doe")),
      gzipSync(text.replace(/^.*"issued".*\n/m, "")),
      gzipSync(text + text),
      gzipSync(text.replace(/\n/, "\n\xff")),
      Buffer.from(text),
    ];

    for (const variant of variants) {
      await writeFile(file, variant);
      await expect(restored.restore(file)).rejects.toMatchObject({
        code: "backup-invalid",
        message: expect.stringContaining("Nothing was restored.") as string,
      });
    }
    for (const table of backedUpTables.filter(({ name }) => name !== "pointer"))
      expect(await rowsOf(fresh, table)).toEqual([]);
    await writeFile(file, packed);
    await restored.restore(file);
  });

  test.each([
    [
      "a version of an object that is not there",
      /^\["3","ApiDefinition".*$/m,
      "",
      /line \d+.* event can't be stored/,
    ],
    ["a revision that is missing", /^\["3","2".*$/m, "", /revisions are not all there/],
    ["a claim of two", '"gone","gone","route * exact gone"', '"gone","gone","route * exact other"', /clash/],
    ["another end of the events", /(\["5","\d+",)"[0-9a-f]{64}"/, `$1"${"0".repeat(64)}"`, /last event/],
    ["a file that is another", /(\["[0-9a-f]{64}",)"[^"]+"\]/, '$1"eHg="]', /content of a file/],
    [
      "JSON that is none",
      '\\"generate\\":true',
      '\\"generate\\":',
      /line \d+.*object_version can't be stored/,
    ],
  ])("with a good checksum over %s is refused with its place", async (_, from, to, message) => {
    await store.backup(file);
    let text = unpacked(await readFile(file));
    if (_.startsWith("a claim")) text = text.replace(/("4","5"\])/, '"4",null]');
    await writeFile(file, sealed(text.replace(from, to)));

    await expect(restored.restore(file)).rejects.toMatchObject({
      code: "backup-invalid",
      message: expect.stringMatching(message) as string,
    });
    expect(await restored.revision()).toBe(0);
  });

  test("is not restored into a store that is in use, not even its own", async () => {
    await store.backup(file);
    await restored.restore(file);

    for (const each of [store, restored])
      await expect(each.restore(file)).rejects.toMatchObject({ code: "restore-refused" });
  });
});

test("a backup names every table and column of the store, but for those that have a reason", async () => {
  const reasons = [
    "drift_check: found anew at the first pass",
    "drift_episode: found anew at the first pass",
    "drift_note: found anew at the first pass",
    "limit_hits.written_by: means nothing to another server",
    "migration: the schema is that of the Gitway that restores",
    "outbox: may have been sent since",
    "outbox_mark: may have been sent since",
    "pointer.only_row: the same in every store",
    "suspension.id: numbered anew",
    "sync_status.only_row: the same in every store",
  ];
  const leftOut = new Set(reasons.map((reason) => reason.split(":")[0]));
  const columns = await database.query<{ table: string; column: string; type: string }>(
    `select table_name as table, column_name as column, udt_name as type
     from information_schema.columns where table_schema = 'gitway' order by table_name, ordinal_position`,
  );
  const types: Record<string, string> = { bool: "boolean", int8: "bigint", int4: "integer" };
  const kept = columns
    .filter(({ table, column }) => !leftOut.has(table) && !leftOut.has(`${table}.${column}`))
    .map(({ table, column, type }) => `${table}.${column} ${types[type] ?? type}`);

  const named = backedUpTables.flatMap(({ name, columns }) =>
    Object.entries(columns).map(([column, type]) => `${name}.${column} ${type}`),
  );

  expect(named.toSorted()).toEqual(kept.toSorted());
});

test("a line that does not end is refused within bounds", async () => {
  const header = `{"gitwayBackup":1,"gitway":"0.1.0","migration":"0001","takenAt":"x","revision":0}\n["`;
  await writeFile(file, gzipSync(header + "x".repeat(80 * 1024 * 1024)));

  await expect(restored.restore(file)).rejects.toThrow(/line 2: .*a line is too long/);
});

function open({ url }: TestDatabase): Promise<Store> {
  return openStore({ databaseUrl: url }, { log: silentLog() });
}

async function apply(changes: Parameters<Store["apply"]>[0]["changes"], to = store): Promise<void> {
  await to.apply({
    parentRevision: await to.revision(),
    commit: commitId("first"),
    origin: "test",
    changes,
    blobs: new Map(),
  });
}

async function named(name: string) {
  const [object] = await store.objects("ApiDefinition", name);
  return object!;
}

async function partnerOf(from: Store): Promise<string> {
  const [partner] = await from.objects("ApiToken", "partner");
  return partner!.id;
}

function hash(seed: number): Buffer {
  return Buffer.alloc(32, seed);
}

function hits(key: string) {
  const now = Date.now();
  return { key, start: now, length: 1000, hits: 3, last: now, end: now + 3_600_000 };
}

/** The rows of a table, every column as text. */
function rowsOf(from: TestDatabase, { name, columns, order }: (typeof backedUpTables)[number]) {
  const list = Object.keys(columns).map((column) => `t.${column}::text as ${column}`);
  return from.query(
    `select ${list.join(", ")} from gitway.${name} as t order by ${order.map((by) => `t.${by}`).join(", ")}`,
  );
}

function unpacked(packed: Buffer): string {
  return gunzipSync(packed).toString();
}

/** A text with another end, which fits. */
function sealed(text: string): Buffer {
  const lines = text
    .trimEnd()
    .split("\n")
    .slice(0, -1)
    .filter((line) => line !== "")
    .map((line) => `${line}\n`);
  const rows = lines.filter((line) => line.startsWith("[")).length;
  const sha256 = createHash("sha256").update(lines.join("")).digest("hex");
  return gzipSync(`${lines.join("")}${JSON.stringify({ end: { rows, sha256 } })}\n`);
}
