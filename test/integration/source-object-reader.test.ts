import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { createObjectReader } from "../../src/source/git/object-reader.ts";
import { createRepository, type TestRepository } from "../support/git-repository.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

describe("reading objects", () => {
  test("answers many at once in order, one process for all", async () => {
    await using repository = await createRepository();
    const ids = await blobs(repository, ["a", "", "c\n\n"]);
    await using git = await fakeGit('exec "$GIT" "$@"');
    const reader = createObjectReader(git.setting, join(repository.path, ".git"), 100);

    const answers = await Promise.all([...ids, "0".repeat(40)].map((id) => reader.read(id)));

    expect(
      answers.map((answer) => (answer.status === "content" ? answer.content.toString() : answer.status)),
    ).toEqual(["a", "", "c\n\n", "missing"]);
    expect(await git.starts()).toBe(1);
    await reader.close();
  });

  test("starts git again when it dies, and asks again", async () => {
    await using repository = await createRepository();
    const [id = ""] = await blobs(repository, ["a"]);
    await using git = await fakeGit('[ $(wc -l < "$0.starts") -eq 1 ] && exit 1; exec "$GIT" "$@"');
    const reader = createObjectReader(git.setting, join(repository.path, ".git"), 100);

    const answers = await Promise.all([reader.read(id), reader.read(id)]);

    expect(answers).toMatchObject([{ status: "content" }, { status: "content" }]);
    expect(await git.starts()).toBe(2);
    await reader.close();
  });

  test.each([
    ["dies over and over", "exit 1", "git-failed"],
    ["talks nonsense", "echo nonsense; cat > /dev/null", "git-failed"],
    ["never answers", "exec cat > /dev/null", "git-timeout"],
  ])("fails when git %s", async (_what, script, code) => {
    await using repository = await createRepository();
    await using git = await fakeGit(script);
    const reader = createObjectReader({ ...git.setting, timeout: 300 }, join(repository.path, ".git"), 100);

    const reads = await Promise.allSettled([reader.read("0".repeat(40)), reader.read("1".repeat(40))]);

    expect(reads).toMatchObject([
      { status: "rejected", reason: { code } },
      { status: "rejected", reason: { code } },
    ]);
    await reader.close();
  });

  test("fails when there is no git, and after it was closed", async () => {
    await using repository = await createRepository();
    const setting = { environment: { PATH: "/nowhere" }, timeout: 5000 };
    const reader = createObjectReader(setting, join(repository.path, ".git"), 100);

    await expect(reader.read("0".repeat(40))).rejects.toMatchObject({ code: "git-missing" });
    await reader.close();
    await expect(reader.read("0".repeat(40))).rejects.toMatchObject({ code: "git-failed" });
  });
});

async function blobs(repository: TestRepository, contents: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const content of contents) ids.push(await repository.gitWith(content, "hash-object", "-w", "--stdin"));
  return ids;
}

/** A `git` in front of the real one, which counts how often it is started. */
async function fakeGit(script: string) {
  const folder = await temporaryFolder();
  const path = join(folder.path, "git");
  const outer = process.env["PATH"] ?? "";
  const real =
    'for d in $(echo "$OUTER" | tr \':\' \' \'); do [ -x "$d/git" ] && GIT="$d/git" && break; done';
  await writeFile(path, `#!/bin/sh\n${real}\necho start >> "$0.starts"\n${script}\n`);
  await chmod(path, 0o755);
  return {
    setting: { environment: { PATH: `${folder.path}:${outer}`, OUTER: outer }, timeout: 20_000 },
    starts: async () => (await readFile(`${path}.starts`, "utf8")).trim().split("\n").length,
    [Symbol.asyncDispose]: folder.remove,
  };
}
