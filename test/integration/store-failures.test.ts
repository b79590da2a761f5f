import { createServer, type AddressInfo } from "node:net";
import { inspect } from "node:util";

import { beforeEach, expect, test, vi } from "vitest";

import { silentLog } from "../../src/log.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Applied, Store } from "../../src/store/store.ts";
import { startCuttingProxy, type CuttingProxy } from "../support/cutting-proxy.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { commitId, create, johnDoe, token } from "../support/objects.ts";

let database: TestDatabase;
let proxy: CuttingProxy;
let store: Store;

beforeEach(async () => {
  database = await createDatabase();
  proxy = await startCuttingProxy(database.url);
  store = await openStore({ databaseUrl: proxy.urlOf(database.url) }, { log: silentLog() });
  return async () => {
    await store.close();
    await proxy.close();
    await database.drop();
  };
});

test("an apply whose commit reached the server is known to have committed", async () => {
  proxy.cutNextCommit("after");

  const applied = await apply("internal");

  expect(applied.revision).toBe(1);
  expect(await store.events({ limit: 10 })).toEqual(applied.events);
  expect((await store.current()).objects.map(({ name }) => name)).toEqual(["internal"]);
});

test("an apply whose commit never reached the server is known to have failed, and can be repeated", async () => {
  proxy.cutNextCommit("before");

  await expect(apply("internal")).rejects.toMatchObject({
    code: "database-unreachable",
    message: expect.stringContaining("nothing was changed"),
  });

  expect(await store.current()).toMatchObject({ revision: 0, objects: [] });
  expect((await apply("internal")).revision).toBe(1);
  expect(await store.events({ limit: 10 })).toHaveLength(1);
});

test("a secret whose commit reached the server is known to have been issued", async () => {
  await apply("internal");
  proxy.cutNextCommit("after");

  await store.issueCredential({ token: "internal", hash: Buffer.alloc(32, 1), by: johnDoe });

  expect(await store.credentials("internal")).toHaveLength(1);
});

test("connections that the server ends do no harm", async () => {
  await Promise.all([store.current(), store.current(), store.ping()]);

  await database.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
  );

  await vi.waitFor(() => store.ping());
  expect((await store.current()).revision).toBe(0);
});

test("a server that refuses, and a database that is not there, are named without the password", async () => {
  const port = await unusedPort();

  const refused = openStore(
    { databaseUrl: `postgres://gitway:hunter2hunter2@127.0.0.1:${port}/apis` },
    { log: silentLog() },
  );
  await expect(refused).rejects.toMatchObject({
    code: "database-unreachable",
    message: expect.stringContaining(`postgres://127.0.0.1:${port}/apis`),
  });
  await expect(refused).rejects.toSatisfy((error: Error) => !String(error.stack).includes("hunter2"));

  const missing = new URL(database.url);
  missing.pathname = "/there_is_no_such_database";
  await expect(openStore({ databaseUrl: missing.href }, { log: silentLog() })).rejects.toMatchObject({
    code: "database-unreachable",
    message: expect.stringContaining("Create the database"),
  });
});

test("a wrong password is said to be one, and not shown", async () => {
  const url = new URL(database.url);
  url.password = "wrong-and-secret";

  const failure = await openStore({ databaseUrl: url.href }, { log: silentLog() }).then(
    async (opened) => opened.close(),
    (error: Error) => error,
  );

  // A server may trust local users; then there is nothing to refuse.
  if (!failure) return;
  expect(failure).toMatchObject({
    code: "database-unreachable",
    message: expect.stringContaining("password"),
  });
  expect(String(failure.stack)).not.toContain("wrong-and-secret");
});

test.each([
  "postgres://me:hun@ter/two@host:port/db",
  "postgres://me:12/hun@ter@host/db",
  "postgres://me:12?hun@ter@host/db",
  "postgres://me:12#hun@ter@host/db",
  "postgres://me:hun@ter@host:port/db",
])("the URL %s is refused as it can't be read, and not shown", async (databaseUrl) => {
  const failure = openStore({ databaseUrl }, { log: silentLog() });

  await expect(failure).rejects.toMatchObject({ code: "config-invalid" });
  await expect(failure).rejects.toSatisfy((error: Error) => !/hun@|ter@|ter.two/.test(inspect(error)));
});

test("a server that says nothing is given up", { timeout: 30_000 }, async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const { port } = silent.address() as AddressInfo;

  const failure = openStore(
    { databaseUrl: `postgres://gitway@127.0.0.1:${port}/apis` },
    { log: silentLog() },
  );

  await expect(failure).rejects.toMatchObject({ code: "database-unreachable" });
  silent.close();
});

test("a store that may be away opens without its server, holds nobody up, and works when it is back", async () => {
  proxy.setAway(true);
  const early = await openStore(
    { databaseUrl: proxy.urlOf(database.url) },
    { log: silentLog(), mayBeAway: true },
  );
  await expect(early.ping()).rejects.toMatchObject({ code: "database-unreachable" });
  let heard = 0;
  await early.onChange(() => heard++);

  proxy.setAway(false);
  await vi.waitFor(() => early.ping());
  await vi.waitFor(() => expect(heard).toBeGreaterThan(0), 5000);
  await apply("internal");

  await vi.waitFor(() => expect(heard).toBeGreaterThan(1), 5000);
  expect((await early.serving()).revision).toBe(1);
  await early.close();
});

test("a store that may be away and hangs holds nobody up for long", async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const { port } = silent.address() as AddressInfo;
  const databaseUrl = `postgres://gitway@127.0.0.1:${port}/apis`;
  const start = performance.now();

  const hanging = await openStore({ databaseUrl }, { log: silentLog(), mayBeAway: true });
  for (let count = 0; count < 5; count++)
    await expect(hanging.ping()).rejects.toMatchObject({ code: "database-unreachable" });

  expect(performance.now() - start).toBeLessThan(6000);
  silent.close();
});

async function apply(name: string): Promise<Applied> {
  return store.apply({
    parentRevision: 0,
    commit: commitId("x"),
    origin: "test",
    changes: [create(token({ name }))],
    blobs: new Map(),
  });
}

function unusedPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
