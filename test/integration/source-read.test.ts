import { createHash } from "node:crypto";

import { describe, expect, test } from "vitest";

import type { ManifestSet } from "../../src/manifest/manifest.ts";
import { createRepository, type TestRepository } from "../support/git-repository.ts";
import { apiText, openTestSource, scriptText, type TestSource } from "../support/open-test-source.ts";

describe("reading a revision", () => {
  test("gives the manifests below the paths, with what they refer to", async () => {
    await using repository = await createRepository();
    const commit = await repository.commit({
      files: {
        "apis/a.yaml": apiText("a"),
        "apis/deep/er/b.yml": scriptText("b", "../../../scripts/b.js"),
        "apis/readme.md": "no manifest",
        "elsewhere/c.yaml": apiText("c"),
        "scripts/b.js": "export default 1;",
      },
    });
    await using source = await openTestSource(repository.path);

    const fetched = await source.fetch();
    const revision = await source.read(fetched.commit);

    expect(fetched).toEqual({ commit, branch: "main", shallow: false });
    expect(names(revision.set)).toEqual(["a", "b"]);
    expect(revision.set).toMatchObject({ broken: [], unidentified: [], warnings: [] });
    const digest = createHash("sha256").update("export default 1;").digest("hex");
    expect(revision.set.manifests[1]?.files).toEqual({ "scripts/b.js": digest });
    expect((await revision.content(digest)).toString()).toBe("export default 1;");
  });

  test("reads only what the paths name, also single files and overlapping folders", async () => {
    await using repository = await createRepository();
    await repository.commit({
      files: {
        "x/a.yaml": apiText("a"),
        "x/y/b.yaml": apiText("b"),
        "z/c.yaml": apiText("c"),
        "d.yaml": apiText("d"),
      },
    });
    await using source = await openTestSource(repository.path, { paths: ["./x/", "x/y", "d.yaml"] });
    await using whole = await openTestSource(repository.path, { paths: ["."] });

    const some = await readHead(source);
    const all = await readHead(whole);

    expect(names(some)).toEqual(["a", "b", "d"]);
    expect(names(all)).toEqual(["a", "b", "c", "d"]);
  });

  test("follows edits, additions, deletions and renames from commit to commit", async () => {
    await using repository = await createRepository();
    await repository.commit({
      files: { "apis/a.yaml": apiText("a"), "apis/b.yaml": apiText("b"), "apis/c.yaml": apiText("c") },
    });
    await using source = await openTestSource(repository.path);

    const first = await readHead(source);
    await repository.commit({
      files: {
        "apis/a.yaml": apiText("a", "other"),
        "apis/b.yaml": null,
        "apis/c.yaml": null,
        "apis/moved.yaml": apiText("c"),
        "apis/d.yaml": apiText("d"),
      },
    });
    const second = await readHead(source);

    expect(names(first)).toEqual(["a", "b", "c"]);
    expect(names(second)).toEqual(["a", "c", "d"]);
    expect(second.manifests[0]?.spec).toMatchObject({ route: "other" });
    expect(second.manifests.find(({ name }) => name === "c")?.place.file).toBe("apis/moved.yaml");
  });

  test("an incremental read says the same as a fresh one", async () => {
    await using repository = await createRepository();
    await repository.commit({ files: { "apis/a.yaml": apiText("a"), "apis/x.yaml/b.yaml": apiText("b") } });
    await using source = await openTestSource(repository.path);
    await readHead(source);
    const steps: Record<string, string | null>[] = [
      { "apis/x.yaml/b.yaml": null },
      { "apis/x.yaml": apiText("x") },
      { "apis/a.yaml": null },
      { "apis/a.yaml/c.yaml": scriptText("c", "s.js"), "apis/a.yaml/s.js": "1" },
      { "apis/a.yaml/s.js": null },
      { "apis/a.yaml/s.js": "2", "apis/x.yaml": "kind: [" },
    ];

    for (const files of steps) {
      await repository.commit({ files });
      await using fresh = await openTestSource(repository.path);

      expect(await readHead(source)).toEqual(await readHead(fresh));
    }
  });

  test("a changed script changes the manifest that refers to it", async () => {
    await using repository = await createRepository();
    await repository.commit({ files: { "apis/a.yaml": scriptText("a", "../s.js"), "s.js": "1" } });
    await using source = await openTestSource(repository.path);

    const first = await readHead(source);
    await repository.commit({ files: { "s.js": "2" } });
    const second = await readHead(source);
    await repository.commit({ files: { "s.js": null } });
    const third = await readHead(source);

    expect(second.manifests[0]?.hash).not.toBe(first.manifests[0]?.hash);
    expect(third.manifests).toEqual([]);
    expect(third.broken.map(({ name }) => name)).toEqual(["a"]);
  });

  test("after a force push the new history counts", async () => {
    await using repository = await createRepository();
    const base = await repository.commit({ files: { "apis/a.yaml": apiText("a") } });
    await repository.commit({ files: { "apis/b.yaml": apiText("b") } });
    await using source = await openTestSource(repository.path);

    const before = await readHead(source);
    await repository.git("reset", "--quiet", "--hard", base);
    await repository.commit({ files: { "apis/c.yaml": apiText("c") } });
    const after = await readHead(source);

    expect(names(before)).toEqual(["a", "b"]);
    expect(names(after)).toEqual(["a", "c"]);
  });

  test("older commits can be read again", async () => {
    await using repository = await createRepository();
    const old = await repository.commit({ files: { "apis/a.yaml": apiText("a") } });
    await repository.commit({ files: { "apis/a.yaml": null, "apis/b.yaml": apiText("b") } });
    await using source = await openTestSource(repository.path);

    await readHead(source);
    const revision = await source.read(old);

    expect(names(revision.set)).toEqual(["a"]);
  });

  test("two reads at once do not mix", async () => {
    await using repository = await createRepository();
    const first = await repository.commit({ files: { "apis/a.yaml": apiText("a") } });
    const second = await repository.commit({ files: { "apis/b.yaml": apiText("b") } });
    await using source = await openTestSource(repository.path);
    await source.fetch();

    const [older, newer] = await Promise.all([source.read(first), source.read(second)]);

    expect(names(older.set)).toEqual(["a"]);
    expect(names(newer.set)).toEqual(["a", "b"]);
  });
});

describe("what proves no absence", () => {
  test("a symlink in place of a manifest or of a folder of manifests is refused, one to a file is not", async () => {
    await using repository = await repositoryWith({ "real/b.yaml": apiText("b"), "scripts/s.js": "1" });
    await repository.stage("apis/link.yaml", "120000", "../real/b.yaml");
    await repository.stage("apis/team", "120000", "../real");
    await repository.stage("apis/outside", "120000", "/etc");
    await repository.stage("apis/dangling", "120000", "nowhere");
    await repository.stage("apis/script", "120000", "../scripts/s.js");
    await repository.git("commit", "--quiet", "-m", "links");
    await using source = await openTestSource(repository.path);

    const set = await readHead(source);

    expect(names(set)).toEqual(["a"]);
    expect(problemsOf(set)).toEqual([
      "apis/dangling symlink",
      "apis/link.yaml symlink",
      "apis/outside symlink",
      "apis/team symlink",
    ]);
  });

  test("a configured path that is a symlink or a submodule is refused", async () => {
    await using repository = await createRepository();
    const commit = await repository.commit({ files: { "real/a.yaml": apiText("a") } });
    await repository.stage("linked", "120000", "real");
    await repository.stage("module", "160000", commit);
    await repository.git("commit", "--quiet", "-m", "links");
    await using source = await openTestSource(repository.path, { paths: ["linked", "module"] });

    const set = await readHead(source);

    expect(problemsOf(set)).toEqual(["linked symlink", "module submodule"]);
  });

  test("a submodule below a path is refused", async () => {
    await using repository = await repositoryWith({});
    await repository.stage("apis/vendor", "160000", "1".repeat(40));
    await repository.git("commit", "--quiet", "-m", "module");
    await using source = await openTestSource(repository.path);

    expect(problemsOf(await readHead(source))).toEqual(["apis/vendor submodule"]);
  });

  test.each([
    ["file-too-large", Buffer.from(`# ${"x".repeat(3000)}`)],
    ["encoding", Buffer.from([0x6b, 0x69, 0x6e, 0x64, 0x3a, 0x20, 0xff, 0xfe, 0x0a])],
    ["lfs-pointer", Buffer.from("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n")],
  ])("%s is a located problem, and the other manifests are read", async (code, content) => {
    await using repository = await repositoryWith({ "apis/bad.yaml": content });
    await using source = await openTestSource(repository.path, { limits: { fileSize: 2048 } });

    const set = await readHead(source);

    expect(names(set)).toEqual(["a"]);
    expect(set.unidentified).toMatchObject([
      { file: "apis/bad.yaml", line: 1, column: 1, code, severity: "error" },
    ]);
  });

  test("a configured path that is not there is named", async () => {
    await using repository = await repositoryWith({});
    await using source = await openTestSource(repository.path, { paths: ["apis", "api", "apis/x.yaml"] });

    const set = await readHead(source);

    expect(names(set)).toEqual(["a"]);
    expect(problemsOf(set)).toEqual(["api path-missing", "apis/x.yaml path-missing"]);
  });

  test("a path that disappears later is named too", async () => {
    await using repository = await repositoryWith({ other: "" });
    await using source = await openTestSource(repository.path);

    await readHead(source);
    await repository.commit({ files: { "apis/a.yaml": null } });
    const set = await readHead(source);

    expect(problemsOf(set)).toEqual(["apis path-missing"]);
  });

  test("more files than allowed is a problem", async () => {
    await using repository = await repositoryWith({
      "apis/b.yaml": apiText("b"),
      "apis/c.yaml": apiText("c"),
    });
    await using source = await openTestSource(repository.path, { limits: { files: 2 } });

    const set = await readHead(source);

    expect(names(set)).toEqual(["a", "b"]);
    expect(problemsOf(set)).toEqual(["apis/c.yaml too-many-files"]);
  });

  test("odd file names are read or reported, and nothing inside .git is", async () => {
    await using repository = await createRepository();
    const odd = [
      "apis/-rf.yaml",
      "apis/new\nline.yaml",
      'apis/"quoted" \\ *?[x].yaml',
      "apis/ü €.yaml",
      "apis/:(top)x.yaml",
      "apis/\t.yaml",
    ];
    for (const [index, path] of odd.entries()) await repository.stage(path, "100644", apiText(`odd${index}`));
    await stageBytes(repository, Buffer.from("apis/\xff.yaml", "latin1"), apiText("latin"));
    await stageBytes(repository, Buffer.from("apis/\xfe.txt", "latin1"), "no manifest");
    await repository.git("commit", "--quiet", "-m", "odd");
    await using source = await openTestSource(repository.path);

    const set = await readHead(source);

    expect(names(set)).toEqual(["odd0", "odd1", "odd2", "odd3", "odd4", "odd5"]);
    expect(new Set(set.manifests.map(({ place }) => place.file))).toEqual(new Set(odd));
    expect(problemsOf(set)).toEqual(["apis/\ufffd.yaml file-name"]);
  });

  test("odd file names are also followed from commit to commit", async () => {
    await using repository = await repositoryWith({});
    await using source = await openTestSource(repository.path);
    await readHead(source);

    await repository.stage("apis/new\nline.yaml", "100644", apiText("line"));
    await stageBytes(repository, Buffer.from("apis/\xff.yaml", "latin1"), apiText("latin"));
    await repository.git("commit", "--quiet", "-m", "odd");
    const set = await readHead(source);

    expect(names(set)).toEqual(["a", "line"]);
    expect(problemsOf(set)).toEqual(["apis/\ufffd.yaml file-name"]);
  });
});

describe("files that manifests refer to", () => {
  test("a symlink, a pointer to Git LFS and a file that is too large do not count as files", async () => {
    await using repository = await createRepository();
    await repository.commit({
      files: {
        "apis/big.yaml": scriptText("big", "big.js"),
        "apis/big.js": "x".repeat(3000),
        "apis/lfs.yaml": scriptText("lfs", "lfs.js"),
        "apis/lfs.js": "version https://git-lfs.github.com/spec/v1\n",
        "apis/link.yaml": scriptText("link", "link.js"),
        "apis/through.yaml": scriptText("through", "folder/lfs.js"),
      },
    });
    await repository.stage("apis/link.js", "120000", "/etc/passwd");
    await repository.stage("apis/folder", "120000", ".");
    await repository.git("commit", "--quiet", "-m", "links");
    await using source = await openTestSource(repository.path, { limits: { fileSize: 2048 } });

    const set = await readHead(source);

    expect(names(set)).toEqual([]);
    expect(set.broken.map(({ name }) => name).toSorted()).toEqual(["big", "lfs", "link", "through"]);
    expect(set.warnings.map(({ file, code }) => `${file} ${code}`).toSorted()).toEqual([
      "apis/big.js file-too-large",
      "apis/lfs.js lfs-pointer",
      "apis/link.js symlink",
    ]);
  });
});

async function repositoryWith(files: Record<string, string | Buffer>): Promise<TestRepository> {
  const repository = await createRepository();
  await repository.commit({ files: { "apis/a.yaml": apiText("a"), ...files } });
  return repository;
}

async function stageBytes(repository: TestRepository, path: Buffer, content: string): Promise<void> {
  const id = await repository.gitWith(content, "hash-object", "-w", "--stdin");
  const entry = Buffer.concat([Buffer.from(`100644 ${id}\t`), path, Buffer.from([0])]);
  await repository.gitWith(entry, "update-index", "--add", "-z", "--index-info");
}

async function readHead(source: TestSource): Promise<ManifestSet> {
  const { commit } = await source.fetch();
  return (await source.read(commit)).set;
}

function names(set: ManifestSet): string[] {
  return set.manifests.map(({ name }) => name).toSorted();
}

function problemsOf(set: ManifestSet): string[] {
  return set.unidentified.map(({ file, code }) => `${file} ${code}`).toSorted();
}
