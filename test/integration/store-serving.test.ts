import { createHash } from "node:crypto";

import { array, assert, asyncProperty, constantFrom, integer, record } from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";

import { applyChanges } from "../../src/endpoint/table/apply-changes.ts";
import { silentLog } from "../../src/log.ts";
import type { Manifest } from "../../src/manifest/manifest.ts";
import type { AttributedChange } from "../../src/plan/plan.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { ServingState } from "../../src/store/serving/serving-store.ts";
import type { Store } from "../../src/store/store.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import {
  commitId,
  create,
  definition,
  johnDoe,
  remove,
  token,
  update,
  user,
  uuid,
} from "../support/objects.ts";

let database: TestDatabase;
let store: Store;
let secrets = 0;

beforeEach(async () => {
  database = await createDatabase();
  store = await openStore({ databaseUrl: database.url }, { log: silentLog() });
  return async () => {
    await store.close();
    await database.drop();
  };
});

describe("what changed since a mark", () => {
  test("is no more than that", async () => {
    await apply(
      create(definition({ name: "a" })),
      create(definition({ name: "b" })),
      create(token({ name: "t" })),
    );
    const before = await store.serving();
    const [a, b] = before.definitions;

    await apply(
      update(a!, definition({ name: "a", route: "elsewhere" })),
      remove(b!),
      create(user({ name: "u" })),
    );
    const changes = await store.servingSince(before.mark!);

    expect(changes).toMatchObject({ revision: 2, tokens: [], credentials: null });
    expect(changes?.definitions.map(({ name, spec }) => [name, spec.route])).toEqual([["a", "elsewhere"]]);
    expect(changes?.removed).toEqual([{ kind: "ApiDefinition", id: b!.id }]);
    const after = applyChanges(before, changes!);
    expect(applyChanges(after, (await store.servingSince(after.mark!))!)).toBe(after);
  });

  test("has the credentials when they changed, and when a token did", async () => {
    await apply(create(token({ name: "t" })));
    const first = await store.serving();
    await store.issueCredential({ token: "t", hash: hash("one"), by: johnDoe });

    const issued = applyChanges(first, (await store.servingSince(first.mark!))!);
    await apply(remove(first.tokens[0]!));
    const removed = applyChanges(issued, (await store.servingSince(issued.mark!))!);

    expect(issued.credentials.map(({ hash }) => hash)).toEqual([hash("one").toString("hex")]);
    expect([removed.tokens, removed.credentials]).toEqual([[], []]);
  });

  test("can't be told to a mark of another store, or of a later time", async () => {
    await apply(create(definition({ name: "a" })));
    const { mark } = await store.serving();

    expect(await store.servingSince({ ...mark!, revision: 2 })).toBeNull();
    expect(await store.servingSince({ ...mark!, applyId: uuid("another") })).toBeNull();
    expect(await store.servingSince({ revision: 0, applyId: null, credentialChanges: 0 })).not.toBeNull();
  });

  test("leads to what a whole look gives, whatever happened", async () => {
    const step = record({
      what: constantFrom("put", "put", "put", "delete", "rename", "issue", "revoke", "references"),
      letter: constantFrom("a", "b", "c", "d"),
      of: constantFrom("definition", "token"),
      value: integer({ min: 0, max: 3 }),
      look: constantFrom([], [], [0], [1], [0, 1]),
    });
    await assert(
      asyncProperty(array(step, { minLength: 10, maxLength: 30, size: "max" }), async (steps) => {
        const copies: ServingState[] = [await store.serving(), await store.serving()];
        for (const { what, letter, of, value, look } of steps) {
          await happen(what, of, letter, `secret ${secrets++}`, value);
          for (const reader of look) copies[reader] = await upToDate(copies[reader]!);
        }
        const whole = await store.serving();
        for (const copy of copies) expect(await upToDate(copy)).toEqual(whole);
      }),
      { numRuns: 6 },
    );
  });
});

async function upToDate(copy: ServingState): Promise<ServingState> {
  const changes = await store.servingSince(copy.mark!);
  if (!changes) throw new Error("the store does not know its own mark");
  return applyChanges(copy, changes);
}

async function happen(
  what: "put" | "delete" | "rename" | "issue" | "revoke" | "references",
  of: string,
  letter: string,
  unique: string,
  value: number,
): Promise<void> {
  const kind = of === "token" ? "ApiToken" : "ApiDefinition";
  const id = uuid(`${kind}/${letter}`);
  const known = (await store.objects(kind)).find((object) => object.id === id);
  const name = what === "rename" ? `${letter}${value}` : (known?.name ?? letter);
  const manifest = made(of, name, id, value);
  if (what === "put" && !known) await apply(create(manifest));
  if (!known) return;
  if ((what === "put" || what === "rename") && known.hash !== manifest.hash)
    await apply(update(known, manifest));
  if (what === "delete") await apply(remove(known));
  if (known.kind !== "ApiToken") return;
  const token = known.name;
  if (what === "issue") await store.issueCredential({ token, hash: hash(unique), by: johnDoe });
  if (what === "revoke") await store.revokeCredentials({ token, by: johnDoe });
  if (what === "references") await store.syncReferences([{ tokenId: id, hash: hash(unique) }]);
}

const scripts = ["one", "two"].map((text) => Buffer.from(`export default () => "${text}"`));

function made(of: string, name: string, id: string, value: number): Manifest {
  if (of === "token") return token({ name, id, spec: { disabled: value % 2 === 1 } });
  const script = scripts[value % scripts.length]!;
  return definition({ name, id, route: `${name}/${value}`, files: { "x.js": digest(script) } });
}

async function apply(...changes: AttributedChange[]): Promise<void> {
  const { revision } = await store.current();
  await store.apply({
    parentRevision: revision,
    commit: commitId(String(revision)),
    origin: "test",
    changes,
    blobs: new Map(scripts.map((script) => [digest(script), script])),
  });
}

function digest(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

function hash(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
