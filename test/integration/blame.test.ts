import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { SyncStatus } from "../../src/store/store.ts";
import { createReconciling, replyManifest, tokenManifest, type Reconciling } from "../support/reconciling.ts";

const ann = { name: "Ann Example", email: "ann@example.com" };
const ben = { name: "Ben Example", email: "ben@example.com" };
const cid = { name: "Cid Example", email: "cid@example.com" };
const dan = { name: "Dan Example", email: "dan@example.com" };

let here: Reconciling;
beforeEach(async () => void (here = await createReconciling()));
afterEach(() => here.close());

describe("a quarantined object is blamed on", () => {
  test("who broke it, not on who touched its file after that", async () => {
    const one = (a: string, b: string) => ({
      "apis/one.yaml": [a, replyManifest("b", "b", b)].join("---\n"),
    });
    await commit(one(replyManifest("a", "a"), "1"), dan);
    await here.pass();
    const broken = await commit(one(misspelt("a"), "1"), ann);
    const first = await statusAfter();
    await commit(one(misspelt("a"), "2"), ben);
    const second = await statusAfter();
    const again = await commit(one(`# why\n${misspelt("a", "other")}`, "2"), cid);
    const third = await statusAfter();

    expect(entryOf(first, "a")).toMatchObject({ author: ann, commit: broken, brokenBy: null });
    expect(entryOf(second, "a")).toEqual({ ...entryOf(first, "a"), problems: expect.any(Array) });
    expect(entryOf(third, "a")).toMatchObject({ author: cid, commit: again, brokenBy: null });
    expect(entryOf(third, "a")?.since).toBe(entryOf(first, "a")?.since);
  });

  test("its author, with who took away what it refers to", async () => {
    const made = await commit(
      { "apis/a.yaml": replyManifest("a", "a", "ok", ["t"]), "apis/t.yaml": tokenManifest("t") },
      dan,
    );
    const script = await commit({ "apis/s.yaml": scripted("s"), "apis/s.js": "1" }, ann);
    await commit({ "apis/s.js": "2" }, dan);
    await here.pass();
    await commit({ "apis/x.yaml": replyManifest("x", "x") }, ben);
    const token = await commit({ "apis/t.yaml": null }, cid);
    const file = await commit({ "apis/s.js": null }, ben);
    await commit({ "apis/x.yaml": replyManifest("x", "x", "new") }, dan);

    const status = await statusAfter();

    expect(entryOf(status, "a")).toMatchObject({
      author: dan,
      commit: made,
      brokenBy: { author: cid, commit: token },
    });
    expect(entryOf(status, "s")).toMatchObject({
      author: ann,
      commit: script,
      brokenBy: { author: ben, commit: file },
    });
  });

  test("its author alone when it never could go live", async () => {
    await commit({ "apis/x.yaml": replyManifest("x", "x") }, dan);
    await here.pass();
    await here.repository.git("branch", "side");
    const made = await commit({ "apis/a.yaml": replyManifest("a", "a", "ok", ["t"]) }, ann);
    const rival = await commit({ "apis/y.yaml": replyManifest("y", "x") }, ben);
    await here.repository.git("switch", "--quiet", "side");
    await commit({ "apis/z.yaml": replyManifest("z", "z") }, cid);
    await here.repository.git("merge", "--quiet", "--no-commit", "--no-ff", "main");
    await commit({}, dan);
    await here.repository.git("branch", "--force", "main");

    const status = await statusAfter();

    expect(entryOf(status, "a")).toMatchObject({ author: ann, commit: made, brokenBy: null });
    expect(entryOf(status, "y")).toMatchObject({ author: ben, commit: rival, brokenBy: null });
  });

  test("each author of two newcomers that want the same, and on who came second", async () => {
    await commit({ "apis/z.yaml": replyManifest("z", "z") }, cid);
    await here.pass();
    const first = await commit({ "apis/x.yaml": replyManifest("n", "one") }, ann);
    const second = await commit({ "apis/y.yaml": replyManifest("n", "two") }, ben);

    const status = await statusAfter();

    expect(entryOf(status, "n")).toMatchObject({
      author: ann,
      commit: first,
      brokenBy: { author: ben, commit: second },
    });
  });

  test("who made a copy, while the original goes on", async () => {
    await commit({ "apis/a.yaml": replyManifest("a", "a") }, dan);
    await here.pass();
    const copy = await commit({ "apis/copy.yaml": replyManifest("a", "a", "new") }, ann);
    await commit({ "apis/a.yaml": replyManifest("a", "a", "edited") }, ben);

    const status = await statusAfter();

    expect(entryOf(status, "a")).toMatchObject({ author: ann, commit: copy, brokenBy: null });
  });

  test("somebody for each of very many, and later passes keep what is known", async () => {
    const names = Array.from({ length: 250 }, (_, index) => `n${index}`);
    const files = (text: (name: string) => string) =>
      Object.fromEntries(names.map((name) => [`apis/${name}.yaml`, text(name)]));
    await commit(
      files((name) => replyManifest(name, name)),
      dan,
    );
    await here.pass();
    await commit(
      files((name) => misspelt(name)),
      ann,
    );
    const first = await statusAfter();
    await commit({ "apis/n7.yaml": misspelt("n7", "other") }, ben);

    const second = await statusAfter();

    expect(new Set(first.quarantined.map(({ author }) => author?.name))).toEqual(new Set([ann.name]));
    expect(second.quarantined.filter(({ author }) => author?.name === ann.name)).toHaveLength(249);
    expect(entryOf(second, "n7")).toMatchObject({ author: ben });
  });
});

describe("a deletion that waits is blamed on", () => {
  test("who made the file unreadable, since then", async () => {
    const one = (a: string, b: string) => ({
      "apis/one.yaml": [a, replyManifest("b", "b", b)].join("---\n"),
    });
    await commit({ ...one(replyManifest("a", "a"), "1"), "apis/c.yaml": replyManifest("c", "c") }, dan);
    await here.pass();
    const typo = replyManifest("a", "a").replace("ApiDefinition", "ApiDefinitoin");
    const broken = await commit(one(typo, "1"), ann);
    const first = await statusAfter();
    await commit(one(typo, "2"), ben);
    const syntax = await commit({ "apis/c.yaml": "kind: [" }, cid);

    const second = await statusAfter();

    expect(heldOf(first, "a")).toMatchObject({ author: ann, commit: broken });
    expect(heldOf(second, "a")).toEqual({ ...heldOf(first, "a"), reason: expect.any(String) });
    expect(heldOf(second, "c")).toMatchObject({ author: cid, commit: syntax });
  });

  test("who deleted it", async () => {
    await commit({ "apis/a.yaml": replyManifest("a", "a"), "apis/b.yaml": replyManifest("b", "b") }, dan);
    await here.pass();
    await commit({ "apis/b.yaml": "kind: [" }, ann);
    const deletion = await commit({ "apis/a.yaml": null }, ben);

    const status = await statusAfter();

    expect(heldOf(status, "a")).toMatchObject({ author: ben, commit: deletion });
    expect(heldOf(status, "b")).toMatchObject({ author: ann });
  });
});

function commit(
  files: Record<string, string | null>,
  author: { readonly name: string; readonly email: string },
): Promise<string> {
  return here.repository.commit({ files, author });
}

async function statusAfter(): Promise<SyncStatus> {
  return (await here.pass()).status;
}

function entryOf({ quarantined }: SyncStatus, name: string) {
  return quarantined.find((entry) => entry.name === name);
}

function heldOf({ held }: SyncStatus, name: string) {
  return held.find((entry) => entry.name === name);
}

function misspelt(name: string, body = "ok"): string {
  return replyManifest(name, name, body).replace("route", "rout");
}

function scripted(name: string): string {
  return replyManifest(name, name).replace(/action: .*/, "action: { script: { file: s.js } }");
}
