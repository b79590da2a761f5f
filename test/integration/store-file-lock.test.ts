import { spawnSync } from "node:child_process";
import { mkdir, readdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { beforeEach, expect, test } from "vitest";

import { withFileLock } from "../../src/store/embedded/file-lock.ts";
import { identifySelf } from "../../src/store/embedded/process-identity.ts";
import { createDataFolder } from "../support/data-folder.ts";

let folder: string;
let file: string;

beforeEach(async () => {
  const created = await createDataFolder();
  folder = created.path;
  file = join(folder, "postgres.lock");
  await mkdir(folder);
  return () => created.remove();
});

test("one at a time runs, and the lock is gone afterwards", async () => {
  let inside = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, (inside += 1));
    await stat(file);
    inside -= 1;
  };

  await Promise.all([1, 2, 3, 4, 5].map(() => withFileLock(file, work)));

  expect(most).toBe(1);
  expect(await readdir(folder)).toEqual([]);
});

test("a failure of the work gives the lock back", async () => {
  const failing = withFileLock(file, () => Promise.reject(new Error("work failed")));

  await expect(failing).rejects.toThrow("work failed");
  expect(await readdir(folder)).toEqual([]);
});

test("a lock whose process is gone is broken", async () => {
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  await writeFile(file, JSON.stringify({ pid, started: null, nonce: "x" }));

  expect(await withFileLock(file, () => Promise.resolve("done"))).toBe("done");
  expect(await readdir(folder)).toEqual([]);
});

test.runIf(process.platform === "linux")(
  "a lock whose number went to another process is broken",
  async () => {
    await writeFile(file, JSON.stringify({ pid: process.pid, started: "1", nonce: "x" }));

    expect(await withFileLock(file, () => Promise.resolve("done"))).toBe("done");
  },
);

test.each(["", "not JSON", "null", '{"pid":"7"}'])("an old lock that says %j is broken", async (text) => {
  await writeFile(file, text);
  const longAgo = new Date(Date.now() - 60_000);
  await utimes(file, longAgo, longAgo);

  expect(await withFileLock(file, () => Promise.resolve("done"))).toBe("done");
});

test("a lock that is held for too long is said to be, with its process and its file", async () => {
  await writeFile(file, JSON.stringify({ ...(await identifySelf()), nonce: "x" }));

  const waiting = withFileLock(file, () => Promise.resolve("done"), { waitMs: 100 });

  await expect(waiting).rejects.toMatchObject({ code: "embedded-postgres" });
  await expect(waiting).rejects.toThrow(new RegExp(`process ${process.pid}.*${file}`));
});

test("a stale lock that many find at once lets them in one by one", async () => {
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  await writeFile(file, JSON.stringify({ pid, started: null, nonce: "x" }));
  let inside = 0;
  let most = 0;

  await Promise.all(
    Array.from({ length: 8 }, () =>
      withFileLock(file, async () => {
        most = Math.max(most, (inside += 1));
        await stat(file);
        inside -= 1;
      }),
    ),
  );

  expect(most).toBe(1);
});

test("a process that was killed while it removed a stale lock holds nobody up", async () => {
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  await writeFile(file, JSON.stringify({ pid, started: null, nonce: "x" }));
  await writeFile(`${file}.breaking`, "");
  const longAgo = new Date(Date.now() - 60_000);
  await utimes(`${file}.breaking`, longAgo, longAgo);

  expect(await withFileLock(file, async () => "in")).toBe("in");
});
