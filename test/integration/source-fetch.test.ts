import { readFile, readdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { describe, expect, test } from "vitest";

import { Secret } from "../../src/secret.ts";
import { listen, serveGit } from "../support/git-http.ts";
import { createRepository } from "../support/git-repository.ts";
import { apiText, openTestSource } from "../support/open-test-source.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

describe("fetching from a local repository", () => {
  test("follows HEAD, or the branch that is asked for", async () => {
    await using repository = await createRepository({ branch: "trunk" });
    const first = await repository.commit();
    await repository.git("switch", "--quiet", "-c", "feature/x");
    const second = await repository.commit();
    await using head = await openTestSource(repository.path);
    await using trunk = await openTestSource(repository.path, { branch: "trunk" });

    expect(await head.fetch()).toEqual({ commit: second, branch: "feature/x", shallow: false });
    expect(await trunk.fetch()).toEqual({ commit: first, branch: "trunk", shallow: false });
  });

  test("follows a default branch that is renamed, and branches whose names get in each other's way", async () => {
    await using repository = await createRepository({ branch: "a" });
    const commit = await repository.commit();
    await using source = await openTestSource(repository.path);

    await source.fetch();
    await repository.git("branch", "-m", "a", "a/b");

    expect(await source.fetch()).toEqual({ commit, branch: "a/b", shallow: false });
  });

  test("follows the branch of HEAD although it is pushed to while the source lists both", async () => {
    await using repository = await createRepository({ branch: "main" });
    const first = await repository.commit();
    const second = await repository.commit();
    await using server = await listen(
      createServer((request, response) =>
        serveGit(repository.path, request, response, {
          changed: (body) => body.replace(`${second} HEAD`, `${first} HEAD`),
        }),
      ),
    );
    await using source = await openTestSource(`${server.url}/.git`);

    expect(await source.fetch()).toEqual({ commit: second, branch: "main", shallow: false });
  });

  test("follows a detached HEAD, also one that no branch has", async () => {
    await using repository = await createRepository();
    const first = await repository.commit();
    await repository.git("switch", "--quiet", "--detach");
    await using source = await openTestSource(repository.path);

    const before = await source.fetch();
    const second = await repository.commit();
    const after = await source.fetch();

    expect(before).toEqual({ commit: first, branch: "HEAD", shallow: false });
    expect(after).toEqual({ commit: second, branch: "HEAD", shallow: false });
  });

  test("finds the repository from a folder within it, from a linked work tree, and by file URL", async () => {
    await using repository = await createRepository();
    const commit = await repository.commit({ files: { "apis/a.yaml": apiText("a") } });
    await repository.git("worktree", "add", "--quiet", "../linked", "-b", "linked");
    await using inside = await openTestSource(join(repository.path, "apis"));
    await using linked = await openTestSource(join(repository.path, "../linked/apis"));
    await using url = await openTestSource(pathToFileURL(repository.path).href);

    expect(inside.description).toBe(repository.path);
    expect(await inside.fetch()).toMatchObject({ commit, branch: "main" });
    expect(await linked.fetch()).toMatchObject({ commit, branch: "linked" });
    expect(await url.fetch()).toMatchObject({ commit, branch: "main" });
  });

  test("reads a bare repository", async () => {
    await using repository = await createRepository();
    const commit = await repository.commit();
    await repository.git("clone", "--quiet", "--bare", ".", "../bare.git");
    await using source = await openTestSource(join(repository.path, "../bare.git"));

    expect(await source.fetch()).toMatchObject({ commit, branch: "main" });
  });

  test("reads a shallow clone and says that its history is cut off, until it is not any more", async () => {
    await using origin = await createRepository();
    await origin.commit({ files: { "apis/a.yaml": apiText("a") } });
    await origin.commit();
    await using clone = await createRepository({
      cloneOf: pathToFileURL(origin.path).href,
      cloneOptions: ["--depth=1"],
    });
    await using source = await openTestSource(clone.path);

    const shallow = await source.fetch();
    const { set } = await source.read(shallow.commit);
    await clone.git("fetch", "--quiet", "--unshallow");
    await clone.commit();
    const whole = await source.fetch();

    expect(shallow.shallow).toBe(true);
    expect(set.manifests).toHaveLength(1);
    expect(whole.shallow).toBe(false);
  });

  test("a second process on the same mirror does no harm", async () => {
    await using repository = await createRepository();
    await repository.commit();
    await using first = await openTestSource(repository.path);
    const mirror = join(first.dataDir, "mirror.git");
    await using second = await openTestSource(repository.path, { mirror });

    for (let round = 0; round < 5; round++) {
      const commit = await repository.commit({ files: { "apis/a.yaml": apiText("a", `r${round}`) } });

      const fetched = await Promise.all([first.fetch(), second.fetch(), first.fetch(), second.fetch()]);

      expect(fetched.map((revision) => revision.commit)).toEqual([commit, commit, commit, commit]);
      expect((await second.read(commit)).set.manifests).toHaveLength(1);
    }
    expect((await readdir(first.dataDir)).filter((name) => name.endsWith(".git"))).toHaveLength(1);
  });

  test("hooks and configuration of the machine and of the source do not matter", async () => {
    await using repository = await createRepository();
    const commit = await repository.commit({ files: { "apis/a.yaml": apiText("a") } });
    const home = join(repository.path, "../home");
    await using source = await openTestSource(repository.path, {
      environment: {
        PATH: process.env["PATH"],
        HOME: home,
        GIT_DIR: "/nowhere",
        GIT_CONFIG_GLOBAL: "/nowhere",
      },
    });

    expect(await source.fetch()).toMatchObject({ commit });
  });
});

describe("what a source that can't be read is called", () => {
  test("a branch that is missing or deleted is named, with those that exist", async () => {
    await using repository = await createRepository();
    await repository.commit();
    await repository.git("branch", "doomed");
    await using source = await openTestSource(repository.path, { branch: "doomed" });

    await source.fetch();
    await repository.git("branch", "-D", "doomed");

    await expect(source.fetch()).rejects.toMatchObject({
      code: "branch-missing",
      message: expect.stringMatching(/no branch 'doomed'.*It has 'main'\./) as string,
    });
  });

  test("a HEAD that points to a missing branch is told from an empty repository", async () => {
    await using repository = await createRepository();
    await using source = await openTestSource(repository.path);

    await expect(source.fetch()).rejects.toMatchObject({ code: "source-empty" });

    await repository.commit();
    await repository.git("symbolic-ref", "HEAD", "refs/heads/gone");

    await expect(source.fetch()).rejects.toMatchObject({ code: "branch-missing" });
  });

  test("a folder without a repository, a missing folder and a file are told what to do", async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, "file");
    await writeFile(file, "");

    await expect(openTestSource(folder.path)).rejects.toMatchObject({
      code: "source-unreachable",
      message: expect.stringContaining("not in a Git repository") as string,
    });
    await expect(openTestSource(join(folder.path, "missing"))).rejects.toMatchObject({
      code: "source-unreachable",
    });
    await expect(openTestSource(file)).rejects.toMatchObject({ code: "source-unreachable" });
  });

  test("a source that disappears fails as unreachable", async () => {
    await using repository = await createRepository();
    await repository.commit();
    await using source = await openTestSource(repository.path);
    await source.fetch();

    await repository.remove();

    await expect(source.fetch()).rejects.toMatchObject({ code: "source-unreachable" });
  });

  test("a missing git is named", async () => {
    await using repository = await createRepository();
    const environment = { PATH: "/nowhere" };

    await expect(openTestSource(repository.path, { environment })).rejects.toMatchObject({
      code: "git-missing",
    });
  });

  test.each([
    "ext::sh -c whoami",
    "-oProxyCommand=x",
    "http://git.example.com/x",
    "https://a:b@example.com/x",
    "a\nb",
  ])("%j is refused before git sees it", async (location) => {
    await expect(openTestSource(location)).rejects.toMatchObject({ code: "config-invalid" });
  });

  test("a branch that could be an option is refused", async () => {
    await using repository = await createRepository();

    await expect(openTestSource(repository.path, { branch: "--upload-pack=x" })).rejects.toMatchObject({
      code: "config-invalid",
    });
  });
});

describe("fetching over the network", () => {
  const password = new Secret("hunter2/+ secret");
  const credentials = { username: "jdoe", password };

  test("a repository behind a sign-in is read with the credentials, and an empty one is told apart", async () => {
    await using repository = await createRepository();
    const expected = `Basic ${Buffer.from(`jdoe:${password.reveal()}`).toString("base64")}`;
    await using server = await listen(
      createServer((request, response) => {
        if (request.headers.authorization === expected) serveGit(repository.path, request, response);
        else response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
      }),
    );
    await using source = await openTestSource(`${server.url}/.git`, { credentials });

    await expect(source.fetch()).rejects.toMatchObject({ code: "source-empty" });
    const commit = await repository.commit({ files: { "apis/a.yaml": apiText("a") } });

    expect(await source.fetch()).toEqual({ commit, branch: "main", shallow: false });
    expect((await source.read(commit)).set.manifests).toHaveLength(1);
  });

  test("a refused sign-in is told apart, and the password is in no message and no file", async () => {
    const seen: (string | undefined)[] = [];
    await using server = await listen(
      createServer((request, response) => {
        seen.push(request.headers.authorization);
        response
          .writeHead(401, { "www-authenticate": 'Basic realm="x"' })
          .end(`no: ${request.headers.authorization}`);
      }),
    );
    await using source = await openTestSource(`${server.url}/r.git`, { credentials });

    const error = await source.fetch().catch((thrown: unknown) => thrown as Error);

    expect(error).toMatchObject({ code: "source-auth" });
    expect(seen.at(-1)).toBe(`Basic ${Buffer.from(`jdoe:${password.reveal()}`).toString("base64")}`);
    expect(String((error as Error).stack)).not.toContain("hunter2");
    for (const text of await filesBelow(source.dataDir)) expect(text).not.toContain("hunter2");
  });

  test("without credentials nobody is asked for them", async () => {
    await using server = await listen(
      createServer((_request, response) => {
        response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
      }),
    );
    await using source = await openTestSource(`${server.url}/r.git`);

    await expect(source.fetch()).rejects.toMatchObject({ code: "source-auth" });
  });

  test("credentials are not given to a host that the source redirects to", async () => {
    const seen: (string | undefined)[] = [];
    await using thief = await listen(
      createServer((request, response) => {
        seen.push(request.headers.authorization);
        response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
      }),
    );
    await using server = await listen(
      createServer((request, response) => {
        response.writeHead(302, { location: `${thief.url}${request.url}` }).end();
      }),
    );
    await using source = await openTestSource(`${server.url}/r.git`, { credentials });

    await expect(source.fetch()).rejects.toMatchObject({ code: "source-auth" });
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.every((header) => header === undefined)).toBe(true);
  });

  test("a web page is no repository", async () => {
    await using server = await listen(
      createServer((_request, response) => {
        response.writeHead(200, { "content-type": "text/html" }).end("<html>hello</html>");
      }),
    );
    await using source = await openTestSource(`${server.url}/r.git`);

    await expect(source.fetch()).rejects.toMatchObject({ code: "source-unreachable" });
  });

  test("a connection that is cut or refused is unreachable", async () => {
    const cutting = createTcpServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n0"));
    });
    const server = await listen(cutting);
    await using source = await openTestSource(`${server.url}/r.git`);

    await expect(source.fetch()).rejects.toMatchObject({ code: "source-unreachable" });
    await server[Symbol.asyncDispose]();
    await expect(source.fetch()).rejects.toMatchObject({ code: "source-unreachable" });
  });

  test("a server that never answers is given up, and so is one that is no longer waited for", async () => {
    await using server = await listen(createTcpServer((socket) => void socket.on("error", () => {})));
    await using impatient = await openTestSource(`${server.url}/r.git`, { limits: { gitTime: 500 } });
    await using stopped = await openTestSource(`${server.url}/r.git`);

    await expect(impatient.fetch()).rejects.toMatchObject({ code: "git-timeout" });
    await expect(stopped.fetch(AbortSignal.timeout(200))).rejects.toMatchObject({ code: "git-failed" });
  });
});

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Promise.all(files.map((entry) => readFile(join(entry.parentPath, entry.name), "latin1")));
}
