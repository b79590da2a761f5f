import { execFile } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

import { describe, expect, test } from "vitest";

import { readFolder } from "../../src/source/folder/read-folder.ts";
import { apiText, scriptText } from "../support/open-test-source.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const limits = { fileSize: 4096, files: 1000, parseTime: 20_000 };

describe("reading a folder", () => {
  test("gives the manifests below the paths, sorted, named from where one is", async () => {
    await using folder = await folderWith({
      ".git": "gitdir: elsewhere",
      "team/apis/b.yml": scriptText("b", "../../scripts/s.js"),
      "team/apis/deep/a.yaml": apiText("a"),
      "team/apis/.git/c.yaml": apiText("c"),
      "team/apis/readme.txt": "",
      "scripts/s.js": "1",
      "single.yaml": apiText("single"),
    });
    const cwd = join(folder.path, "team");

    const { set, manifests, sourceLine } = await read(["apis", "../single.yaml"], cwd);

    expect(manifests).toBe(3);
    expect(set).toMatchObject({ broken: [], unidentified: [] });
    expect(set.manifests.map(({ name, place }) => `${name} ${place.file}`).toSorted()).toEqual([
      "a apis/deep/a.yaml",
      "b apis/b.yml",
      "single ../single.yaml",
    ]);
    expect(set.manifests.find(({ name }) => name === "b")?.files).toHaveProperty("scripts/s.js");
    expect(sourceLine("apis/deep/a.yaml", 2)).toBe("kind: ApiDefinition");
    expect(sourceLine("apis/deep/a.yaml", 99)).toBeUndefined();
    expect(sourceLine("apis/none.yaml", 1)).toBeUndefined();
  });

  test("locates what is wrong", async () => {
    await using folder = await folderWith({
      "apis/syntax.yaml": "kind: [\n",
      "apis/field.yaml": apiText("field").replace("keyless", "keyles"),
      "apis/missing.yaml": scriptText("missing", "none.js"),
      "apis/large.yaml": `# ${"x".repeat(5000)}`,
      "apis/latin.yaml": Buffer.from([0x61, 0xff]),
    });

    const { set, manifests } = await read(["apis"], folder.path);

    expect(manifests).toBe(2);
    expect(set.broken.map(({ name, place }) => `${name} ${place.file}`)).toEqual([
      "field apis/field.yaml",
      "missing apis/missing.yaml",
    ]);
    expect(set.unidentified.map(({ file }) => file).toSorted()).toEqual([
      "apis/large.yaml",
      "apis/latin.yaml",
      "apis/syntax.yaml",
    ]);
  });

  test("follows no symlink, and reads nothing but regular files", async () => {
    await using folder = await folderWith({
      "real/a.yaml": apiText("a"),
      "real/s.js": "1",
      "apis/script.yaml": scriptText("script", "link.js"),
      "apis/through.yaml": scriptText("through", "../linked/s.js"),
    });
    await symlink("../real/a.yaml", join(folder.path, "apis/link.yaml"));
    await symlink("../real", join(folder.path, "apis/folder"));
    await symlink("../real/s.js", join(folder.path, "apis/link.js"));
    await symlink("real", join(folder.path, "linked"));
    await promisify(execFile)("mkfifo", [join(folder.path, "apis/pipe.yaml")]);

    const { set } = await read(["apis", "linked"], folder.path);

    expect(set.manifests).toEqual([]);
    expect(set.broken.map(({ name }) => name)).toEqual(["script", "through"]);
    expect(set.unidentified.map(({ file, code }) => `${file} ${code}`).toSorted()).toEqual([
      "apis/folder symlink",
      "apis/link.yaml symlink",
      "apis/pipe.yaml unreadable",
      "linked symlink",
    ]);
  });

  test("stops at the most files, and says so", async () => {
    await using folder = await folderWith({
      "a.yaml": apiText("a"),
      "b.yaml": apiText("b"),
      "c.yaml": apiText("c"),
    });

    const { set } = await readFolder(["."], {
      cwd: folder.path,
      limits: { ...limits, files: 2 },
      routeBase: "/api",
    });

    expect(set.manifests.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(set.unidentified).toMatchObject([{ file: "c.yaml", code: "too-many-files" }]);
  });

  test("reads a folder elsewhere", async () => {
    await using here = await temporaryFolder();
    await using there = await folderWith({ "apis/a.yaml": scriptText("a", "../s.js"), "s.js": "1" });

    const { set } = await read([join(there.path, "apis")], here.path);

    expect(set.manifests.map(({ name }) => name)).toEqual(["a"]);
  });

  test("refuses a path that does not exist", async () => {
    await using folder = await temporaryFolder();

    await expect(read(["apis"], folder.path)).rejects.toMatchObject({
      code: "usage",
      message: expect.stringContaining(join(folder.path, "apis")) as string,
    });
  });
});

function read(paths: readonly string[], cwd: string) {
  return readFolder(paths, { cwd, limits, routeBase: "/api/custom" });
}

async function folderWith(files: Record<string, string | Buffer>) {
  const folder = await temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder.path, path)), { recursive: true });
    await writeFile(join(folder.path, path), content);
  }
  return folder;
}
