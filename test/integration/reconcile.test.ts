import { rename } from "node:fs/promises";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { Secret } from "../../src/secret.ts";
import { createReconciling, replyManifest, tokenManifest, type Reconciling } from "../support/reconciling.ts";

const ann = { name: "Ann Example", email: "ann@example.com" };
const ben = { name: "Ben Example", email: "ben@example.com" };
const partnerSecret = new Secret("a-partner-secret-of-many-random-characters");

let here: Reconciling;
beforeEach(async () => void (here = await createReconciling({ secrets: { PARTNER: partnerSecret } })));
afterEach(() => here.close());

describe("a pass", () => {
  test("turns a commit into objects, and events under the author's name", async () => {
    const commit = await here.repository.commit({
      author: ann,
      committer: ben,
      files: {
        "apis/a.yaml": replyManifest("a", "encoders/status", "ok", ["t"]),
        "apis/t.yaml": tokenManifest("t"),
      },
    });

    const { outcome, applied, status } = await here.pass();

    expect(outcome).toBe("applied");
    expect(applied?.events).toMatchObject([
      { action: "added", kind: "ApiToken", actor: ann, committer: ben, commit, path: "apis/t.yaml", line: 1 },
      { action: "added", kind: "ApiDefinition", route: "encoders/status", actor: ann, path: "apis/a.yaml" },
    ]);
    expect((await here.messages())[1]).toMatch(
      /^ApiDefinition with route 'encoders\/status' \([0-9a-f-]{36}\) was added by Ann Example$/,
    );
    expect(status).toMatchObject({
      state: "synced",
      applied: { commit, revision: 1 },
      converged: { commit },
    });
  });

  test("over the same commit changes nothing and logs nothing", async () => {
    await here.repository.commit({ files: { "apis/a.yaml": replyManifest("a", "a") } });
    const first = await here.pass();

    const second = await here.pass();

    const { applied, converged, since } = first.status;
    expect(second).toMatchObject({
      outcome: "unchanged",
      applied: null,
      status: { applied, converged, since, state: "synced" },
    });
    expect(await here.messages()).toHaveLength(1);
  });

  test("names who updated and who deleted", async () => {
    const keep = { "apis/b.yaml": replyManifest("b", "b") };
    await here.repository.commit({ author: ann, files: { "apis/a.yaml": replyManifest("a", "a"), ...keep } });
    await here.pass();

    await here.repository.commit({ author: ben, files: { "apis/a.yaml": replyManifest("a", "a", "new") } });
    await here.pass();
    await here.repository.commit({ author: ann, files: { "apis/a.yaml": null } });
    await here.pass();

    expect((await here.messages()).slice(2).map((message) => message.replace(/\(.*\) /, ""))).toEqual([
      "ApiDefinition with route 'a' was updated by Ben Example",
      "ApiDefinition with route 'a' was deleted by Ann Example",
    ]);
  });

  test("quarantines a broken manifest and lets everything else go live", async () => {
    await here.repository.commit({
      files: { "apis/a.yaml": replyManifest("a", "a", "good"), "apis/b.yaml": replyManifest("b", "b") },
    });
    await here.pass();
    const good = await here.store.current();

    const commit = await here.repository.commit({
      files: {
        "apis/a.yaml": replyManifest("a", "a", "bad").replace("action", "actoin"),
        "apis/b.yaml": replyManifest("b", "b", "new"),
      },
    });
    const { status, applied } = await here.pass();

    expect(applied?.events.map(({ name }) => name)).toEqual(["b"]);
    expect(status).toMatchObject({
      state: "degraded",
      applied: { commit },
      quarantined: [{ name: "a", serving: true }],
    });
    expect(status.quarantined[0]?.problems[0]).toMatchObject({ file: "apis/a.yaml", line: 7, column: 3 });
    expect(status.converged?.commit).not.toBe(commit);
    const kept = (await here.store.current()).objects.find(({ name }) => name === "a");
    expect(kept).toEqual(good.objects.find(({ name }) => name === "a"));
  });

  test("deletes nothing while a file can't be read, and says what it holds", async () => {
    await here.repository.commit({
      files: { "apis/a.yaml": replyManifest("a", "a"), "apis/b.yaml": replyManifest("b", "b") },
    });
    await here.pass();

    await here.repository.commit({ files: { "apis/a.yaml": "kind: [", "apis/b.yaml": null } });
    const { plan, status } = await here.pass({ allowPrune: true });

    expect(plan.changes).toEqual([]);
    expect(status.held.map(({ name, code }) => `${name} ${code}`).toSorted()).toEqual([
      "a absence-unproven",
      "b absence-unproven",
    ]);
  });

  test("lets many deletions through when a commit says so", async () => {
    const names = ["a", "b", "c", "d", "e", "f"];
    const files = (text: (name: string) => string | null) =>
      Object.fromEntries(names.map((name) => [`apis/${name}.yaml`, text(name)]));
    await here.repository.commit({
      files: { ...files((name) => replyManifest(name, name)), "apis/z.yaml": tokenManifest("z") },
    });
    await here.pass();

    await here.repository.commit({ files: files(() => null) });
    expect((await here.pass()).status.held).toHaveLength(6);
    await here.repository.commit({ files: {}, message: "Away with them\n\nGitway-Allow-Prune: yes" });
    const { status } = await here.pass();

    expect(status).toMatchObject({ state: "synced", held: [] });
    expect((await here.store.current()).objects.map(({ name }) => name)).toEqual(["z"]);
  });

  test("keeps everything and says so when the source is away, and goes on when it is back", async () => {
    await here.repository.commit({ files: { "apis/a.yaml": replyManifest("a", "a") } });
    await here.pass();
    await rename(here.repository.path, `${here.repository.path}-away`);

    await expect(here.pass()).rejects.toMatchObject({ name: "AppError" });
    const away = await here.store.readSync();
    await rename(`${here.repository.path}-away`, here.repository.path);
    const { status } = await here.pass();

    expect(away).toMatchObject({
      state: "failed",
      applied: { revision: 1 },
      error: { code: expect.any(String) },
    });
    expect((await here.store.current()).objects).toHaveLength(1);
    expect(status).toMatchObject({ state: "synced", error: null });
  });

  test("by two writers at once applies each change once", async () => {
    const files = Array.from({ length: 50 }, (_, index) => [
      `apis/d${index}.yaml`,
      replyManifest(`d${index}`, `r${index}`),
    ]);
    await here.repository.commit({ files: Object.fromEntries(files) as Record<string, string> });

    const results = await Promise.all([here.pass(), here.pass(), here.pass()]);

    expect(results.map(({ outcome }) => outcome).toSorted()).toEqual(["applied", "unchanged", "unchanged"]);
    expect(await here.messages()).toHaveLength(50);
    expect((await here.store.current()).revision).toBe(1);
  });

  test("resolves references to secrets, and follows them without a commit", async () => {
    await here.repository.commit({ files: { "apis/t.yaml": tokenManifest("t", "env: PARTNER") } });
    await here.pass();

    const before = await here.store.serving();
    await here.pass({ resolveSecret: async () => null });
    const after = await here.store.serving();

    expect(before.credentials.map(({ hash }) => hash)).toEqual([partnerSecret.hash().toString("hex")]);
    expect(after.credentials).toEqual([]);
  });
});
