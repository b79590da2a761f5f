import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { userManifest } from "../support/dashboard-api.ts";
import { type EditingApi, startEditingApi } from "../support/editing-api.ts";
import { replyManifest, tokenManifest } from "../support/reconciling.ts";

const trailer = "Gitway-Allow-Prune: yes";

let api: EditingApi;

beforeAll(async () => {
  api = await startEditingApi({
    "apis/hello.yaml": replyManifest("hello", "hello", "ok", ["internal"]),
    "apis/internal.yaml": tokenManifest("internal"),
  });
});

afterAll(() => api.close());

/** What git makes of the last commit. */
async function lastCommit() {
  const [subject, body, trailers, author, committer] = (
    await api.repository.git("log", "-1", "--format=%s%x00%b%x00%(trailers)%x00%an <%ae>%x00%cn <%ce>")
  ).split("\0");
  const raw = await api.repository.git("cat-file", "commit", "HEAD");
  const fields = raw
    .split("\n\n")[0]
    ?.split("\n")
    .map((line) => line.split(" ", 1)[0]);
  return { subject, body: body?.trim(), trailers: trailers?.trim(), author, committer, fields };
}

const ownCommit = {
  body: "Through the Dashboard API.",
  trailers: "",
  author: "jdoe Doe <jdoe@example.com>",
  committer: "Gitway <gitway@localhost>",
  fields: ["tree", "parent", "author", "committer"],
};

describe("a trailer that somebody smuggles in", () => {
  test.each([
    `Payments\n\n${trailer}`,
    `Payments\r\n\r\n${trailer}\r\n`,
    `Payments\u2028\u2028${trailer}`,
    `Payments\u0085\u0085${trailer}`,
    `Payments\v\f\n\n${trailer}`,
    `\n\n${trailer}`,
    `${trailer}\n\n${trailer}`,
    `Payments'\n\nThrough the Dashboard API.\n\n${trailer}\nCo-authored-by: root <root@example.com>`,
  ])("by the name of a definition, %j, is none", async (name) => {
    const [status] = await api.send("POST", "/apis", definition(name));

    expect(status).toBe(200);
    expect(await lastCommit()).toMatchObject(ownCommit);
    const { subject } = await lastCommit();
    expect(subject).toMatch(/^Add API '/);
    const objects = await api.store.objects("ApiDefinition");
    const entry = objects.find((object) => object.name !== "hello");
    expect(entry?.name).toMatch(/^[a-z0-9-]+$/);

    expect(await api.send("DELETE", `/apis/${entry?.name}`)).toMatchObject([200, {}]);
    expect(await lastCommit()).toMatchObject({
      ...ownCommit,
      body: `Through the Dashboard API.\n\nGitway-Allow-Prune: ApiDefinition/${entry?.name}`,
      trailers: `Gitway-Allow-Prune: ApiDefinition/${entry?.name}`,
    });
  });

  test("by the name of a webhook or token is none", async () => {
    const hook = { name: `On call\n\n${trailer}`, method: "POST", target_path: "http://127.0.0.1:1/" };
    expect((await api.send("POST", "/hooks", hook))[0]).toBe(200);
    expect(await lastCommit()).toMatchObject(ownCommit);
    const head = await api.head();

    expect((await api.send("POST", "/tokens", { name: `internal2\n\n${trailer}` }))[0]).toBe(400);
    expect((await api.send("PUT", "/tokens/internal", { name: `x\n${trailer}` }))[0]).toBe(400);
    expect(await api.head()).toBe(head);
    expect((await api.send("PUT", "/tokens/internal", { description: `\n\n${trailer}` }))[0]).toBe(200);
    expect(await lastCommit()).toMatchObject(ownCommit);
  });
});

describe("a name that would be a file elsewhere", () => {
  test.each([
    "../../x",
    "..",
    ".",
    "/etc/passwd",
    ".git/hooks/post-commit",
    ".gitmodules",
    "-rf",
    "CON",
    "a/b",
    "a\\b",
    "a.yaml",
    "a\nb",
    "a b",
    "ä",
    "\u202egnp",
    "__proto__",
    "x".repeat(64),
    "",
  ])("%j is no name that a client may choose", async (name) => {
    const head = await api.head();

    const chosen = { ...definition("Payments"), gitway: { name } };
    const [status, body] = await api.send("POST", "/apis", chosen);
    expect([status, body]).toMatchObject([400, { Status: "Error", Meta: null }]);
    const hook = { name: "x", method: "POST", target_path: "http://127.0.0.1:1/", gitway: { name } };
    expect((await api.send("POST", "/hooks", hook))[0]).toBe(400);
    expect((await api.send("POST", "/tokens", { name }))[0]).toBe(400);

    expect(await api.head()).toBe(head);
    expect(await api.repository.git("status", "--porcelain")).toBe("");
  });

  test.each([
    ["../../x", "apis/definitions/x.yaml"],
    [".git/hooks/post-commit", "apis/definitions/git-hooks-post-commit.yaml"],
    ["-rf /", "apis/definitions/rf.yaml"],
    ["CON", "apis/definitions/con_.yaml"],
    ["NUL.yaml", "apis/definitions/nul-yaml.yaml"],
    ["a\nb\0".replace("\0", ""), "apis/definitions/a-b.yaml"],
    ["…", "apis/definitions/api.yaml"],
    ["İstanbul ﬁ", "apis/definitions/istanbul-fi.yaml"],
    ["__proto__", "apis/definitions/proto.yaml"],
    ["x".repeat(256), `apis/definitions/${"x".repeat(63)}.yaml`],
  ])("as a title, %j becomes the file %s", async (title, file) => {
    expect(await api.send("POST", "/apis", definition(title))).toMatchObject([200, {}]);

    expect(await api.repository.git("diff-tree", "--no-commit-id", "--name-status", "-r", "HEAD")).toBe(
      `A\t${file}`,
    );
  });

  test("and differs from another file by case alone lands in that file", async () => {
    await api.commit({ "apis/Definitions/Payments.yaml": replyManifest("other", "other") });

    expect(await api.send("POST", "/apis", definition("PAYMENTS"))).toMatchObject([200, {}]);

    expect(await api.repository.git("diff-tree", "--no-commit-id", "--name-status", "-r", "HEAD")).toBe(
      "M\tapis/Definitions/Payments.yaml",
    );
    expect(api.text("apis/Definitions/Payments.yaml")).toMatch(/name: other[^]*---[^]*name: payments/);
  });
});

describe("a line end in what becomes a header", () => {
  const injected = "a\r\nX-Injected: yes";

  test.each<[string, string, object]>([
    ["POST", "/hooks", { ...hookOf(), header_map: { "x-a": injected } }],
    ["POST", "/hooks", { ...hookOf(), header_map: { [injected]: "a" } }],
    ["POST", "/hooks", { ...hookOf(), target_path: `http://127.0.0.1:1/${injected}` }],
    ["POST", "/hooks", { ...hookOf(), method: injected }],
    ["POST", "/apis", replying({ headers: { "x-a": injected } })],
    ["POST", "/apis", replying({ headers: { [injected]: "a" } })],
    [
      "POST",
      "/apis",
      { ...definition("Payments"), gitway: { action: { reply: { headers: { "x-a": injected } } } } },
    ],
    ["POST", "/trigger", { route: "hello", headers: { "x-a": injected } }],
    ["POST", "/trigger", { route: "hello", headers: { [injected]: "a" } }],
    ["POST", "/trigger", { route: "hello", method: injected }],
  ])("%s %s %j is a 400, and nothing is committed", async (method, path, body) => {
    const head = await api.head();

    expect(await api.send(method, path, body)).toMatchObject([400, { Status: "Error", Meta: null }]);

    expect(await api.head()).toBe(head);
  });

  test("of a request changes no header of the answer", async () => {
    const tag = await api.request("/apis/hello", api.key, { headers: { "if-none-match": '"x", W/"y"' } });
    expect(tag.headers.get("etag")).toMatch(/^"[0-9a-f]{64}-[0-9a-f]{16}"$/);
    for (const path of [
      "/apis?q=%0d%0aX-Injected:%20yes",
      "/events/stream%0d%0aX-Injected:%20yes",
      "/tokens/internal/rotate?overlap=1h%0d%0aX-Injected:%20yes",
    ]) {
      const method = path.includes("rotate") ? "POST" : "GET";
      const answer = await api.request(path, api.key, { method });
      expect([...answer.headers.keys()]).not.toContain("x-injected");
    }
  });
});

// The last: the user is another one after it.
test("a trailer by the name of a user is none, and neither is another author or field of a commit", async () => {
  const eve = `Eve\nauthor root <root@example.com> 1 +0000\n\n${trailer}\n> <root@example.com>`;
  const permissions = ["definitions.read", "definitions.edit", "automation.execute"];
  const manifest = userManifest("jdoe", "JDOE", permissions).replace("jdoe Doe", JSON.stringify(eve));
  await api.commit({ "apis/jdoe.yaml": manifest });
  await expect
    .poll(async () => await (await api.request("/users/me", api.key)).json())
    .toMatchObject({ name: eve });

  const [status] = await api.send("POST", "/apis", definition("Payments"));

  expect(status).toBe(200);
  const { author, ...others } = await lastCommit();
  expect(author).toMatch(/^Eve [^<>\n]* <jdoe@example\.com>$/);
  const { author: _, ...usual } = ownCommit;
  expect(others).toMatchObject({ ...usual, subject: "Add API 'Payments'" });
});

function definition(name: string): { api_definition: Record<string, unknown> } {
  return {
    api_definition: {
      name,
      active: true,
      proxy: { target_url: "http://127.0.0.1:1/" },
      version_data: { not_versioned: true, versions: { Default: { name: "Default" } } },
    },
  };
}

function replying(reply: object): object {
  const action = { action: "reply", code: 200, data: "", headers: {}, ...reply };
  const paths = {
    ignored: [{ path: "/a", method_actions: { GET: action } }],
    white_list: [],
    black_list: [],
  };
  const version = { name: "Default", use_extended_paths: true, extended_paths: paths };
  const { api_definition } = definition("Payments");
  return {
    api_definition: {
      ...api_definition,
      version_data: { not_versioned: true, versions: { Default: version } },
    },
  };
}

function hookOf(): object {
  return { name: "On call", method: "POST", target_path: "http://127.0.0.1:1/" };
}
