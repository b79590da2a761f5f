import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { editObjects } from "../../src/reconcile/edit-objects.ts";
import { applyNow } from "../../src/reconcile/suspended.ts";
import { changeRows } from "../support/change-rows.ts";
import { createReconciling, replyManifest, tokenManifest, type Reconciling } from "../support/reconciling.ts";

const ann = { name: "Ann Example", email: "ann@example.com" };
const ben = { name: "Ben Example", email: "ben@example.com" };
const suspension = { by: ben, reason: "release freeze" };

let here: Reconciling;

beforeEach(async () => {
  here = await createReconciling();
  await here.repository.commit({
    files: { "apis/a.yaml": replyManifest("a", "a"), "apis/b.yaml": replyManifest("b", "b") },
  });
  await here.pass();
});
afterEach(() => here.close());

describe("a pass while reconciling is suspended", () => {
  test("looks, says what waits, and leaves everything as it is", async () => {
    const before = await here.store.current();
    const marks = await here.store.readSync();
    await here.store.suspend(suspension);
    const commit = await here.repository.commit({
      author: ann,
      files: {
        "apis/a.yaml": replyManifest("a", "a", "new"),
        "apis/b.yaml": null,
        "apis/c.yaml": tokenManifest("c"),
        "apis/d.yaml": replyManifest("d", "d").replace("action", "actoin"),
      },
    });

    const { outcome, applied, status } = await here.pass();

    expect([outcome, applied]).toEqual(["suspended", null]);
    expect(await here.store.current()).toEqual(before);
    expect(status).toMatchObject({
      state: "suspended",
      error: null,
      attempted: marks?.attempted,
      applied: marks?.applied,
      converged: marks?.converged,
      waiting: { commit, created: 1, updated: 1, deleted: 1 },
      quarantined: [{ name: "d" }],
    });
    expect((await here.pass()).status.since).toBe(status.since);
    expect(await here.messages()).toHaveLength(2);
  });

  test("of which nothing waits is like any other", async () => {
    await here.store.suspend(suspension);

    const { outcome, status } = await here.pass();

    expect([outcome, status.state]).toEqual(["unchanged", "synced"]);
    expect(status).not.toHaveProperty("waiting");
  });

  test("heals nothing, and does once it is resumed", async () => {
    const hacked = { action: { reply: { body: "hacked" } } };
    await here.store.suspend(suspension);
    await changeRows(
      here.databaseUrl,
      `update gitway.object_version set spec = replace(spec::text, '"ok"', '"hacked"')::json where name = 'a'`,
    );

    expect((await here.pass()).status).toMatchObject({ state: "suspended", waiting: { updated: 1 } });
    expect((await here.store.objects("ApiDefinition", "a"))[0]?.spec).toMatchObject(hacked);
    await here.store.resume(ann);
    await here.pass();

    expect((await here.store.objects("ApiDefinition", "a"))[0]?.spec).not.toMatchObject(hacked);
    expect((await here.messages()).at(-1)).toMatch(/was updated by Gitway$/);
  });

  test("takes no author and no consent from what waits", async () => {
    const many = ["e", "f", "g", "h", "i"];
    const files = (text: (name: string) => string | null) =>
      Object.fromEntries(many.map((name) => [`apis/${name}.yaml`, text(name)]));
    await here.repository.commit({ files: files((name) => replyManifest(name, name)) });
    await here.pass();
    await here.store.suspend(suspension);
    await here.repository.commit({
      author: ann,
      files: files(() => null),
      message: "Away\n\nGitway-Allow-Prune: yes",
    });
    await here.pass();
    await here.repository.commit({ author: ben, files: { "apis/a.yaml": replyManifest("a", "a", "new") } });
    await here.pass();
    await here.store.resume(ann);

    const { status } = await here.pass();

    expect(status).toMatchObject({ state: "synced", held: [] });
    const told = (await here.messages())
      .slice(-6)
      .map((message) => message.replace(/^.*'(\w)' \(.*\) was /, "$1 "));
    expect(told.toSorted()).toEqual([
      "a updated by Ben Example",
      ...many.map((name) => `${name} deleted by Ann Example`),
    ]);
  });

  test("that was planned before notices it when it applies, and that is no failure", async () => {
    await here.repository.commit({ files: { "apis/a.yaml": replyManifest("a", "a", "new") } });
    let looks = 0;
    // Suspended right after the pass has looked whether it is.
    const late = {
      ...here.store,
      suspension: async () => {
        const found = await here.store.suspension();
        if (looks++ === 0) await here.store.suspend(suspension);
        return found;
      },
    };

    const { outcome, status } = await here.pass({ store: late });

    expect([outcome, status.state, status.waiting?.updated]).toEqual(["suspended", "suspended", 1]);
    expect((await here.store.current()).revision).toBe(1);
  });
});

describe("what is meant to apply", () => {
  test("fails and names who suspended it, also when nothing waits", async () => {
    await here.store.suspend(suspension);

    await expect(applyNow(here.parts)).rejects.toMatchObject({
      code: "suspended",
      message: expect.stringContaining("by Ben Example (release freeze)"),
    });
    expect(await here.store.readSync()).toMatchObject({ state: "synced", error: null });
  });

  test("fails before a commit is made, unless that is a proposal", async () => {
    await here.store.suspend(suspension);
    const before = await here.repository.git("rev-parse", "main");

    await expect(editObjects(here.parts, edit(null))).rejects.toMatchObject({ code: "suspended" });
    expect(await here.repository.git("rev-parse", "main")).toBe(before);
    expect(await editObjects(here.parts, edit({ user: "ann", topic: "new" }))).toMatchObject({
      status: "proposed",
    });
  });

  test("fails before the push when it is suspended meanwhile", async () => {
    const before = await here.repository.git("rev-parse", "main");
    const store = {
      ...here.store,
      readSync: async () => {
        await here.store.suspend(suspension);
        return await here.store.readSync();
      },
    };

    await expect(editObjects({ ...here.parts, store }, edit(null))).rejects.toMatchObject({
      code: "suspended",
    });
    expect(await here.repository.git("rev-parse", "main")).toBe(before);
  });

  test("waits when it is suspended right after the push", async () => {
    const source: Reconciling["source"] = {
      ...here.source,
      async commit(...args) {
        const result = await here.source.commit(...args);
        await here.store.suspend(suspension);
        return result;
      },
    };

    const outcome = await editObjects({ ...here.parts, source }, edit(null));

    expect(outcome).toMatchObject({ status: "landed", reason: expect.stringContaining(ben.name) });
    expect(await here.repository.git("log", "-1", "--format=%an %H")).toBe(
      `Ann Example ${(outcome as { commit: string }).commit}`,
    );
    await here.store.resume(ann);
    await here.pass();
    expect((await here.messages()).at(-1)).toMatch(/ApiToken 'new' .* was added by Ann Example$/);
  });

  function edit(proposal: Parameters<typeof editObjects>[1]["proposal"]): Parameters<typeof editObjects>[1] {
    const wanted = { kind: "ApiToken", name: "new", spec: { secret: { generate: true } } } as const;
    const edits = [{ operation: "add", file: "apis/new.yaml", wanted }] as const;
    return { by: ann, message: "Add token 'new'", edits, proposal };
  }
});
