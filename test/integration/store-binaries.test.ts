import { execFile } from "node:child_process";
import { cp, lstat, mkdir, readdir, readlink, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { beforeEach, expect, test } from "vitest";

import {
  copyBinaries,
  makeLibraryLinks,
  prepareBinaries,
} from "../../src/store/embedded/postgres-binaries.ts";
import { createDataFolder } from "../support/data-folder.ts";

let folder: string;

beforeEach(async () => {
  const created = await createDataFolder();
  folder = created.path;
  await mkdir(folder);
  return () => created.remove();
});

test("the installed binaries run, and name their version", async () => {
  const { folder: installed, version } = await prepareBinaries(null, folder);

  const { stdout } = await promisify(execFile)(join(installed, "bin", "postgres"), ["--version"]);

  expect(stdout).toContain(` ${version.split(".")[0]}.`);
  expect(await readdir(folder)).toEqual([]);
});

test("binaries that were installed without scripts get their links", async () => {
  const bare = await installWithoutLinks();

  await makeLibraryLinks(bare);
  await makeLibraryLinks(bare);

  const { stdout } = await promisify(execFile)(join(bare, "bin", "postgres"), ["--version"]);
  expect(stdout).toMatch(/^postgres \(PostgreSQL\)/);
});

test("a copy is whole, has its links, and can be run by everybody whatever the original's modes are", async () => {
  const from = join(folder, "native");
  await mkdir(join(from, "bin"), { recursive: true, mode: 0o700 });
  await mkdir(join(from, "lib"), { mode: 0o700 });
  await writeFile(join(from, "bin", "postgres"), "#!/bin/sh\n", { mode: 0o700 });
  await writeFile(join(from, "lib", "libx.so.1.2"), "", { mode: 0o600 });
  await writeFile(
    join(from, "pg-symlinks.json"),
    JSON.stringify([{ source: "native/lib/libx.so.1.2", target: "native/lib/libx.so" }]),
  );
  const to = join(folder, "copies", "binaries-1");

  await Promise.all([copyBinaries(from, to), copyBinaries(from, to), copyBinaries(from, to)]);

  expect(await readlink(join(to, "lib", "libx.so"))).toBe("libx.so.1.2");
  expect((await stat(join(to, "bin", "postgres"))).mode & 0o777).toBe(0o755);
  expect((await stat(join(to, "lib"))).mode & 0o777).toBe(0o755);
  expect((await stat(join(to, "lib", "libx.so.1.2"))).mode & 0o777).toBe(0o644);
  expect(await readdir(join(folder, "copies"))).toEqual(["binaries-1"]);
});

/** A copy without the links that an install script would have made. */
async function installWithoutLinks(): Promise<string> {
  const { folder: installed } = await prepareBinaries(null, folder);
  const bare = join(folder, "native");
  await cp(installed, bare, { recursive: true, verbatimSymlinks: true });
  for (const name of await readdir(join(bare, "lib"))) {
    const path = join(bare, "lib", name);
    if ((await lstat(path)).isSymbolicLink()) await rm(path);
  }
  return bare;
}
