import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { gitwayActor } from "../../src/plan/plan.ts";
import type { PassResult } from "../../src/reconcile/pass.ts";
import { createReconciling, replyManifest, tokenManifest, type Reconciling } from "../support/reconciling.ts";

const ann = { name: "Ann Example", email: "ann@example.com" };
const ben = { name: "Ben Example", email: "ben@example.com" };
const cid = { name: "Cid Example", email: "cid@example.com" };

const dan = { name: "Dan Example", email: "dan@example.com" };

let here: Reconciling;
beforeEach(async () => void (here = await createReconciling()));
afterEach(() => here.close());

test("two people edit one file and a third merges: the events name the two", async () => {
  const { repository } = here;
  const one = (first: string, last: string) => ({
    "apis/one.yaml": [
      replyManifest("a", "a", first),
      replyManifest("between", "between"),
      replyManifest("z", "z", last),
    ].join("---\n"),
  });
  await repository.commit({ files: one("1", "1") });
  await here.pass();
  await repository.git("switch", "--quiet", "-c", "side");
  await repository.commit({ files: one("2", "1"), author: ann });
  await repository.git("switch", "--quiet", "main");
  await repository.commit({ files: one("1", "2"), author: ben });
  await repository.git("merge", "--quiet", "--no-commit", "--no-ff", "side");
  await repository.commit({ author: cid });

  const { applied } = await here.pass();

  expect(applied?.events.map(({ name, actor }) => [name, actor.name])).toEqual([
    ["a", ann.name],
    ["z", ben.name],
  ]);
});

test("a quarantined definition that somebody else releases keeps its author", async () => {
  const { repository } = here;
  await repository.commit({ files: { "apis/a.yaml": replyManifest("a", "a") } });
  await here.pass();
  const held = await repository.commit({
    files: { "apis/a.yaml": replyManifest("a", "a", "new", ["t"]) },
    author: ann,
  });
  const { status } = await here.pass();
  const release = await repository.commit({ files: { "apis/t.yaml": tokenManifest("t") }, author: ben });

  const { applied } = await here.pass();

  expect(status.quarantined).toMatchObject([{ name: "a" }]);
  expect(applied?.events).toMatchObject([
    { name: "t", actor: ben, commit: release, releasedBy: null },
    { name: "a", actor: ann, commit: held, releasedBy: { author: ben, commit: release } },
  ]);
});

test("a branch that is rewound is Gitway's doing, and a revert is its author's", async () => {
  const { repository } = here;
  const first = await repository.commit({ files: { "apis/a.yaml": replyManifest("a", "a") }, author: ann });
  await here.pass();
  await repository.commit({ files: { "apis/a.yaml": replyManifest("a", "a", "new") }, author: ann });
  await here.pass();
  await repository.commit({ files: { "apis/a.yaml": replyManifest("a", "a") }, author: cid });
  const reverted = await here.pass();
  await repository.git("reset", "--quiet", "--hard", "HEAD~1");
  await here.pass();
  await repository.git("reset", "--quiet", "--hard", first);

  const rewound = await here.pass();

  expect(reverted.applied?.events).toMatchObject([{ name: "a", actor: cid }]);
  expect(rewound.applied?.events).toMatchObject([{ name: "a", actor: gitwayActor, commit: first }]);
});

describe("the commit that released a change", () => {
  test("is the one that ended the wait, not the newest", async () => {
    const { repository } = here;
    await repository.commit({ files: { "apis/a.yaml": replyManifest("a", "a") } });
    await here.pass();
    await repository.commit({ files: { "apis/a.yaml": replyManifest("a", "a", "new", ["t"]) }, author: ann });
    await here.pass();
    await repository.commit({ files: { "apis/y.yaml": replyManifest("y", "y") }, author: cid });
    const release = await repository.commit({ files: { "apis/t.yaml": tokenManifest("t") }, author: ben });
    await repository.commit({ files: { "apis/z.yaml": replyManifest("z", "z") }, author: dan });

    const { applied } = await here.pass();

    expect(eventOf(applied, "a")).toMatchObject({
      actor: ann,
      releasedBy: { author: ben, commit: release },
    });
    expect(eventOf(applied, "z")).toMatchObject({ actor: dan, releasedBy: null });
  });

  test("is the last of those that it took, also when somebody stood in the way meanwhile", async () => {
    const { repository } = here;
    await repository.commit({ files: { "apis/a.yaml": replyManifest("a", "a") } });
    await here.pass();
    await repository.commit({
      files: { "apis/a.yaml": replyManifest("a", "new", "ok", ["t"]) },
      author: ann,
    });
    await here.pass();
    await repository.commit({ files: { "apis/t.yaml": tokenManifest("t") }, author: ben });
    await repository.commit({ files: { "apis/b.yaml": replyManifest("b", "new") }, author: cid });
    const release = await repository.commit({
      files: { "apis/b.yaml": replyManifest("b", "else") },
      author: dan,
    });
    await repository.commit({ files: { "apis/z.yaml": replyManifest("z", "z") }, author: cid });

    const { applied } = await here.pass();

    expect(eventOf(applied, "a")).toMatchObject({
      actor: ann,
      releasedBy: { author: dan, commit: release },
    });
  });

  test("is that of a branch, not the merge that brought it in", async () => {
    const { repository } = here;
    await repository.commit({ files: { "apis/a.yaml": replyManifest("a", "a") } });
    await here.pass();
    await repository.git("branch", "side");
    await repository.commit({ files: { "apis/a.yaml": replyManifest("a", "a", "new", ["t"]) }, author: ann });
    await here.pass();
    await repository.git("switch", "--quiet", "side");
    const release = await repository.commit({ files: { "apis/t.yaml": tokenManifest("t") }, author: ben });
    await repository.commit({ files: { "apis/z.yaml": replyManifest("z", "z") }, author: dan });
    await repository.git("switch", "--quiet", "main");
    await repository.git("merge", "--quiet", "--no-commit", "--no-ff", "side");
    await repository.commit({ author: cid });

    const { applied } = await here.pass();

    expect(eventOf(applied, "a")).toMatchObject({
      actor: ann,
      releasedBy: { author: ben, commit: release },
    });
  });

  test("is the one through which a rival gave up what was wanted, however far away", async () => {
    const { repository } = here;
    await repository.commit({
      files: { "apis/a.yaml": replyManifest("a", "a"), "apis/b.yaml": replyManifest("b", "b") },
    });
    await here.pass();
    await repository.commit({
      files: {
        "apis/a.yaml": replyManifest("a", "b"),
        "apis/b.yaml": replyManifest("b", "c", "ok", ["t"]),
      },
      author: ann,
    });
    await here.pass();
    const release = await repository.commit({ files: { "apis/t.yaml": tokenManifest("t") }, author: ben });
    await repository.commit({ files: { "apis/z.yaml": replyManifest("z", "z") }, author: dan });

    const { applied } = await here.pass();

    const released = { actor: ann, releasedBy: { author: ben, commit: release } };
    expect(eventOf(applied, "a")).toMatchObject(released);
    expect(eventOf(applied, "b")).toMatchObject(released);
  });

  test("is the one that took away the document which had the name, and the content keeps its author", async () => {
    const { repository } = here;
    await repository.commit({ files: { "apis/a.yaml": replyManifest("a", "a") } });
    await here.pass();
    const copy = await repository.commit({
      files: { "apis/copy.yaml": replyManifest("a", "a", "new") },
      author: ann,
    });
    await here.pass();
    const release = await repository.commit({ files: { "apis/a.yaml": null }, author: ben });
    await repository.commit({ files: { "apis/z.yaml": replyManifest("z", "z") }, author: dan });

    const { applied } = await here.pass();

    expect(eventOf(applied, "a")).toMatchObject({
      action: "updated",
      actor: ann,
      commit: copy,
      releasedBy: { author: ben, commit: release },
    });
  });

  test("is the one that mended what is to take the place of something deleted", async () => {
    const { repository } = here;
    await repository.commit({
      files: { "apis/a.yaml": replyManifest("a", "a"), "apis/b.yaml": replyManifest("b", "b") },
    });
    await here.pass();
    const file = (text: string) => ({ "apis/a.yaml": text });
    const deletion = await repository.commit({
      files: file(replyManifest("other", "z").replace("route", "rout")),
      author: ann,
    });
    await here.pass();
    const release = await repository.commit({ files: file(replyManifest("other", "z")), author: ben });
    await repository.commit({ files: { "apis/b.yaml": replyManifest("b", "b", "new") }, author: dan });

    const { applied } = await here.pass();

    expect(eventOf(applied, "a")).toMatchObject({
      action: "deleted",
      actor: ann,
      commit: deletion,
      releasedBy: { author: ben, commit: release },
    });
    expect(eventOf(applied, "other")).toMatchObject({ action: "added", actor: ben, releasedBy: null });
  });

  test("is the one that made a tree readable in which something had been deleted", async () => {
    const { repository } = here;
    const all = ["a", "b", "c"].map((name) => [`apis/${name}.yaml`, replyManifest(name, name)] as const);
    await repository.commit({ files: Object.fromEntries(all) });
    await here.pass();
    await repository.commit({ files: { "apis/b.yaml": "kind: [" }, author: dan });
    const deletion = await repository.commit({ files: { "apis/a.yaml": null }, author: ann });
    await here.pass();
    const release = await repository.commit({
      files: { "apis/b.yaml": replyManifest("b", "b", "new") },
      author: cid,
    });
    await repository.commit({ files: { "apis/c.yaml": replyManifest("c", "c", "new") }, author: ben });

    const { applied } = await here.pass();

    expect(eventOf(applied, "a")).toMatchObject({
      action: "deleted",
      actor: ann,
      commit: deletion,
      releasedBy: { author: cid, commit: release },
    });
  });

  test("is the one that consented to deletions, and none when an operator did", async () => {
    const { repository } = here;
    const names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"];
    await repository.commit({
      files: Object.fromEntries(names.map((name) => [`apis/${name}.yaml`, replyManifest(name, name)])),
    });
    await here.pass();
    const without = (some: readonly string[]) =>
      Object.fromEntries(some.map((name) => [`apis/${name}.yaml`, null]));
    await repository.commit({ files: without(["a", "b", "c", "d"]), author: ann });
    await here.pass();
    const release = await repository.commit({ message: "yes\n\nGitway-Allow-Prune: yes", author: ben });
    await repository.commit({ files: { "apis/k.yaml": replyManifest("k", "k", "new") }, author: dan });

    const { applied } = await here.pass();
    await repository.commit({ files: without(["e", "f", "g", "h"]), author: cid });
    await here.pass();
    await repository.commit({ author: dan });
    const forced = await here.pass({ allowPrune: true });

    expect(eventOf(applied, "d")).toMatchObject({ actor: ann, releasedBy: { author: ben, commit: release } });
    expect(eventOf(forced.applied, "e")).toMatchObject({ actor: cid, releasedBy: null });
  });
});

function eventOf(applied: PassResult["applied"], name: string) {
  return applied?.events.find((event) => event.name === name);
}
