import { createHash, randomBytes } from "node:crypto";
import { rename, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { silentLog } from "../../src/log.ts";
import type { PassResult } from "../../src/reconcile/pass.ts";
import { Secret } from "../../src/secret.ts";
import { openSource, type Source } from "../../src/source/open-source.ts";
import { listen, serveGit } from "../support/git-http.ts";
import { openTestSource } from "../support/open-test-source.ts";
import { createReconciling, replyManifest, tokenManifest, type Reconciling } from "../support/reconciling.ts";
import { serve } from "../support/serving.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

let here: Reconciling;
beforeEach(async () => {
  here = await createReconciling();
  await here.repository.commit({
    files: { "apis/a.yaml": replyManifest("a", "a"), "apis/b.yaml": replyManifest("b", "b") },
  });
  await here.pass();
});
afterEach(() => here.close());

/** Law 3: no deletion, every object still there, and an entry that names the object. */
async function expectNothingDeleted(result: PassResult, name = "a"): Promise<void> {
  const { objects } = await here.store.current();
  const named = [...result.status.held, ...result.status.quarantined].map((entry) => entry.name);
  expect(result.plan.changes.filter(({ action }) => action === "delete")).toEqual([]);
  expect(objects.map((object) => object.name)).toEqual(expect.arrayContaining(["a", "b"]));
  expect(named).toContain(name);
}

describe("what can't be read is not deleted", () => {
  const good = replyManifest("a", "a");
  test.each([
    ["a syntax error", "kind: [ApiDefinition"],
    ["a typo in kind", good.replace("ApiDefinition", "ApiDefinitoin")],
    ["a typo in apiVersion", good.replace("gitway/v1", "gitwy/v1")],
    ["a typo that makes the name unreadable", good.replace("name: a", "nmae: a")],
    ["a name that is no slug", good.replace("name: a", "name: A b")],
    ["an unknown field", good.replace("action:", "actoin:")],
    ["a file over the cap", `${good}# ${"x".repeat(1024 * 1024)}\n`],
    ["bytes that are no text", Buffer.from([0xff, 0xfe, 0x00, 0x41])],
    ["an alias bomb", bomb()],
  ])("%s", async (_what, text) => {
    await here.repository.commit({ files: { "apis/a.yaml": text } });

    await expectNothingDeleted(await here.pass({ allowPrune: true }));
  });

  test("a typo in the name", async () => {
    await here.repository.commit({ files: { "apis/status.yaml": replyManifest("status", "status") } });
    await here.pass();
    await here.repository.commit({ files: { "apis/status.yaml": replyManifest("statsu", "status") } });

    const slip = await here.pass();
    await here.repository.commit({ files: { "README.md": "" } });
    const again = await here.pass();
    await here.repository.commit({ files: { "apis/status.yaml": replyManifest("status", "status") } });
    const mended = await here.pass();

    for (const result of [slip, again]) await expectNothingDeleted(result, "status");
    expect(slip.status.quarantined).toMatchObject([
      { name: "statsu", problems: [{ code: "possible-rename" }] },
    ]);
    expect(mended).toMatchObject({ outcome: "unchanged", status: { state: "synced" } });
  });

  test("a typo in the name of a manifest that is broken, too", async () => {
    await here.repository.commit({
      files: { "apis/a.yaml": replyManifest("other", "a").replace("route", "rout") },
    });

    await expectNothingDeleted(await here.pass());
  });

  test("a typo in the id, which would be another object with none of its secrets", async () => {
    const [id, typo] = ["7f0c9d3e-52a1-4b8e-9c1d-3a6f5e2b8d40", "7f0c9d3e-52a1-4b8e-9c1d-3a6f5e2b8d04"];
    const manifest = (own: string) => tokenManifest("a").replace("name: a", `name: a, id: ${own}`);
    const commit = async (own: string, message?: string) =>
      await here.repository.commit({
        files: { "apis/token.yaml": manifest(own) },
        ...(message && { message }),
      });
    const serving = async () => (await here.store.serving()).credentials.map(({ tokenId }) => tokenId);
    await commit(id);
    await here.pass();
    const hash = createHash("sha256").update("x").digest();
    await here.store.issueCredential({ token: "a", hash, by: { name: "Jo", email: "" } });
    await commit(typo);

    const slip = await here.pass();

    await expectNothingDeleted(slip);
    expect(slip.status).toMatchObject({
      state: "degraded",
      held: [{ kind: "ApiToken", name: "a", id, code: "changed-id" }],
      quarantined: [{ id: typo, problems: [{ code: "changed-id", file: "apis/token.yaml", line: 3 }] }],
    });
    expect(await serving()).toEqual([id]);

    await commit(id);
    expect(await here.pass()).toMatchObject({ outcome: "unchanged", status: { state: "synced" } });

    await commit(typo, "Another token\n\nGitway-Allow-Prune: ApiToken/a");
    const meant = await here.pass();
    expect(meant.plan.changes.map(({ action, id: of }) => [action, of])).toEqual([
      ["create", typo],
      ["delete", id],
    ]);
    expect(await serving()).toEqual([]);
  });

  test("a file that became a symlink", async () => {
    await here.repository.stage("apis/a.yaml", "120000", "../somewhere.yaml");
    await here.repository.commit();

    await expectNothingDeleted(await here.pass({ allowPrune: true }));
  });

  test("a folder that became a submodule", async () => {
    await here.repository.commit({ files: { "apis/team/c.yaml": replyManifest("c", "c") } });
    await here.pass();
    const commit = await here.repository.git("rev-parse", "HEAD");
    await here.repository.git("rm", "-rq", "--cached", "apis/team");
    await here.repository.stage("apis/team", "160000", commit);
    await here.repository.commit();

    await expectNothingDeleted(await here.pass({ allowPrune: true }), "c");
  });

  test("an object that moved into a broken file", async () => {
    await here.repository.commit({
      files: { "apis/a.yaml": null, "apis/b.yaml": `${replyManifest("b", "b")}---\n${good}  broken: [\n` },
    });

    await expectNothingDeleted(await here.pass({ allowPrune: true }));
  });
});

describe("what is gone all at once waits for consent", () => {
  test("an emptied folder", async () => {
    await here.repository.commit({
      files: { "apis/a.yaml": null, "apis/b.yaml": null, "apis/none.txt": "" },
    });

    await expectNothingDeleted(await here.pass());
  });

  test("a folder that is gone", async () => {
    await here.repository.commit({ files: { "apis/a.yaml": null, "apis/b.yaml": null, "README.md": "" } });

    await expectNothingDeleted(await here.pass({ allowPrune: true }));
  });

  test("another branch", async () => {
    await here.repository.git("checkout", "-q", "-b", "other");
    await here.repository.commit({ files: { "apis/a.yaml": null } });

    await expectNothingDeleted(await passFrom({ branch: "other" }));
  });

  test("another branch, the second time too, whatever else it changed", async () => {
    await here.repository.git("checkout", "-q", "-b", "other");
    await here.repository.commit({
      files: { "apis/a.yaml": null, "apis/b.yaml": replyManifest("b", "b", "new") },
    });

    const first = await here.pass();
    const second = await here.pass();
    await here.repository.commit({ files: { "README.md": "" } });
    const third = await here.pass();
    const consented = await here.pass({ allowPrune: true });

    expect(first.plan.changes.map(({ name, action }) => `${action} ${name}`)).toEqual(["update b"]);
    for (const result of [first, second, third])
      expect(result.status.held).toMatchObject([{ name: "a", code: "source-changed" }]);
    expect(consented.applied?.events).toMatchObject([{ name: "a", action: "deleted" }]);
    expect(consented.status).toMatchObject({ state: "synced", held: [] });
  });

  test("another branch, whose commit consents to deletions", async () => {
    await here.repository.git("checkout", "-q", "-b", "other");
    await here.repository.commit({
      files: { "apis/a.yaml": null },
      message: "Away with it\n\nGitway-Allow-Prune: yes",
    });

    await expectNothingDeleted(await here.pass());
  });

  test("another path, the second time too", async () => {
    await here.repository.commit({ files: { "apis/sub/c.yaml": replyManifest("c", "c") } });
    await here.pass();
    await here.repository.commit({ files: { "apis/sub/c.yaml": replyManifest("c", "c", "new") } });

    const first = await passFrom({ paths: ["apis/sub"] });
    const second = await passFrom({ paths: ["apis/sub"] });

    expect(first.outcome).toBe("applied");
    await expectNothingDeleted(second);
  });

  test("another path", async () => {
    await here.repository.commit({ files: { "elsewhere/b.yaml": replyManifest("b", "b") } });

    await expectNothingDeleted(await passFrom({ paths: ["elsewhere"] }));
  });

  test("held deletions stop nothing else", async () => {
    await here.repository.commit({
      files: { "apis/a.yaml": "kind: [", "apis/b.yaml": replyManifest("b", "b", "new") },
    });

    const result = await here.pass();

    await expectNothingDeleted(result);
    expect(result.applied?.events.map(({ name, action }) => `${name} ${action}`)).toEqual(["b updated"]);
  });
});

describe("a source that can't be read changes nothing", () => {
  test("a deleted branch", async () => {
    await here.repository.git("checkout", "-q", "-b", "other");
    await here.repository.git("branch", "-q", "-D", "main");

    await expectFailure(() => passFrom({ branch: "main" }), "branch-missing");
  });

  test.each<[string, RequestListener, string]>([
    [
      "asks for a password",
      (_, response) => void response.writeHead(401, { "www-authenticate": "Basic" }).end(),
      "source-auth",
    ],
    [
      "answers with HTML",
      (_, response) => void response.writeHead(200, { "content-type": "text/html" }).end("<html>"),
      "source-unreachable",
    ],
    ["answers with an error", (_, response) => void response.writeHead(500).end(), "source-unreachable"],
    ["breaks off", (request) => void request.socket.destroy(), "source-unreachable"],
    [
      "breaks off in the middle of its answer",
      (request, response) => {
        response.writeHead(200, {
          "content-type": "application/x-git-upload-pack-advertisement",
          "content-length": 1000,
        });
        response.write("001e# service=git-upload-pack\n0000", () => request.socket.destroy());
      },
      "source-unreachable",
    ],
  ])("one that %s", async (_what, answer, code) => {
    const server = createServer(answer);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const location = `http://127.0.0.1:${(server.address() as AddressInfo).port}/apis.git`;

    await expectFailure(() => passFrom({ location }), code);

    server.close();
  });

  test("one that breaks off in the middle of a pack, until it is whole again", async () => {
    let cut: number | false = false;
    await using server = await listen(
      createServer((request, response) => serveGit(here.repository.path, request, response, { cut })),
    );
    await using source = await openTestSource(`${server.url}/.git`);
    const parts = { source, sourceStatus: { url: server.url, branch: "", paths: ["apis"] } };
    await here.pass(parts);
    await here.repository.commit({ files: { "apis/a.yaml": null, "large.bin": randomBytes(400_000) } });

    cut = 100_000;
    await expectFailure(() => here.pass(parts), "source-unreachable");
    cut = false;
    const { plan } = await here.pass(parts);

    expect(plan.changes).toMatchObject([{ action: "delete", name: "a" }]);
  });

  test("one that is not there any more", async () => {
    await rename(here.repository.path, `${here.repository.path}-gone`);

    await expectFailure(() => here.pass(), "source-unreachable");

    await rename(`${here.repository.path}-gone`, here.repository.path);
  });
});

test("a shallow source deletes what its verified tree lacks, and nothing else", async () => {
  await here.repository.commit({ files: { "apis/a.yaml": null } });
  await using folder = await temporaryFolder();
  await here.repository.git(
    "clone",
    "-q",
    "--depth=1",
    `file://${here.repository.path}`,
    `${folder.path}/shallow`,
  );

  const result = await passFrom({ location: `${folder.path}/shallow` });

  await expectNothingDeleted(result);
  expect(result.status.held).toMatchObject([{ code: "source-changed" }]);
});

test("a source that becomes shallow deletes nothing for that", async () => {
  const ann = { name: "Ann Example", email: "ann@example.com" };
  const shallow = async () =>
    writeFile(`${here.repository.path}/.git/shallow`, `${await here.repository.git("rev-parse", "HEAD")}\n`);
  await here.repository.commit({ files: { "README.md": "" } });
  await shallow();
  const cutOff = await here.pass();
  await here.repository.commit({ author: ann, files: { "apis/a.yaml": null } });
  const deleted = await here.pass();

  expect(cutOff).toMatchObject({ outcome: "unchanged", status: { state: "synced" } });
  expect(deleted.applied?.events).toMatchObject([{ name: "a", action: "deleted", actor: ann }]);
});

test("a token that is deleted while definitions refer to it lets nobody in any more", async () => {
  const secret = "a-partner-secret-of-many-random-characters";
  await here.repository.commit({
    files: {
      "apis/t.yaml": tokenManifest("t", "env: PARTNER"),
      "apis/a.yaml": replyManifest("a", "a", "ok", ["t"]),
    },
  });
  const parts = { resolveSecret: async () => new Secret(secret) };
  await here.pass(parts);
  const endpoint = await serve(here.store);
  const call = () =>
    fetch(`${endpoint.url}/api/custom/a`, { headers: { authorization: `Bearer ${secret}` } });
  expect((await call()).status).toBe(200);

  await here.repository.commit({ files: { "apis/t.yaml": null } });
  const { plan, status } = await here.pass(parts);

  await vi.waitUntil(async () => (await call()).status === 401);
  expect(plan.changes).toMatchObject([{ action: "delete", name: "t" }]);
  expect(status.quarantined).toMatchObject([
    { name: "a", serving: true, problems: [{ code: "dangling-reference", file: "apis/a.yaml" }] },
  ]);
  await endpoint.close();
});

test("a disabled token takes effect in the commit whose deletions are held", async () => {
  const token = (disabled: boolean) => `apiVersion: gitway/v1
kind: ApiToken
metadata: { name: t }
spec: { secret: { generate: true }, disabled: ${disabled} }
`;
  await here.repository.commit({ files: { "apis/t.yaml": token(false) } });
  await here.pass();

  await here.repository.commit({
    files: { "apis/t.yaml": token(true), "apis/a.yaml": "{", "apis/b.yaml": null },
  });
  const result = await here.pass();

  await expectNothingDeleted(result, "b");
  expect((await here.store.serving()).tokens).toMatchObject([{ name: "t", spec: { disabled: true } }]);
});

async function expectFailure(pass: () => Promise<PassResult>, code: string): Promise<void> {
  const before = await here.store.current();
  await expect(pass()).rejects.toMatchObject({ code });
  expect(await here.store.current()).toEqual(before);
  const staying = {
    revision: before.revision,
    count: before.objects.length,
    objects: before.objects.map(({ kind, name }) => ({ kind, name })),
  };
  expect(await here.store.readSync()).toMatchObject({ state: "failed", error: { code }, staying });
}

/** A pass over the same store from a source that is set up otherwise. */
async function passFrom(other: {
  location?: string;
  branch?: string;
  paths?: string[];
}): Promise<PassResult> {
  await using folder = await temporaryFolder();
  const { location = here.repository.path, branch = null, paths = ["apis"] } = other;
  const source: Source = await openSource({
    location,
    branch,
    paths,
    mirror: `${folder.path}/mirror.git`,
    credentials: {},
    limits: { fileSize: 1024 * 1024, files: 10_000, parseTime: 5000, gitTime: 30_000 },
    routeBase: "/api/custom",
    log: silentLog(),
  });
  try {
    return await here.pass({ source, sourceStatus: { url: location, branch: branch ?? "", paths } });
  } finally {
    await source.close();
  }
}

function bomb(): string {
  const levels = Array.from({ length: 9 }, (_, level) => {
    const item = level === 0 ? "x" : `*l${level - 1}`;
    return `l${level}: &l${level} [${Array.from({ length: 10 }, () => item).join(", ")}]`;
  });
  return `${levels.join("\n")}\n`;
}
