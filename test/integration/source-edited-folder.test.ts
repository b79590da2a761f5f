import { mkdirSync, readdirSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";

import { beforeEach, describe, expect, test } from "vitest";

import { type EditedFolder, openEditedFolder } from "../../src/source/folder/edited-folder.ts";
import { replyManifest } from "../support/reconciling.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const limits = { fileSize: 1024 * 1024, files: 100, parseTime: 5000 };

let path: string;
let folder: EditedFolder;

beforeEach(async () => {
  const temporary = await temporaryFolder();
  ({ path } = temporary);
  folder = openEditedFolder(["apis"], { cwd: path, limits, routeBase: "/api/custom" });
  return async () => {
    await folder.close();
    await temporary.remove();
  };
});

test("says what the folder would, before anything is written", async () => {
  await write("apis/old.yaml", replyManifest("old", "old"));
  await write("apis/gone.yaml", replyManifest("gone", "gone"));
  await add("apis/new/deep/fresh.yaml", "fresh");
  folder.write("apis/gone.yaml", null);

  const { set } = await folder.read();

  expect(set.manifests.map(({ name, place }) => `${name} ${place.file}`)).toEqual([
    "fresh apis/new/deep/fresh.yaml",
    "old apis/old.yaml",
  ]);
  expect(await readdir(join(path, "apis"))).toEqual(["gone.yaml", "old.yaml"]);
});

test("writes all of it, and leaves what did not change", async () => {
  await write("apis/old.yaml", `# kept\r\n${replyManifest("old", "old").replaceAll("\n", "\r\n")}`);
  await chmod(join(path, "apis/old.yaml"), 0o755);
  await write("apis/same.yaml", replyManifest("same", "same"));
  const { mtimeMs } = await stat(join(path, "apis/same.yaml"));
  await set("apis/old.yaml", "old", "another");
  await set("apis/same.yaml", "same", "same");
  await add("apis/definitions/fresh.yaml", "fresh");

  await folder.save();

  const old = await readFile(join(path, "apis/old.yaml"), "utf8");
  expect(old).toMatch(/^# kept\r\n.*body: "another"/s);
  expect(old.replaceAll("\r\n", "")).not.toContain("\n");
  expect((await stat(join(path, "apis/old.yaml"))).mode & 0o777).toBe(0o755);
  expect((await stat(join(path, "apis/same.yaml"))).mtimeMs).toBe(mtimeMs);
  expect(await allFiles()).toEqual(["apis/definitions/fresh.yaml", "apis/old.yaml", "apis/same.yaml"]);
});

test("puts a second object behind the first of a file", async () => {
  await add("apis/all.yaml", "one");
  await add("apis/all.yaml", "two");

  await folder.save();

  expect((await readFile(join(path, "apis/all.yaml"), "utf8")).match(/^ {2}name: .*$/gm)).toEqual([
    "  name: one",
    "  name: two",
  ]);
});

describe("writes nothing when", () => {
  test("somebody changed a file meanwhile", async () => {
    await write("apis/b.yaml", replyManifest("b", "b"));
    await add("apis/a/a.yaml", "a");
    await set("apis/b.yaml", "b", "mine");
    await write("apis/b.yaml", replyManifest("b", "b", "theirs"));

    await expect(folder.save()).rejects.toMatchObject({ code: "edit-conflict" });

    expect(await allFiles()).toEqual(["apis/b.yaml"]);
    expect(await readFile(join(path, "apis/b.yaml"), "utf8")).toContain("theirs");
  });

  test("a file can't be put in its place at the end", async () => {
    await write("apis/b.yaml", replyManifest("b", "b"));
    await set("apis/b.yaml", "b", "mine");
    await add("apis/c/c.yaml", "c");
    await add("apis/z.yaml", "z");
    const saving = folder.save();
    // In the way only once the last file is written, beside its place.
    while (!readdirSync(join(path, "apis")).some((name) => name.startsWith("z.yaml."))) await setImmediate();
    mkdirSync(join(path, "apis/z.yaml/full"), { recursive: true });

    await expect(saving).rejects.toMatchObject({ code: "file-failed" });

    expect(await allFiles()).toEqual(["apis/b.yaml", "apis/z.yaml/full"]);
    expect(await readFile(join(path, "apis/b.yaml"), "utf8")).not.toContain("mine");
  });

  test.each(["apis/link/x.yaml", "apis/file/x.yaml"])("%s leads elsewhere", async (file) => {
    await mkdir(join(path, "apis"));
    await mkdir(join(path, "elsewhere"));
    await symlink(join(path, "elsewhere"), join(path, "apis/link"));
    await write("apis/file", "");

    await expect(add(file, "x")).rejects.toMatchObject({ code: "edit-conflict" });
    expect(await readdir(join(path, "elsewhere"))).toEqual([]);
  });

  test.each([
    "elsewhere/x.yaml",
    "apis/../x.yaml",
    "/etc/x.yaml",
    "apis/.git/x.yaml",
    "apis//x.yaml",
    "apis/\n.yaml",
  ])("%j is no place for a manifest", async (file) => {
    await expect(add(file, "x")).rejects.toMatchObject({ code: "usage" });
  });

  test("what is there is no text", async () => {
    await write("apis/x.yaml", Buffer.from([0xff, 0xfe]));

    await expect(add("apis/x.yaml", "x")).rejects.toThrow("it is not UTF-8");
  });
});

async function add(file: string, name: string): Promise<void> {
  const spec = { route: name, action: { reply: {} } };
  const { status } = await folder.edit(file, { op: "add", wanted: { kind: "ApiDefinition", name, spec } });
  expect(status).toBe("edited");
}

async function set(file: string, name: string, body: string): Promise<void> {
  const { set } = await folder.read();
  const { id, spec } = set.manifests.find((manifest) => manifest.name === name)!;
  const action = { reply: { body: body === name ? "ok" : body } };
  const wanted = { kind: "ApiDefinition", name, spec: { ...spec, action } } as const;
  const { status } = await folder.edit(file, { op: "set", identity: { kind: "ApiDefinition", id }, wanted });
  expect(status).toBe("edited");
}

async function write(file: string, content: string | Buffer): Promise<void> {
  await mkdir(join(path, file, ".."), { recursive: true });
  await writeFile(join(path, file), content);
}

/** All files, and folders without any. */
async function allFiles(): Promise<string[]> {
  const entries = await readdir(join(path), { recursive: true, withFileTypes: true });
  const names = entries.map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1));
  return names.filter((name) => !names.some((other) => other.startsWith(`${name}/`))).toSorted();
}
