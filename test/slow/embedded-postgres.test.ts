import { spawn } from "node:child_process";
import { copyFile, cp, lstat, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";

import { beforeEach, describe, expect, test, vi } from "vitest";

import { silentLog } from "../../src/log.ts";
import { startEmbeddedPostgres } from "../../src/store/embedded/embedded-postgres.ts";
import { commandOf } from "../../src/store/embedded/process-identity.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Store } from "../../src/store/store.ts";
import { createDataFolder, type DataFolder } from "../support/data-folder.ts";
import { commitId, create, token } from "../support/objects.ts";
import { startStoreProcess } from "../support/store-process.ts";

const isRoot = process.getuid?.() === 0;

let folder: DataFolder;

beforeEach(async () => {
  folder = await createDataFolder();
  return async () => {
    const left = await serverPid();
    await folder.remove();
    if (left !== null) throw new Error(`the server ${left} was left running`);
  };
});

test("starts in a fresh folder, keeps its contents, and stops with the store", async () => {
  const first = await open();
  await addToken(first);
  expect(await serverPid()).not.toBeNull();
  await first.close();

  const second = await open();
  const { objects } = await second.current();
  await second.close();

  expect(objects.map(({ name }) => name)).toEqual(["internal"]);
  expect(second.description).toBe(`embedded Postgres in ${folder.path}`);
});

test("listens on a socket in a private folder, with a password that only its owner can read", async () => {
  const server = await startEmbeddedPostgres(folder.path, { log: silentLog() });

  const socket = await stat(server.connection.host ?? "");
  const password = await stat(join(folder.path, "postgres", "password"));

  await server.close();
  expect(socket.mode & 0o777).toBe(0o700);
  expect(password.mode & 0o777).toBe(0o600);
});

test("does not mind who else has the port of Postgres", async () => {
  const other = createServer();
  // The port may be taken already, which is as good.
  await new Promise<void>((resolve) =>
    other.once("error", () => resolve()).listen(5432, "127.0.0.1", resolve),
  );

  const store = await open();

  await store.ping();
  await store.close();
  other.close();
});

test("a second process shares the server, and the last one to close stops it", async () => {
  const mine = await open();
  await addToken(mine);
  const pid = await serverPid();

  const other = startStoreProcess(folder.path);
  expect(await other.opened).toBe("open 1");
  expect(await serverPid()).toBe(pid);

  await mine.close();
  expect(await serverPid()).toBe(pid);

  await other.close();
  expect(await serverPid()).toBeNull();
});

test("many who start and stop at once get along", async () => {
  await Promise.all(
    [1, 2, 3, 4, 5, 6].map(async () => {
      const store = await open();
      await store.ping();
      await store.close();
    }),
  );

  expect(await serverPid()).toBeNull();
});

test("a server whose starter was killed is adopted", async () => {
  const starter = startStoreProcess(folder.path);
  await starter.opened;
  const pid = await serverPid();
  await starter.kill();
  expect(await serverPid()).toBe(pid);

  const store = await open();

  expect(await serverPid()).toBe(pid);
  await store.close();
});

test.each([
  ["making the cluster", "postgres", /^data\.new-/],
  ["starting the server", "postgres/data", /^postmaster\.pid$/],
])("a starter that is killed while %s leaves nothing that stops the next one", async (_, inside, sign) => {
  const starter = startStoreProcess(folder.path);
  await vi.waitFor(
    async () => expect((await readdir(join(folder.path, inside))).some((name) => sign.test(name))).toBe(true),
    { timeout: 20_000, interval: 5 },
  );

  await starter.kill();
  const store = await open();

  await store.ping();
  await store.close();
});

test("a server that is killed in use is started again, and meanwhile the store says that it is unreachable", async () => {
  const store = await open();
  await addToken(store);
  process.kill((await serverPid()) ?? 0, "SIGKILL");

  await vi.waitFor(() => expect(store.current()).rejects.toMatchObject({ code: "database-unreachable" }), {
    timeout: 5000,
    interval: 1,
  });

  await vi.waitFor(() => store.ping(), { timeout: 20_000 });
  expect((await store.current()).objects.map(({ name }) => name)).toEqual(["internal"]);
  await store.close();
});

test("a server that was killed with its starter is started again", async () => {
  const starter = startStoreProcess(folder.path);
  await starter.opened;
  const pid = (await serverPid()) ?? 0;
  await starter.kill();
  process.kill(pid, "SIGKILL");

  const store = await open();

  expect(await serverPid()).not.toBe(pid);
  await store.close();
});

test("a stale postmaster.pid whose number belongs to another program is no hindrance", async () => {
  await (await open()).close();
  const other = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], {
    ...(isRoot ? await serverAccount() : {}),
    cwd: "/",
  });
  await writeFile(
    join(folder.path, "postgres/data/postmaster.pid"),
    `${other.pid}\n${folder.path}/postgres/data\n1\n5432\n${folder.path}/postgres/socket\n\n  1 1\nready   \n`,
  );

  const store = await open();

  await store.ping();
  await store.close();
  expect(other.exitCode).toBeNull();
  other.kill();
});

test("an interrupted initdb is thrown away and done again", async () => {
  const half = join(folder.path, "postgres", "data.new-0000");
  await mkdir(half, { recursive: true });
  await writeFile(join(half, "PG_VERSION"), "18\n");
  await writeFile(join(folder.path, "postgres", "password"), "");

  const store = await open();

  await store.ping();
  await store.close();
  expect(await readdir(join(folder.path, "postgres"))).not.toContain("data.new-0000");
});

test("a folder in the place of the cluster that is none is left alone", async () => {
  const data = join(folder.path, "postgres", "data");
  await mkdir(data, { recursive: true });
  await writeFile(join(data, "precious.txt"), "mine");

  await expect(open()).rejects.toMatchObject({
    code: "embedded-postgres",
    message: expect.stringContaining(data),
  });

  expect(await readFile(join(data, "precious.txt"), "utf8")).toBe("mine");
});

test("a cluster of another major version is refused and left alone", async () => {
  await (await open()).close();
  const version = join(folder.path, "postgres/data/PG_VERSION");
  await writeFile(version, "12\n");

  await expect(open()).rejects.toMatchObject({
    code: "embedded-postgres",
    message: expect.stringContaining("was made by Postgres 12"),
  });
  expect(await readFile(version, "utf8")).toBe("12\n");
});

test("a server that can't start fails with the last lines of its log", async () => {
  await (await open()).close();
  await writeFile(join(folder.path, "postgres/data/postgresql.conf"), "no_such_setting = 1\n");

  await expect(open()).rejects.toMatchObject({
    code: "embedded-postgres",
    message: expect.stringContaining("no_such_setting"),
  });
});

test("a changed password file is named as the reason", async () => {
  await (await open()).close();
  const file = join(folder.path, "postgres/password");
  const password = await readFile(file, "utf8");
  await writeFile(file, "another\n");

  await expect(open()).rejects.toMatchObject({ message: expect.stringContaining("'password'") });

  await writeFile(file, password);
  await (await open()).close();
});

test("a copied data folder gets a server of its own, even when it says where the original's is", async () => {
  const first = await open();
  await addToken(first);
  await first.close();
  const copy = await createDataFolder();
  await cp(folder.path, copy.path, { recursive: true });
  const original = await open();
  const pidFile = "postgres/data/postmaster.pid";
  await copyFile(join(folder.path, pidFile), join(copy.path, pidFile));

  const store = await openStore({ dataDir: copy.path }, { log: silentLog() });

  const [its, itsCopys] = [await serverPid(), await serverPid(copy.path)];
  const { objects } = await store.current();
  await store.close();
  await original.close();
  await copy.remove();
  expect(its).not.toBe(itsCopys);
  expect(objects.map(({ name }) => name)).toEqual(["internal"]);
});

test("a data folder whose name is odd or too long for a socket works too", async () => {
  for (const name of ["with, comma and \"quotes\" 'ü'", "long-".repeat(30)]) {
    const store = await openStore({ dataDir: join(folder.path, name) }, { log: silentLog() });
    await store.ping();
    await store.close();
    expect(await serverPid(join(folder.path, name))).toBeNull();
  }
});

test("a server log that has grown too long begins anew", async () => {
  await (await open()).close();
  const log = join(folder.path, "postgres/server.log");
  await writeFile(log, "x".repeat(11 * 1024 * 1024));

  await (await open()).close();

  expect((await stat(log)).size).toBeLessThan(100_000);
});

test("a file where the data folder should be is said to be in the way", async () => {
  await writeFile(folder.path, "");

  await expect(open()).rejects.toMatchObject({
    code: "data-folder",
    message: expect.stringContaining(folder.path),
  });
});

describe.runIf(isRoot)("as root", () => {
  test("a data folder that the server's user can't enter gets its cluster elsewhere, and keeps it", async () => {
    const closed = await createDataFolder({ closed: true });
    const inClosed = () => openStore({ dataDir: closed.path }, { log: silentLog() });
    const first = await inClosed();
    await addToken(first);
    await first.close();

    const second = await inClosed();
    const { objects } = await second.current();
    await second.close();

    const elsewhere = (await readFile(join(closed.path, "postgres-location"), "utf8")).trim();
    expect(objects.map(({ name }) => name)).toEqual(["internal"]);
    expect((await stat(elsewhere)).mode & 0o777).toBe(0o700);
    expect((await stat(elsewhere)).uid).not.toBe(0);
    await closed.remove();
    expect(await lstat(elsewhere).catch(() => null)).toBeNull();
  });

  test("the server runs as another user", async () => {
    const store = await open();

    const status = await readFile(`/proc/${await serverPid()}/status`, "utf8");

    await store.close();
    expect(status).toMatch(/^Uid:\s+[1-9]/m);
    expect(status).toMatch(/^Groups:\s*0?\s*$/m);
  });
});

function open(): Promise<Store> {
  return openStore({ dataDir: folder.path }, { log: silentLog() });
}

async function addToken(store: Store): Promise<void> {
  await store.apply({
    parentRevision: 0,
    commit: commitId("x"),
    origin: "test",
    changes: [create(token({ name: "internal" }))],
    blobs: new Map(),
  });
}

/** The process of the folder's server, when it runs. */
async function serverPid(dataDir = folder.path): Promise<number | null> {
  const text = await readFile(join(dataDir, "postgres/data/postmaster.pid"), "utf8").catch(() => "");
  const pid = Number(text.split("\n")[0]);
  if (!pid) return null;
  return (await commandOf(pid)).includes("postgres") ? pid : null;
}

/** Whom the server runs as. */
async function serverAccount(): Promise<{ readonly uid: number; readonly gid: number }> {
  const { uid, gid } = await stat(join(folder.path, "postgres"));
  return { uid, gid };
}
