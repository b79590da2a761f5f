import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";

import { describe, expect, test, vi } from "vitest";

import { deriveId } from "../../src/manifest/identity.ts";
import type { EditedFiles } from "../../src/source/open-source.ts";
import { apply, createShared, landed, request, setTitle, titled } from "../support/committing.ts";
import { installHook } from "../support/git-hooks.ts";
import { listen, serveGit } from "../support/git-http.ts";
import { createRepository, type TestRepository } from "../support/git-repository.ts";
import { apiText, openTestSource } from "../support/open-test-source.ts";

describe("a commit to a bare repository", () => {
  test("is by the acting user, changes only the bytes that it means to, and can be read", async () => {
    const text = `\uFEFF# Ours.\r\n${apiText("a").replaceAll("\n", "\r\n")}`;
    await using shared = await createShared(text);
    await using source = await openTestSource(shared.bare);
    const before = await source.fetch();

    const result = await setTitle(source, "A");

    const commit = landed(result);
    expect(result).toEqual({ status: "committed", commit, parent: before.commit, branch: "main" });
    expect(await shared.git("rev-parse", "main")).toBe(commit);
    expect(await shared.git("log", "-1", "--format=%P|%an|%ae|%cn|%ce|%B", "main")).toBe(
      `${before.commit}|Jane Doe|jane@example.com|Gitway|gitway@localhost|Give 'a' a title\n\nThrough the Dashboard.`,
    );
    expect(await shared.git("show", "--format=", "--name-status", "main")).toBe("M\tapis/a.yaml");
    expect(await shared.git("rev-parse", "main:apis/a.yaml")).toBe(
      await shared.clone.gitWith(
        text.replace("spec:\r\n", "spec:\r\n  title: A\r\n"),
        "hash-object",
        "--stdin",
      ),
    );
    expect((await source.fetch()).commit).toBe(commit);
    expect((await source.read(commit)).set.manifests).toMatchObject([{ name: "a", spec: { title: "A" } }]);
  });

  test("adds and deletes files, several at once, and follows the ways of their folder", async () => {
    const line = "# yaml-language-server: $schema=../../schemas/manifest.schema.json\n";
    await using shared = await createShared();
    await shared.clone.commit({ files: { "apis/video/a.yaml": `${line}${apiText("old")}` } });
    await shared.clone.git("push", "--quiet", "origin", "main");
    await using source = await openTestSource(shared.bare);
    const spec = { route: "new", keyless: true, action: { reply: { status: 200 } } };

    const result = await source.commit(
      request(async (files) => {
        await apply(files, "apis/video/new.yaml", {
          op: "add",
          wanted: { kind: "ApiDefinition", name: "new", spec },
        });
        await apply(files, "apis/video/new.yaml", {
          op: "add",
          wanted: { kind: "Webhook", name: "hook", spec: { url: "http://a.example" } },
        });
        const identity = { kind: "ApiDefinition", id: deriveId("ApiDefinition", "a") } as const;
        return apply(files, "apis/a.yaml", { op: "delete", identity });
      }),
    );

    const commit = landed(result);
    expect(await shared.git("show", "--format=", "--name-status", commit)).toBe(
      "D\tapis/a.yaml\nA\tapis/video/new.yaml",
    );
    const text = await shared.git("show", `${commit}:apis/video/new.yaml`);
    expect(text.startsWith(`${line}apiVersion: gitway/v1\nkind: ApiDefinition\n`)).toBe(true);
    expect((await source.read(commit)).set.manifests.map(({ name }) => name).toSorted()).toEqual([
      "hook",
      "new",
      "old",
    ]);
  });

  test("keeps modes, and changes nothing where there is nothing to change", async () => {
    await using shared = await createShared();
    await shared.clone.git("update-index", "--chmod=+x", "apis/a.yaml");
    await shared.clone.commit();
    await shared.clone.git("push", "--quiet", "origin", "main");
    await using source = await openTestSource(shared.bare);
    const { commit: head } = await source.fetch();

    const first = landed(await setTitle(source, "A"));
    expect(await shared.git("ls-tree", first, "apis/a.yaml")).toMatch(/^100755 /);
    expect(await setTitle(source, "A")).toEqual({ status: "unchanged", commit: first });
    expect(await shared.git("rev-list", "--count", `${head}..main`)).toBe("1");
  });

  test("is looked at before it is pushed", async () => {
    await using shared = await createShared();
    await using source = await openTestSource(shared.bare);
    const { commit: head } = await source.fetch();
    const judge = vi.fn(async (commit: string) => {
      const { set } = await source.read(commit);
      return `no ${set.manifests[0]?.kind === "ApiDefinition" ? set.manifests[0].spec.title : ""}`;
    });

    const change = (files: EditedFiles) => apply(files, "apis/a.yaml", titled("a", "A"));
    expect(await source.commit({ ...request(change), judge })).toEqual({
      status: "refused",
      refusal: "no A",
    });
    expect(await source.commit(request(async () => "not this"))).toEqual({
      status: "refused",
      refusal: "not this",
    });
    expect(judge).toHaveBeenCalledTimes(1);
    expect(await shared.git("rev-parse", "main")).toBe(head);
  });

  test("lets no name, address, message or path mean more than it says", async () => {
    await using shared = await createShared();
    await using source = await openTestSource(shared.bare);
    const change = async (files: EditedFiles) => {
      files.write("apis/--x.yaml", apiText("x"));
      return null;
    };

    const result = await source.commit({
      author: { name: "--author=Eve\n<eve@x> ,", email: "<a\nb> c@example.com" },
      message: "--amend\0\r\n\u001b[31mred\u001b[0m",
      change,
    });

    const commit = landed(result);
    expect(await shared.git("log", "-1", "--format=%an|%ae|%B", commit)).toBe(
      "--author=Eve eve@x|abc@example.com|--amend\n[31mred[0m",
    );
    for (const path of [
      "apis/../x",
      "apis/.git/config",
      "apis//x",
      "apis/a\nb",
      "../x",
      "elsewhere/x.yaml",
      "/x",
    ])
      await expect(
        source.commit(request(async (files) => (files.write(path, "x"), null))),
      ).rejects.toMatchObject({ code: "usage" });
    for (const path of ["apis/a.yaml/x.yaml", "apis/video"]) {
      await shared.clone.commit({ files: { "apis/video/c.yaml": apiText("c") } });
      await shared.clone.git("pull", "--quiet", "--rebase", "origin", "main");
      await shared.clone.git("push", "--quiet", "origin", "main");
      await expect(
        source.commit(request(async (files) => (files.write(path, "x"), null))),
      ).rejects.toMatchObject({ code: "edit-conflict" });
    }
  });

  test("names what is there but is no text to edit", async () => {
    await using shared = await createShared();
    await shared.clone.stage("apis/link.yaml", "120000", "a.yaml");
    await shared.clone.commit({
      files: { "apis/latin.yaml": Buffer.from([0xe9]), "apis/big.yaml": "#".repeat(2000) },
    });
    await shared.clone.git("push", "--quiet", "origin", "main");
    await using source = await openTestSource(shared.bare, { limits: { fileSize: 1000 } });

    for (const path of ["apis/link.yaml", "apis/latin.yaml", "apis/big.yaml"])
      await expect(
        source.commit(request((files) => apply(files, path, titled("a", "A")))),
      ).rejects.toMatchObject({ code: "edit-conflict", message: expect.stringContaining(path) as string });
  });
});

describe("a branch of its own", () => {
  test("gets the commit, under a name that is free and harmless", async () => {
    await using shared = await createShared();
    await using source = await openTestSource(shared.bare);
    const { commit: head } = await source.fetch();
    const change = (files: EditedFiles) => apply(files, "apis/a.yaml", titled("a", "A"));
    const proposal = { user: "../Jané --Doe", topic: "a.lock/..~^:?*[\\ @{" };

    const first = await source.commit({ ...request(change), proposal });
    const another = (files: EditedFiles) => apply(files, "apis/a.yaml", titled("a", "B"));
    const second = await source.commit({ ...request(another), proposal });

    expect(first).toMatchObject({ status: "committed", parent: head, branch: "gitway/Jane-Doe/a-lock" });
    expect(second).toMatchObject({ status: "committed", branch: "gitway/Jane-Doe/a-lock-2" });
    expect(await shared.git("rev-parse", "main")).toBe(head);
    expect(await shared.git("rev-parse", "gitway/Jane-Doe/a-lock")).toBe(landed(first));
  });
});

describe("a commit to a checkout", () => {
  test("updates a clean work tree", async () => {
    await using repository = await createRepository();
    await repository.commit({ files: { "apis/a.yaml": apiText("a"), "other.txt": "x" } });
    await using source = await openTestSource(repository.path);

    const commit = landed(await setTitle(source, "A"));

    expect(await repository.git("rev-parse", "HEAD")).toBe(commit);
    expect(await readFile(join(repository.path, "apis/a.yaml"), "utf8")).toContain("title: A");
    expect(await repository.git("status", "--porcelain")).toBe("");
  });

  test.each<[string, (repository: TestRepository) => Promise<unknown>]>([
    ["changed", (repository) => writeFile(join(repository.path, "other.txt"), "mine")],
    [
      "staged",
      async (repository) => {
        await writeFile(join(repository.path, "other.txt"), "mine");
        await repository.git("add", "other.txt");
      },
    ],
  ])("leaves a work tree with %s files alone, and says so", async (_, spoil) => {
    await using repository = await createRepository();
    const head = await repository.commit({ files: { "apis/a.yaml": apiText("a"), "other.txt": "x" } });
    await using source = await openTestSource(repository.path);
    await spoil(repository);
    const status = await repository.git("status", "--porcelain");

    await expect(setTitle(source, "A")).rejects.toMatchObject({
      code: "edit-conflict",
      message: expect.stringContaining("changes that are not committed") as string,
    });

    expect(await repository.git("rev-parse", "HEAD")).toBe(head);
    expect(await repository.git("status", "--porcelain")).toBe(status);
    expect(await readFile(join(repository.path, "apis/a.yaml"), "utf8")).toBe(apiText("a"));
  });

  test("needs a branch there", async () => {
    await using repository = await createRepository();
    await repository.commit({ files: { "apis/a.yaml": apiText("a") } });
    await repository.git("checkout", "--quiet", "--detach");
    await using source = await openTestSource(repository.path);

    await expect(setTitle(source, "A")).rejects.toMatchObject({
      code: "edit-conflict",
      message: expect.stringContaining("detached") as string,
    });
  });
});

describe("a commit that others are in the way of", () => {
  test("is refused by a hook of the source, whose words are shown", async () => {
    await using shared = await createShared();
    await installHook(shared.bare, "pre-receive", 'echo "Not on a Friday, please fetch first." >&2; exit 1');
    await using source = await openTestSource(shared.bare);
    const { commit: head } = await source.fetch();
    const change = vi.fn((files: EditedFiles) => apply(files, "apis/a.yaml", titled("a", "A")));

    await expect(source.commit(request(change))).rejects.toMatchObject({
      code: "edit-conflict",
      message: expect.stringContaining("Not on a Friday, please fetch first.") as string,
    });

    expect(change).toHaveBeenCalledTimes(1);
    expect(await shared.git("rev-parse", "main")).toBe(head);
  });

  test("runs the hooks of the source as its owner's push would, and none on the way", async () => {
    await using repository = await createRepository();
    await repository.commit({ files: { "apis/a.yaml": apiText("a") } });
    const gitDir = join(repository.path, ".git");
    await installHook(gitDir, "post-receive", `env > "${repository.path}/../environment"`);
    for (const name of ["pre-push", "pre-commit", "commit-msg"])
      await installHook(gitDir, name, `touch "${repository.path}/../${name}"; exit 1`);
    await using source = await openTestSource(repository.path);

    landed(await setTitle(source, "A"));

    const environment = await readFile(join(repository.path, "../environment"), "utf8");
    expect(environment).not.toMatch(/PASSWORD|GIT_LITERAL_PATHSPECS=1/);
    for (const name of ["pre-push", "pre-commit", "commit-msg"])
      await expect(readFile(join(repository.path, "..", name))).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("is made again on a branch that has moved, and sees what has changed", async () => {
    await using shared = await createShared();
    await using source = await openTestSource(shared.bare);
    const seen: string[] = [];

    const result = await source.commit(
      request(async (files) => {
        seen.push(files.commit);
        if (seen.length === 1) {
          await shared.clone.commit({ files: { "apis/a.yaml": `# Theirs.\n${apiText("a")}` } });
          await shared.clone.git("push", "--quiet", "origin", "main");
        }
        const { set } = await files.revision();
        expect(set.manifests).toHaveLength(1);
        return apply(files, "apis/a.yaml", titled("a", "A"));
      }),
    );

    const commit = landed(result);
    expect(seen).toEqual([
      await shared.git("rev-parse", `${commit}~2`),
      await shared.git("rev-parse", `${commit}~1`),
    ]);
    const text = await shared.git("show", "main:apis/a.yaml");
    expect(text).toMatch(/^# Theirs\.\n[^]*\n {2}title: A\n/);
  });

  test("is given up when the branch moves again and again, and leaves nothing", async () => {
    await using shared = await createShared();
    await using source = await openTestSource(shared.bare);
    vi.useFakeTimers({ toFake: ["Date"] });
    let rounds = 0;

    const change = async (files: EditedFiles) => {
      await shared.clone.commit({ files: { "apis/a.yaml": `# ${++rounds}\n${apiText("a")}` } });
      await shared.clone.git("push", "--quiet", "origin", "main");
      vi.setSystemTime(Date.now() + 8000);
      return apply(files, "apis/a.yaml", titled("a", "A"));
    };
    const result = source.commit(request(change)).finally(() => vi.useRealTimers());

    await expect(result).rejects.toMatchObject({
      code: "edit-conflict",
      message: expect.stringContaining("moved each time") as string,
    });
    expect(rounds).toBe(3);
    expect(await shared.git("log", "--format=%cn", "main")).not.toContain("Gitway");
  });

  test("does not bring back what a rewound branch no longer has", async () => {
    await using shared = await createShared();
    await shared.clone.commit({ files: { "apis/b.yaml": apiText("b") } });
    await shared.clone.git("push", "--quiet", "origin", "main");
    await using source = await openTestSource(shared.bare);
    let rewound = false;

    const result = await source.commit(
      request(async (files) => {
        if (!rewound) await shared.git("update-ref", "refs/heads/main", "main~1");
        rewound = true;
        return apply(files, "apis/a.yaml", titled("a", "A"));
      }),
    );

    const commit = landed(result);
    expect(await shared.git("ls-tree", "--name-only", commit, "apis/")).toBe("apis/a.yaml\napis/b.txt");
  });

  test("waits for a lock on the checkout, and names one that stays", async () => {
    await using repository = await createRepository();
    await repository.commit({ files: { "apis/a.yaml": apiText("a") } });
    await using source = await openTestSource(repository.path);
    const lock = join(repository.path, ".git/index.lock");
    await writeFile(lock, "");

    await expect(setTitle(source, "A")).rejects.toMatchObject({
      code: "edit-conflict",
      message: expect.stringContaining("lock") as string,
    });
    expect(await repository.git("rev-list", "--count", "main")).toBe("1");

    await rm(lock);
    landed(await setTitle(source, "A"));
    expect(await repository.git("status", "--porcelain")).toBe("");
  });
});

describe("a source that is away", () => {
  test("is told before anything happened", async () => {
    await using shared = await createShared();
    await using source = await openTestSource(shared.bare);
    await source.fetch();
    const change = vi.fn(async () => null);
    await rename(shared.bare, `${shared.bare}.away`);

    await expect(source.commit(request(change))).rejects.toMatchObject({ code: "source-unreachable" });
    expect(change).not.toHaveBeenCalled();
  });

  test("between the commit and the push leaves nothing behind, and the change can be made later", async () => {
    await using shared = await createShared();
    await using source = await openTestSource(shared.bare);
    const change = (files: EditedFiles) => apply(files, "apis/a.yaml", titled("a", "A"));
    const judge = async () => {
      await rename(shared.bare, `${shared.bare}.away`);
      return null;
    };

    await expect(source.commit({ ...request(change), judge })).rejects.toMatchObject({
      code: "source-unreachable",
    });
    await rename(`${shared.bare}.away`, shared.bare);

    expect(await shared.git("rev-list", "--count", "main")).toBe("1");
    landed(await source.commit(request(change)));
    expect(await shared.git("rev-list", "--count", "main")).toBe("2");
  });
});

describe("a push whose outcome is not told", () => {
  type Fault = "none" | "before" | "after";

  /** Serves a repository, and has pushes break off. */
  async function serveFaulty(bare: string, faults: Fault[], broken: () => void = () => {}) {
    return listen(
      createServer((request, response) => {
        const isPush = request.method === "POST" && request.url?.endsWith("git-receive-pack");
        const fault = isPush ? (faults.shift() ?? "none") : "none";
        if (fault === "before") response.destroy();
        else serveGit(bare, request, response, { cut: fault === "after" });
        if (fault !== "none") broken();
      }),
    );
  }

  test("has landed when the branch has it, and is then not made twice", async () => {
    await using shared = await createShared();
    await using server = await serveFaulty(shared.bare, ["after"]);
    await using source = await openTestSource(server.url);

    const commit = landed(await setTitle(source, "A"));

    expect(await shared.git("rev-parse", "main")).toBe(commit);
    expect(await shared.git("rev-list", "--count", "main")).toBe("2");
  });

  test("is made again when the branch does not have it", async () => {
    await using shared = await createShared();
    await using server = await serveFaulty(shared.bare, ["before", "before"]);
    await using source = await openTestSource(server.url);

    const commit = landed(await setTitle(source, "A"));

    expect(await shared.git("rev-parse", "main")).toBe(commit);
    expect(await shared.git("rev-list", "--count", "main")).toBe("2");
  });

  test("is called unknown, with the commit to look for, when nobody can look", async () => {
    await using shared = await createShared();
    let isAway = false;
    await using server = await listen(
      createServer((request, response) => {
        const isPush = request.method === "POST" && request.url?.endsWith("git-receive-pack");
        if (isAway) return void response.destroy();
        isAway ||= isPush ?? false;
        return serveGit(shared.bare, request, response, { cut: isPush ?? false });
      }),
    );
    await using source = await openTestSource(server.url);

    const error = await setTitle(source, "A").catch((thrown: unknown) => thrown as Error);

    expect(error).toMatchObject({ code: "edit-outcome-unknown" });
    await vi.waitFor(async () => expect(await shared.git("rev-list", "--count", "main")).toBe("2"));
    expect((error as Error).message).toContain(await shared.git("rev-parse", "main"));
  });

  test("of a proposal is looked up in its own branch", async () => {
    await using shared = await createShared();
    await using server = await serveFaulty(shared.bare, ["after", "before"]);
    await using source = await openTestSource(server.url);
    const change = (files: EditedFiles) => apply(files, "apis/a.yaml", titled("a", "A"));
    const propose = (topic: string) =>
      source.commit({ ...request(change), proposal: { user: "jdoe", topic } });

    expect(await propose("one")).toMatchObject({ status: "committed", branch: "gitway/jdoe/one" });
    expect(await propose("two")).toMatchObject({ status: "committed", branch: "gitway/jdoe/two" });
  });
});
