import { beforeEach, expect, test, vi } from "vitest";

import type { Closeable } from "../../src/closeable.ts";
import { startDelivery } from "../../src/delivery/delivery.ts";
import type { Endpoint } from "../../src/endpoint/endpoint.ts";
import { silentLog } from "../../src/log.ts";
import { Secret } from "../../src/secret.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Store } from "../../src/store/store.ts";
import { createTargetGuard } from "../../src/target-guard.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { commitId, create, definition, johnDoe, token, webhook } from "../support/objects.ts";
import { startReceiver, type Receiver } from "../support/receiver.ts";
import { serve } from "../support/serving.ts";

const expired = "e".repeat(40);
const elsewhere = "f".repeat(40);

let database: TestDatabase;
let store: Store;
let receiver: Receiver;
let endpoint: Endpoint;
let delivery: Closeable;

beforeEach(async () => {
  database = await createDatabase();
  store = await openStore({ databaseUrl: database.url }, { log: silentLog() });
  receiver = await startReceiver();
  await applyAll();
  delivery = await startDelivery({ store, targets: createTargetGuard(), log: silentLog() });
  endpoint = await serve(store, { outbox: store.outbox });
  return async () => {
    await endpoint.closeNow();
    await delivery.close();
    await receiver.close();
    await store.close();
    await database.drop();
  };
});

test("what happens to calls is told to the webhooks of their definitions, and to no other", async () => {
  await call("status?key=secret-in-query");
  await call("status", expired);
  await call("status", elsewhere);
  await call("unhooked");
  await call("nothing");

  const bodies = await vi.waitFor(() => {
    expect(receiver.calls).toHaveLength(3);
    return receiver.calls.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  }, 10_000);
  expect(bodies).toEqual([
    {
      event: "AuthFailure",
      message:
        "The request carries no token in the expected form: 'Authorization: Bearer <token>', unless the API takes it elsewhere.",
      path: "/api/custom/status",
      origin: "127.0.0.1",
      key: null,
      definition: "status",
      time: expect.any(String),
    },
    {
      event: "KeyExpired",
      message: "The token is not accepted.",
      reason: "the token is expired",
      path: "/api/custom/status",
      origin: "127.0.0.1",
      key: "old",
      definition: "status",
      time: expect.any(String),
    },
    {
      event: "AuthFailure",
      message: "The token is not accepted.",
      reason: "the token is not among those of the API",
      path: "/api/custom/status",
      origin: "127.0.0.1",
      key: "elsewhere",
      definition: "status",
      time: expect.any(String),
    },
  ]);
  expect(JSON.stringify(receiver.calls)).not.toContain(expired);
  expect(JSON.stringify(receiver.calls)).not.toContain(elsewhere);
});

test("what is not handed over yet is when the endpoint closes", async () => {
  await call("status");
  await endpoint.close();

  expect(await store.outbox.deliveries({ limit: 10 })).toMatchObject([{ event: "AuthFailure" }]);
});

async function applyAll(): Promise<void> {
  await store.apply({
    parentRevision: 0,
    commit: commitId("first"),
    origin: "test",
    changes: [
      create(webhook({ name: "audit", url: receiver.url })),
      create(token({ name: "old", spec: { expires: "2001-01-01T00:00:00Z" } })),
      create(token({ name: "elsewhere" })),
      create(
        definition({
          name: "status",
          spec: {
            tokens: ["old"],
            events: [
              { on: "AuthFailure", webhook: "audit" },
              { on: "KeyExpired", webhook: "audit" },
            ],
          },
        }),
      ),
      create(definition({ name: "unhooked" })),
    ],
    blobs: new Map(),
  });
  await store.issueCredential({ token: "old", hash: new Secret(expired).hash(), by: johnDoe });
  await store.issueCredential({ token: "elsewhere", hash: new Secret(elsewhere).hash(), by: johnDoe });
}

async function call(route: string, secret?: string): Promise<void> {
  const headers = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
  const response = await fetch(`${endpoint.url}/api/custom/${route}`, { headers });
  expect(response.status).toBe(401);
}
