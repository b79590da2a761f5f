import { createHash } from "node:crypto";

import { beforeEach, describe, expect, test, vi } from "vitest";

import { silentLog } from "../../src/log.ts";
import type { ApiDefinitionSpec } from "../../src/manifest/api-definition.generated.ts";
import type { AttributedChange, StoredObject } from "../../src/plan/plan.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { DueDelivery } from "../../src/store/outbox/outbox.ts";
import type { RequestEvent } from "../../src/store/outbox/request-event.ts";
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
  uuid,
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

const informed: Partial<ApiDefinitionSpec> = { events: [{ on: "InformationEvent", webhook: "audit" }] };

describe("information events", () => {
  test("are noted for the webhooks of their definition, in the transaction of the change", async () => {
    await apply([
      create(webhook({ name: "audit" })),
      create(hooked("status", informed)),
      create(hooked("other")),
    ]);

    const messages = (await store.outbox.deliveries({ limit: 10 })).map(({ message }) => message);
    expect(messages).toEqual([
      expect.stringMatching(/^ApiDefinition with route 'status' .* was added by John Doe$/),
    ]);
    const [due] = await claim();
    const event = (await store.events({ limit: 10 })).find(({ name }) => name === "status");
    expect(due).toMatchObject({
      attempt: 1,
      dedupe: 0,
      message: { event: "InformationEvent", definition: "status", time: event?.time, information: event },
      webhook: { name: "audit", method: "POST", url: "http://127.0.0.1:9/", timeout: 10_000, template: null },
    });
  });

  test("leave nothing when the apply is rolled back", async () => {
    await apply([create(webhook({ name: "audit" })), create(hooked("status", { ...informed, route: "r" }))]);
    const before = await store.outbox.deliveries({ limit: 10 });

    const failure = apply([create(hooked("again", { ...informed, route: "r" }))]);

    await expect(failure).rejects.toMatchObject({ code: "apply-failed" });
    expect(await store.outbox.deliveries({ limit: 10 })).toEqual(before);
  });

  test("of a change and a deletion are noted for the hooks after and before it", async () => {
    await apply([create(webhook({ name: "audit" })), create(hooked("a")), create(hooked("b", informed))]);
    await apply([
      update(await named("a"), hooked("a", { ...informed, description: "new" })),
      update(await named("b"), hooked("b", { description: "no hook any more" })),
    ]);
    await apply([remove(await named("a"))]);

    expect((await store.outbox.deliveries({ limit: 10 })).map(({ message }) => message.slice(-30))).toEqual([
      expect.stringMatching(/was added by John Doe$/),
      expect.stringMatching(/was updated by John Doe$/),
      expect.stringMatching(/was deleted by John Doe$/),
    ]);
  });

  test("of a token are noted once for each webhook of the definitions that it opens", async () => {
    const spec = { ...informed, tokens: ["internal"] };
    await apply([
      create(webhook({ name: "audit" })),
      create(token({ name: "internal" })),
      create(token({ name: "other" })),
      create(hooked("a", spec)),
      create(hooked("b", spec)),
    ]);
    const before = await store.outbox.deliveries({ limit: 10 });

    await store.issueCredential({ token: "internal", hash: hash("secret"), by: johnDoe });
    await store.issueCredential({ token: "other", hash: hash("another"), by: johnDoe });

    const entries = (await store.outbox.deliveries({ limit: 10 })).slice(before.length);
    expect(entries).toMatchObject([
      {
        message: expect.stringMatching(/^A secret of ApiToken 'internal' .* was issued by John Doe$/),
        definition: null,
      },
    ]);
  });
});

describe("events of requests", () => {
  test("are noted for the webhooks that wait for them", async () => {
    await apply([
      create(webhook({ name: "audit" })),
      create(webhook({ name: "on-call" })),
      create(
        hooked("status", {
          events: [
            { on: "AuthFailure", webhook: "audit" },
            { on: "AuthFailure", webhook: "on-call" },
            { on: "KeyExpired", webhook: "on-call" },
          ],
        }),
      ),
    ]);

    const result = await store.outbox.enqueue([
      failure("status", { path: "/x\0y" }),
      failure("status", { on: "QuotaExceeded" }),
      failure("gone"),
    ]);

    expect(result).toEqual({ enqueued: 2, duplicates: 0, dropped: 0 });
    const due = await claim();
    expect(due.map((each) => each.webhook.name).sort()).toEqual(["audit", "on-call"]);
    expect(due[0]?.message).toEqual({
      event: "AuthFailure",
      message: "The token is not accepted.",
      reason: null,
      path: "/x\0y",
      origin: "10.0.0.1",
      key: null,
      definition: "status",
      time: "2026-01-01T00:00:00.000Z",
      information: null,
    });
    expect(await store.outbox.deliveries({ limit: 10 })).toHaveLength(2);
  });

  test.each([
    ["the hook's window", "1h", undefined, 1],
    ["the webhook's window", undefined, "1h", 1],
    ["a hook that switches the webhook's window off", "0s", "1h", 3],
    ["no window", undefined, undefined, 3],
  ])("that say the same are left out and counted: %s", async (_what, ofHook, ofWebhook, expected) => {
    await apply([
      create(webhook({ name: "audit", spec: ofWebhook === undefined ? {} : { dedupe: ofWebhook } })),
      create(
        hooked("status", {
          events: [
            { on: "AuthFailure", webhook: "audit", ...(ofHook === undefined ? {} : { dedupe: ofHook }) },
          ],
        }),
      ),
    ]);

    await store.outbox.enqueue([failure("status"), failure("status", { time: "2026-01-01T00:00:01.000Z" })]);
    await store.outbox.enqueue([failure("status", { time: "2026-01-01T00:00:02.000Z" })]);

    const entries = await store.outbox.deliveries({ limit: 10 });
    expect(entries).toHaveLength(expected);
    expect(entries[0]?.duplicates).toBe(3 - expected);
    await store.outbox.enqueue([failure("status", { path: "/elsewhere" })]);
    expect(await store.outbox.deliveries({ limit: 10 })).toHaveLength(expected + 1);
  });

  test("are taken again once the window is over", async () => {
    await apply([
      create(webhook({ name: "audit", spec: { dedupe: "40ms" } })),
      create(hooked("status", { events: [{ on: "AuthFailure", webhook: "audit" }] })),
    ]);
    await store.outbox.enqueue([failure("status")]);

    await vi.waitFor(async () => expect((await store.outbox.enqueue([failure("status")])).enqueued).toBe(1), {
      interval: 5,
    });
  });

  test("are dropped when too many wait for one webhook", async () => {
    await apply([
      create(webhook({ name: "audit" })),
      create(hooked("status", { events: [{ on: "AuthFailure", webhook: "audit" }] })),
    ]);
    const events = Array.from({ length: 6000 }, () => failure("status"));

    expect(await store.outbox.enqueue(events)).toMatchObject({ enqueued: 6000, dropped: 0 });
    expect(await store.outbox.enqueue(events)).toMatchObject({ enqueued: 4000, dropped: 2000 });
    expect(await store.outbox.pending()).toBe(10_000);
  });
});

describe("claiming", () => {
  beforeEach(async () => {
    await apply([
      create(webhook({ name: "audit" })),
      create(hooked("status", { events: [{ on: "AuthFailure", webhook: "audit" }] })),
    ]);
  });

  test("gives one message of a webhook at a time, in their order, to one of several", async () => {
    await store.outbox.enqueue(["/1", "/2", "/3"].map((path) => failure("status", { path })));

    const claims = await Promise.all(Array.from({ length: 6 }, () => claim()));

    const claimed = claims.flat();
    expect(claimed.map(({ message }) => message.path)).toEqual(["/1"]);
    await store.outbox.finish(claimed[0]!, { state: "delivered", status: 204 });
    const [next] = await claim();
    expect(next?.message.path).toBe("/2");
  });

  test("gives what nobody finished again, and then ignores who comes too late", async () => {
    await store.outbox.enqueue([failure("status")]);
    const [first] = await claim({ lease: 1 });

    const second = await vi.waitFor(async () => {
      const [due] = await claim();
      expect(due).toBeDefined();
      return due!;
    });
    await store.outbox.finish(first!, { state: "failed", status: 400, error: "too late" });

    expect(second).toMatchObject({ id: first?.id, attempt: 2 });
    expect(await store.outbox.deliveries({ limit: 1 })).toMatchObject([{ state: "sending", attempts: 2 }]);
  });

  test("leaves out what waits for another try, and goes on with what comes after it", async () => {
    await store.outbox.enqueue([failure("status", { path: "/1" }), failure("status", { path: "/2" })]);
    const [first] = await claim();
    await store.outbox.finish(first!, { state: "retry", after: 60_000, status: 503, error: "busy" });

    expect((await claim()).map(({ message }) => message.path)).toEqual(["/2"]);
    expect(await store.outbox.deliveries({ limit: 2 })).toMatchObject([
      { state: "pending", attempts: 1, status: 503, error: "busy", nextAttempt: expect.any(String) },
      { state: "sending", attempts: 1, nextAttempt: null },
    ]);
  });

  test("hands over the template as it is now", async () => {
    const text = "{{message}}";
    const digest = hash(text).toString("hex");
    const spec = { template: "apis/a.json" };
    await apply(
      [update(await named("audit"), webhook({ name: "audit", spec, files: { "apis/a.json": digest } }))],
      new Map([[digest, Buffer.from(text)]]),
    );
    await store.outbox.enqueue([failure("status")]);

    expect((await claim())[0]?.webhook.template).toEqual({ path: "apis/a.json", text });
  });

  test("drops what waits for a webhook that is gone", async () => {
    await store.outbox.enqueue([failure("status"), failure("status")]);
    const [sending] = await claim();
    await apply([remove(await named("status")), remove(await named("audit"))]);

    expect(await claim()).toEqual([]);
    expect(await store.outbox.dropOrphans()).toBe(1);

    await store.outbox.finish(sending!, { state: "delivered", status: 200 });
    expect(await store.outbox.deliveries({ limit: 10 })).toMatchObject([
      { state: "delivered" },
      { state: "dropped", error: "The webhook 'audit' is gone." },
    ]);
    expect(await store.outbox.pending()).toBe(0);
  });

  test("a mark keeps others from saying the same until it is released by a failure", async () => {
    await store.outbox.enqueue([failure("status"), failure("status")]);
    const [first] = await claim();
    const key = hash("said").toString("hex");
    const window = { dedupe: 3_600_000 };

    expect(await store.outbox.mark({ id: first!.id, ...window }, key)).toBe(true);
    expect(await store.outbox.mark({ id: first!.id, ...window }, key)).toBe(true);
    expect(await store.outbox.mark({ id: uuid("other"), ...window }, key)).toBe(false);
    await store.outbox.finish(first!, { state: "failed", status: 400, error: "no" });
    expect(await store.outbox.mark({ id: uuid("other"), ...window }, key)).toBe(true);
  });

  test("what is over is trimmed by age and by number", async () => {
    await store.outbox.enqueue([failure("status"), failure("status"), failure("status")]);
    await database.query(
      `update gitway.outbox set state = 'delivered', finished_at = now() - interval '31 days'
       where position = (select min(position) from gitway.outbox)`,
    );
    await store.outbox.trim();
    expect(await store.outbox.deliveries({ limit: 10 })).toHaveLength(2);

    await database.query(
      `insert into gitway.outbox (id, event, webhook_id, webhook_name, message, dedupe_ms, state, finished_at)
       select gen_random_uuid(), 'AuthFailure', gen_random_uuid(), 'x', '{}', 0, 'delivered', now()
       from generate_series(1, 100500)`,
    );
    await store.outbox.trim();
    expect(await database.query("select count(*)::int as count from gitway.outbox")).toEqual([
      { count: 100_002 },
    ]);
  });
});

function claim(options: { lease?: number } = {}): Promise<readonly DueDelivery[]> {
  return store.outbox.claim({ except: [], limit: 10, lease: 60_000, ...options });
}

function hooked(name: string, spec: Partial<ApiDefinitionSpec> = {}) {
  const { route, ...rest } = spec;
  return definition({ name, ...(route === undefined ? {} : { route }), spec: rest });
}

function failure(name: string, overrides: Partial<RequestEvent> = {}): RequestEvent {
  return {
    on: "AuthFailure",
    definitionId: uuid(`ApiDefinition/${name}`),
    time: "2026-01-01T00:00:00.000Z",
    message: "The token is not accepted.",
    reason: null,
    path: "/api/custom/status",
    clientAddress: "10.0.0.1",
    tokenName: null,
    ...overrides,
  };
}

function hash(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

async function apply(changes: AttributedChange[], blobs = new Map<string, Buffer>()): Promise<void> {
  const { revision } = await store.current();
  await store.apply({ parentRevision: revision, commit: commitId("first"), origin: "test", changes, blobs });
}

async function named(name: string): Promise<StoredObject> {
  const object = (await store.current()).objects.find((object) => object.name === name);
  if (!object) throw new Error(`no object ${name}`);
  return object;
}
