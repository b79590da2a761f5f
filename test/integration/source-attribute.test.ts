import { describe, expect, test } from "vitest";

import { silentLog } from "../../src/log.ts";
import { deriveId } from "../../src/manifest/identity.ts";
import { outlookOf } from "../../src/plan/outlook.ts";
import { gitwayActor, type Attribution, type Change, type StoredObject } from "../../src/plan/plan.ts";
import type { LookAt } from "../../src/source/open-source.ts";
import { changesBetween, storedFrom } from "../support/changes-between.ts";
import { createRepository, type Committer, type TestRepository } from "../support/git-repository.ts";
import { apiText, openTestSource, scriptText, type TestSource } from "../support/open-test-source.ts";
import { tokenManifest } from "../support/reconciling.ts";

const ann: Committer = { name: "Ann", email: "ann@example.com" };
const bob: Committer = { name: "Bob", email: "bob@example.com" };
const cid: Committer = { name: "Cid", email: "cid@example.com" };
const dan: Committer = { name: "Dan", email: "dan@example.com" };
/** Who commits what git makes by itself in a test repository. */
const somebody: Committer = { name: "Test Author", email: "author@example.com" };
/** A change of an object that was there, in which nobody else had a part. */
const alone = { contributors: [], firstWritten: null, releasedBy: null };
const gitway = { author: gitwayActor, committer: gitwayActor, contributors: [], releasedBy: null };

describe("who made a change", () => {
  test("is the author of the commit, not the last commit's and not the committer", async () => {
    await using repository = await createRepository();
    const from = await repository.commit({ files: { "apis/a.yaml": api("a"), "apis/b.yaml": api("b") } });
    const change = await repository.commit({
      files: { "apis/a.yaml": api("a", 2) },
      author: ann,
      committer: bob,
    });
    const to = await repository.commit({ files: { "apis/b.yaml": api("b", 2) }, author: cid });
    await using source = await fetched(repository);

    const made = await attributions(source, from, to);

    expect(made).toEqual({
      a: { author: ann, committer: bob, commit: change, ...alone, authoredAt: minute(1) },
      b: { author: cid, committer: cid, commit: to, ...alone, authoredAt: minute(2) },
    });
  });

  test("is told apart for the objects of one file", async () => {
    await using repository = await createRepository();
    const both = (a: number, b: number) => files({ "apis/all.yaml": [api("a", a), api("b", b), api("c")] });
    const from = await repository.commit({ files: both(1, 1) });
    const first = await repository.commit({ files: both(2, 1), author: ann });
    const second = await repository.commit({ files: both(2, 2), author: bob });
    const to = await repository.commit({ author: cid });
    await using source = await fetched(repository);

    const made = await attributions(source, from, to);

    expect(made).toMatchObject({
      a: { author: ann, commit: first, contributors: [] },
      b: { author: bob, commit: second, contributors: [] },
    });
    expect(made).not.toHaveProperty("c");
  });

  test("names other authors of the range as contributors, each once, the last first", async () => {
    await using repository = await createRepository();
    const from = await repository.commit();
    await repository.commit({ files: { "apis/a.yaml": api("a", 1) }, author: ann });
    await repository.commit({ files: { "apis/a.yaml": api("a", 2) }, author: bob });
    await repository.commit({ files: { "apis/a.yaml": api("a", 3) }, author: ann });
    const to = await repository.commit({ files: { "apis/a.yaml": api("a", 4) }, author: cid });
    await using source = await fetched(repository);

    const { a } = await attributions(source, from, to);

    expect(a).toMatchObject({ author: cid, commit: to, contributors: [ann, bob] });
  });

  test("gives no credit for a comment, for formatting or for a move of the file", async () => {
    await using repository = await createRepository();
    const from = await repository.commit({ files: { "apis/a.yaml": api("a") } });
    const change = await repository.commit({ files: { "apis/a.yaml": api("a", 2) }, author: ann });
    await repository.commit({ files: { "apis/a.yaml": `# why\n${api("a", 2)}` }, author: bob });
    const to = await repository.commit({
      files: { "apis/a.yaml": null, "apis/deep/z.yaml": `${api("a", 2)}\n\n` },
      author: cid,
    });
    await using source = await fetched(repository);

    const { a } = await attributions(source, from, to);

    expect(a).toMatchObject({ author: ann, commit: change, contributors: [] });
  });

  test("follows an object from file to file", async () => {
    await using repository = await createRepository();
    const from = await repository.commit({
      files: files({ "apis/one.yaml": [api("a"), api("b")], "apis/two.yaml": [api("c")] }),
    });
    const change = await repository.commit({
      files: files({ "apis/one.yaml": [api("a", 2), api("b")] }),
      author: ann,
    });
    const to = await repository.commit({
      files: files({ "apis/one.yaml": [api("b")], "apis/two.yaml": [api("c"), api("a", 2)] }),
      author: bob,
    });
    await using source = await fetched(repository);

    const made = await attributions(source, from, to);

    expect(Object.keys(made)).toEqual(["a"]);
    expect(made["a"]).toMatchObject({ author: ann, commit: change, contributors: [] });
  });

  test("counts a change of a file that the manifest refers to, also on its own", async () => {
    await using repository = await createRepository();
    const script = scriptText("a", "../scripts/s.js");
    const from = await repository.commit({ files: { "apis/a.yaml": script, "scripts/s.js": "1" } });
    const change = await repository.commit({ files: { "scripts/s.js": "2" }, author: ann });
    const to = await repository.commit({ files: { other: "1", "scripts/t.js": "1" }, author: bob });
    await using source = await fetched(repository);

    const { a } = await attributions(source, from, to);

    expect(a).toMatchObject({ author: ann, commit: change, contributors: [] });
  });

  test("counts a script that a manifest used to refer to only while it did", async () => {
    await using repository = await createRepository();
    const from = await repository.commit({
      files: { "apis/a.yaml": scriptText("a", "s.js"), "apis/s.js": "1", "apis/t.js": "1" },
    });
    await repository.commit({ files: { "apis/t.js": "2" }, author: cid });
    await repository.commit({ files: { "apis/s.js": "2" }, author: ann });
    const change = await repository.commit({
      files: { "apis/a.yaml": scriptText("a", "t.js") },
      author: bob,
    });
    const to = await repository.commit({ files: { "apis/s.js": "3" }, author: cid });
    await using source = await fetched(repository);

    const { a } = await attributions(source, from, to);

    expect(a).toMatchObject({ author: bob, commit: change, contributors: [ann] });
  });

  test("is whoever deleted the object, also out of a file that stays", async () => {
    await using repository = await createRepository();
    const from = await repository.commit({
      files: files({ "apis/one.yaml": [api("a"), api("b")], "apis/c.yaml": [api("c")] }),
    });
    const deletion = await repository.commit({ files: { "apis/c.yaml": null }, author: ann });
    const cut = await repository.commit({ files: { "apis/one.yaml": api("b") }, author: bob });
    const to = await repository.commit({ files: { "apis/one.yaml": api("b", 2) }, author: cid });
    await using source = await fetched(repository);

    const made = await attributions(source, from, to);

    expect(made).toMatchObject({
      a: { author: bob, commit: cut, contributors: [] },
      b: { author: cid, commit: to },
      c: { author: ann, commit: deletion },
    });
  });

  test("is whoever deleted a file that could not be read, not who broke it", async () => {
    await using repository = await createRepository();
    const from = await repository.commit({
      files: { "apis/a.yaml": api("a"), "apis/b.yaml": api("b") },
    });
    await repository.commit({ files: { "apis/a.yaml": null, "apis/moved.yaml": api("a") }, author: dan });
    const moved = await repository.git("rev-parse", "HEAD");
    await repository.commit({ files: { "apis/moved.yaml": "kind: [" }, author: ann });
    const to = await repository.commit({ files: { "apis/moved.yaml": null }, author: bob });
    await using source = await fetched(repository);

    const stored = (await source.read(from)).set.manifests.map((each) => storedFrom(each, from));
    const { manifests } = (await source.read(to)).set;
    const [made] = await source.attribute(changesBetween(stored, manifests), { from: moved, to });

    expect(made?.attribution).toMatchObject({ author: bob, commit: to, contributors: [ann] });
  });

  test("a rename with an explicit id is an update, without one a deletion and an addition", async () => {
    await using repository = await createRepository();
    const id = "11111111-1111-4111-8111-111111111111";
    const from = await repository.commit({
      files: files({ "apis/x.yaml": [api("old", 1, id), api("gone")] }),
    });
    const change = await repository.commit({
      files: files({ "apis/x.yaml": [api("new", 1, id), api("gone")] }),
      author: ann,
    });
    const to = await repository.commit({
      files: files({ "apis/x.yaml": [api("new", 1, id), api("come")] }),
      author: bob,
    });
    await using source = await fetched(repository);

    const made = await attributions(source, from, to);

    expect(made).toMatchObject({
      new: { author: ann, commit: change },
      gone: { author: bob, commit: to },
      come: { author: bob, commit: to },
    });
  });

  test("a revert is its author's, and so is the revert of a revert", async () => {
    await using repository = await createRepository();
    await repository.commit({ files: { "apis/a.yaml": api("a", 1), "apis/b.yaml": api("b", 1) } });
    const from = await repository.commit({
      files: { "apis/a.yaml": api("a", 2), "apis/b.yaml": api("b", 2) },
      author: ann,
    });
    await repository.commit({
      files: { "apis/a.yaml": api("a", 1), "apis/b.yaml": api("b", 1) },
      author: bob,
    });
    const to = await repository.commit({ files: { "apis/a.yaml": api("a", 2) }, author: cid });
    await using source = await fetched(repository);

    const made = await attributions(source, from, to);
    const again = await attributions(source, await repository.git("rev-parse", "HEAD~1"), to);

    expect(Object.keys(made)).toEqual(["b"]);
    expect(made["b"]).toMatchObject({ author: bob, contributors: [] });
    expect(again["a"]).toMatchObject({ author: cid, commit: to, contributors: [] });
  });

  test("is the author of the squash, since the commits that it sums up are not in the history", async () => {
    await using repository = await createRepository();
    const from = await repository.commit({ files: { "apis/a.yaml": api("a"), "apis/b.yaml": api("b") } });
    await repository.git("switch", "--quiet", "-c", "side");
    await repository.commit({ files: { "apis/a.yaml": api("a", 2) }, author: ann });
    await repository.commit({ files: { "apis/b.yaml": api("b", 2) }, author: bob });
    await repository.git("switch", "--quiet", "main");
    await repository.git("merge", "--quiet", "--squash", "side");
    const to = await repository.commit({ author: bob, committer: cid });
    await using source = await fetched(repository);

    const made = await attributions(source, from, to);

    const squashed = { author: bob, committer: cid, commit: to, ...alone, authoredAt: minute(3) };
    expect(made).toEqual({ a: squashed, b: squashed });
  });

  test("is the author of what was cherry-picked, and who picked it is the committer", async () => {
    await using repository = await createRepository();
    const from = await repository.commit({ files: { "apis/a.yaml": api("a"), "apis/b.yaml": api("b") } });
    await repository.git("switch", "--quiet", "-c", "side");
    await repository.commit({ files: { "apis/b.yaml": api("b", 2) }, author: dan });
    const picked = await repository.commit({ files: { "apis/a.yaml": api("a", 2) }, author: ann });
    await repository.git("switch", "--quiet", "main");
    await repository.git("cherry-pick", picked);
    const to = await repository.git("rev-parse", "HEAD");
    await using source = await fetched(repository);

    const made = await attributions(source, from, to);

    expect(to).not.toBe(picked);
    expect(made).toEqual({
      a: { author: ann, committer: somebody, commit: to, ...alone, authoredAt: minute(2) },
    });
  });

  test("who broke a manifest before it was repaired is a contributor", async () => {
    await using repository = await createRepository();
    const from = await repository.commit({ files: { "apis/a.yaml": api("a") } });
    await repository.commit({ files: { "apis/a.yaml": api("a", 2) }, author: dan });
    await repository.commit({
      files: { "apis/a.yaml": api("a", 2).replace("action", "actoin") },
      author: ann,
    });
    await repository.commit({ files: { "apis/a.yaml": "kind: [" }, author: bob });
    const to = await repository.commit({ files: { "apis/a.yaml": api("a", 3) }, author: cid });
    await using source = await fetched(repository);

    const { a } = await attributions(source, from, to);

    expect(a).toMatchObject({ author: cid, commit: to, contributors: [bob, ann, dan] });
  });

  test("a deletion and what came before it have no part in an object that is made anew", async () => {
    await using repository = await createRepository();
    await repository.commit({ files: { "apis/a.yaml": api("a") }, author: ann });
    await repository.commit({ files: { "apis/a.yaml": null }, author: bob });
    await repository.commit({ files: { "apis/a.yaml": api("a", 3) }, author: cid });
    const to = await repository.commit({ files: { "apis/a.yaml": api("a", 4) }, author: dan });
    await using source = await fetched(repository);

    const { a } = await attributions(source, null, to);

    expect(a).toMatchObject({ author: dan, contributors: [cid] });
  });

  test("reads odd names and dates as they are, and takes no name from a mailmap", async () => {
    await using repository = await createRepository();
    const odd: Committer = { name: `J\u00fcrgen "x" O'Neil \u{1f600}`, email: "" };
    const path = "apis/\n:a.yaml";
    await repository.commit({
      files: { [path]: api("a"), ".mailmap": "Boss <boss@example.com> <ann@example.com>\n" },
      author: ann,
      date: "2090-01-01T00:00:00Z",
    });
    const to = await repository.commit({ files: { [path]: api("a", 2) }, author: odd, date: "@0 +1400" });
    await using source = await fetched(repository);

    const { a } = await attributions(source, null, to);

    expect(a).toMatchObject({ author: odd, commit: to, contributors: [ann] });
  });
});

test("a clock that was wrong does not bring what is behind the start into the range", async () => {
  await using repository = await createRepository();
  await repository.commit({ files: { "apis/a.yaml": api("a") }, author: ann, date: "@3000000000 +0000" });
  for (let year = 0; year < 12; year++)
    await repository.commit({ files: { other: String(year) }, date: `@${1_000_000_000 + year} +0000` });
  const to = await repository.git("rev-parse", "HEAD~12");
  const from = await repository.git("rev-parse", "HEAD");
  await using source = await fetched(repository);
  const changes = changesBetween([], (await source.read(to)).set.manifests);

  const [made] = await source.attribute(changes, { from, to });

  expect(made?.attribution).toEqual({ ...gitway, commit: to });
});

describe("a merge", () => {
  test("of two people's changes to one file by a third names the two", async () => {
    await using repository = await createRepository();
    const one = (a: number, b: number) =>
      files({ "apis/one.yaml": [api("a", a), ...fillers(), api("b", b)] });
    const from = await repository.commit({ files: one(1, 1) });
    await repository.git("switch", "--quiet", "-c", "side");
    const side = await repository.commit({ files: one(2, 1), author: ann });
    await repository.git("switch", "--quiet", "main");
    const mine = await repository.commit({ files: one(1, 2), author: bob });
    const to = await merge(repository, "side", cid);
    await using source = await fetched(repository);

    const made = await attributions(source, from, to);

    expect(made).toMatchObject({
      a: { author: ann, commit: side, contributors: [] },
      b: { author: bob, commit: mine, contributors: [] },
    });
  });

  test("that makes content of its own takes the credit, with both sides as contributors", async () => {
    await using repository = await createRepository();
    const from = await repository.commit({ files: { "apis/a.yaml": api("a") } });
    await repository.git("switch", "--quiet", "-c", "side");
    await repository.commit({ files: { "apis/a.yaml": api("a", 2) }, author: ann });
    await repository.git("switch", "--quiet", "main");
    await repository.commit({ files: { "apis/a.yaml": api("a", 3) }, author: bob });
    await repository.git("merge", "--quiet", "--strategy=ours", "--no-commit", "side");
    const to = await repository.commit({ files: { "apis/a.yaml": api("a", 4) }, author: cid });
    await using source = await fetched(repository);

    const { a } = await attributions(source, from, to);

    expect(a).toMatchObject({ author: cid, commit: to });
    expect(new Set(a?.contributors)).toEqual(new Set([ann, bob]));
  });

  test("that throws one side away gives no credit for it", async () => {
    await using repository = await createRepository();
    const from = await repository.commit({ files: { "apis/a.yaml": api("a") } });
    await repository.git("switch", "--quiet", "-c", "side");
    await repository.commit({
      files: { "apis/a.yaml": api("a", 2) },
      author: ann,
      date: "2030-01-01T00:00:00Z",
    });
    await repository.git("switch", "--quiet", "main");
    const kept = await repository.commit({ files: { "apis/a.yaml": api("a", 3) }, author: bob });
    await repository.git("merge", "--quiet", "--strategy=ours", "--no-edit", "side");
    const to = await repository.git("rev-parse", "HEAD");
    await using source = await fetched(repository);

    const { a } = await attributions(source, from, to);

    expect(a).toMatchObject({ author: bob, commit: kept, contributors: [] });
  });

  test("that brings older content back keeps its author and names the merge", async () => {
    await using repository = await createRepository();
    const made = await repository.commit({ files: { "apis/a.yaml": api("a") }, author: ann });
    await repository.git("switch", "--quiet", "-c", "side");
    await repository.commit({ files: { other: "1" }, author: dan });
    await repository.git("switch", "--quiet", "main");
    const from = await repository.commit({ files: { "apis/a.yaml": api("a", 2) }, author: bob });
    await repository.git("merge", "--quiet", "--no-commit", "--no-ff", "side");
    const to = await repository.commit({ files: { "apis/a.yaml": api("a") }, author: cid });
    await using source = await fetched(repository);

    const { a } = await attributions(source, from, to);

    expect(a).toMatchObject({
      author: ann,
      commit: made,
      contributors: [],
      releasedBy: { author: cid, commit: to },
    });
  });
});

describe("Gitway makes a change itself", () => {
  test("when the branch was rewound", async () => {
    await using repository = await createRepository();
    const to = await repository.commit({ files: { "apis/a.yaml": api("a") }, author: ann });
    const from = await repository.commit({
      files: { "apis/a.yaml": api("a", 2), "apis/b.yaml": api("b") },
      author: bob,
    });
    await using source = await fetched(repository);

    const made = await attributions(source, from, to);
    const known = await attributions(source, from, to, null);

    expect(made).toEqual({ a: { ...gitway, commit: to }, b: { ...gitway, commit: to } });
    expect(known).toEqual(made);
  });

  test("when the branch was rewound to after the start of the range", async () => {
    await using repository = await createRepository();
    const from = await repository.commit({ files: { "apis/a.yaml": api("a") }, author: ann });
    const to = await repository.commit({ files: { "apis/a.yaml": api("a", 2) }, author: bob });
    const dropped = await repository.commit({ files: { "apis/a.yaml": api("a", 3) }, author: cid });
    await using source = await fetched(repository);
    const [stored] = (await source.read(dropped)).set.manifests.map((each) => storedFrom(each, dropped));
    const [after] = (await source.read(to)).set.manifests;

    const [made] = await source.attribute(changesBetween([stored!], [after!]), { from, to });

    expect(made?.attribution).toEqual({ ...gitway, commit: to });
  });

  test("when Git did not change and the stored object is another", async () => {
    await using repository = await createRepository();
    const from = await repository.commit({ files: { "apis/a.yaml": api("a") }, author: ann });
    const to = await repository.commit({ files: { other: "1" }, author: bob });
    await using source = await fetched(repository);
    const [manifest] = (await source.read(to)).set.manifests;
    const drifted = { ...storedFrom(manifest!, from), hash: "0".repeat(64) };
    const changes = changesBetween([drifted], [manifest!]);

    const made = await Promise.all([
      source.attribute(changes, { from, to }),
      source.attribute(changes, { from: to, to }),
      source.attribute(changes, { from, to, attempted: from }),
      source.attribute(changesBetween([], [manifest!]), { from, to, attempted: from }),
    ]);

    expect(made.flat().map(({ attribution }) => attribution)).toEqual(
      Array.from({ length: 4 }, () => ({ ...gitway, commit: to })),
    );
  });
});

describe("what waited and is released by somebody else's commit", () => {
  test("keeps its author and names the commit that released it", async () => {
    await using repository = await createRepository();
    const live = await repository.commit({ files: { "apis/a.yaml": api("a") } });
    const held = await repository.commit({
      files: { "apis/a.yaml": secured("a", "t"), "apis/b.yaml": secured("b", "u") },
      author: ann,
    });
    await repository.commit({ files: { "apis/x.yaml": api("x") }, author: cid });
    const first = await repository.commit({ files: { "apis/t.yaml": tokenManifest("t") }, author: bob });
    const second = await repository.commit({ files: { "apis/u.yaml": tokenManifest("u") }, author: dan });
    const to = await repository.commit({ files: { "apis/z.yaml": api("z") }, author: cid });
    await using source = await fetched(repository);
    const stored = (await source.read(live)).set.manifests.map((each) => storedFrom(each, live));
    const changes = changesBetween(stored, (await source.read(to)).set.manifests);
    const lookAt = lookAtWith(stored);

    const attempted = byName(await source.attribute(changes, { from: live, to, attempted: held, lookAt }));
    const fromHeld = byName(await source.attribute(changes, { from: held, to, lookAt }));

    const made = {
      a: { author: ann, commit: held, releasedBy: { author: bob, commit: first } },
      b: { author: ann, commit: held, releasedBy: { author: dan, commit: second } },
      t: { author: bob, releasedBy: null },
      z: { author: cid, releasedBy: null },
    };
    expect(attempted).toMatchObject(made);
    expect(fromHeld).toMatchObject(made);
  });
});

describe("after a force push", () => {
  test("the new history is walked, and what only went back is Gitway's doing", async () => {
    await using repository = await createRepository();
    const base = await repository.commit({
      files: { "apis/a.yaml": api("a"), "apis/b.yaml": api("b") },
      author: cid,
    });
    const from = await repository.commit({ files: { "apis/b.yaml": api("b", 2) }, author: ann });
    await using source = await fetched(repository);
    await repository.git("reset", "--quiet", "--hard", base);
    const to = await repository.commit({ files: { "apis/a.yaml": api("a", 2) }, author: bob });
    await source.fetch();

    const made = await attributions(source, from, to);

    expect(made).toMatchObject({ a: { author: bob, commit: to }, b: { ...gitway, commit: to } });
  });

  test("the whole history counts when the old commit is unknown or unrelated", async () => {
    await using repository = await createRepository();
    const from = await repository.commit({ files: { "apis/a.yaml": api("a") }, author: ann });
    await using source = await fetched(repository);
    await repository.git("checkout", "--quiet", "--orphan", "other");
    const to = await repository.commit({ files: { "apis/a.yaml": api("a", 2) }, author: bob });
    await source.fetch();
    const changes = changesBetween(
      (await source.read(from)).set.manifests.map((each) => storedFrom(each, "2".repeat(40))),
      (await source.read(to)).set.manifests,
    );

    const unrelated = await source.attribute(changes, { from, to });
    const unknown = await source.attribute(changes, { from: "1".repeat(40), to });

    expect(unrelated).toMatchObject([{ attribution: { author: bob, commit: to } }]);
    expect(unknown).toMatchObject([{ attribution: { author: bob, commit: to } }]);
  });
});

test("the boundary of a shallow clone takes the credit for what lies behind it, and is named", async () => {
  await using origin = await createRepository();
  await origin.commit({ files: { "apis/a.yaml": api("a") }, author: ann });
  const to = await origin.commit({ files: { "apis/b.yaml": api("b") }, author: bob });
  await using clone = await createRepository({
    cloneOf: `file://${origin.path}`,
    cloneOptions: ["--depth=1"],
  });
  const warnings: unknown[] = [];
  const log = Object.assign(silentLog(), { warn: (facts: unknown) => void warnings.push(facts) });
  await using source = await openTestSource(clone.path, { log });
  await source.fetch();

  const made = await attributions(source, null, to);

  expect(made).toMatchObject({ a: { author: bob, commit: to }, b: { author: bob, commit: to } });
  expect(warnings).toEqual([{ boundary: to, changes: 2 }]);
});

test("of what lies behind the boundary of a shallow clone nothing is claimed but the present content", async () => {
  await using origin = await createRepository();
  const from = await origin.commit({
    files: { "apis/a.yaml": api("a"), "apis/d.yaml": api("d") },
    author: ann,
  });
  await origin.commit({ files: { "apis/a.yaml": null }, author: bob });
  const boundary = await origin.commit({ files: { "README.md": "" }, author: cid });
  const to = await origin.commit({ files: { "apis/d.yaml": api("d", 2) }, author: dan });
  const cloneOptions = ["--depth=2"];
  await using clone = await createRepository({ cloneOf: `file://${origin.path}`, cloneOptions });
  await using whole = await fetched(origin);
  await using source = await fetched(clone);
  const before = (await whole.read(from)).set.manifests.map((each) => storedFrom(each, from));
  const after = (await source.read(to)).set.manifests;

  const first = byName(await source.attribute(changesBetween([], after), { from: null, to }));
  const later = byName(await source.attribute(changesBetween(before, after), { from, to }));
  const elsewhere = byName(await source.attribute(changesBetween(before, after), { from: null, to }));

  expect(first["d"]).toMatchObject({ author: dan, contributors: [], firstWritten: null });
  expect(later).toMatchObject({ a: { author: cid, commit: boundary }, d: { author: dan, contributors: [] } });
  expect(elsewhere["a"]).toMatchObject(gitway);
});

test("many objects are attributed at once, each file's history for itself", async () => {
  await using repository = await createRepository();
  const names = Array.from({ length: 1200 }, (_, index) => `n${index}`);
  const first = await repository.commit({
    files: Object.fromEntries(names.map((name, index) => [`apis/${index % 7}/${name}.yaml`, api(name)])),
    author: ann,
  });
  const to = await repository.commit({ files: { "apis/5/n5.yaml": api("n5", 2) }, author: bob });
  await using source = await fetched(repository);

  const made = await attributions(source, null, to);

  expect(made["n5"]).toMatchObject({ author: bob, commit: to, contributors: [ann] });
  expect(Object.values(made).filter(({ commit }) => commit === first)).toHaveLength(1199);
});

describe("consent to deletions", () => {
  test("is a trailer on any commit of the range, or on the last one", async () => {
    await using repository = await createRepository();
    const from = await repository.commit();
    const consent = await repository.commit({ message: "clean up\n\nGitway-Allow-Prune: yes" });
    const to = await repository.commit({
      message: "Gitway-Allow-Prune: yes is not a trailer here\n\nas you see",
    });
    await using source = await fetched(repository);

    const isAllowed = async (start: string | null, end: string) =>
      (await source.pruneConsents(start, end)).all;
    expect(await isAllowed(from, to)).toBe(true);
    expect(await isAllowed(from, consent)).toBe(true);
    expect(await isAllowed(consent, consent)).toBe(true);
    expect(await isAllowed(consent, to)).toBe(false);
    expect(await isAllowed(null, to)).toBe(false);
    expect(await isAllowed("1".repeat(40), to)).toBe(false);
  });

  test("is only for what a commit itself deletes, when it names objects", async () => {
    await using repository = await createRepository();
    const from = await repository.commit({
      files: Object.fromEntries(["a", "b", "c", "d"].map((name) => [`apis/${name}.yaml`, apiText(name)])),
    });
    const names = (...them: string[]) =>
      `Away\n\n${them.map((name) => `Gitway-Allow-Prune: ApiDefinition/${name}`).join("\n")}`;
    await repository.commit({
      files: { "apis/a.yaml": null, "apis/b.yaml": null },
      message: names("a", "c"),
    });
    await repository.commit({ files: { "apis/c.yaml": null } });
    await repository.git("mv", "apis/d.yaml", "apis/moved.yaml");
    const to = await repository.commit({ message: names("d") });
    await using source = await fetched(repository);

    expect(await source.pruneConsents(from, to)).toEqual({
      all: false,
      objects: new Set([`ApiDefinition/${deriveId("ApiDefinition", "a")}`]),
    });
    expect((await source.pruneConsents(from, from)).objects).toEqual(new Set());
  });
});

/** A definition in one of many versions. */
function api(name: string, version = 1, id?: string): string {
  const text = apiText(name, `${name}/v${version}`);
  return id === undefined ? text : text.replace(`{ name: ${name} }`, `{ name: ${name}, id: ${id} }`);
}

/** A definition that refers to a token. */
function secured(name: string, token: string): string {
  return api(name, 2).replace("keyless: true", `tokens: [${token}]`);
}

/** How past trees are planned against a store with these objects. */
function lookAtWith(objects: readonly StoredObject[]): LookAt {
  const input = {
    current: { revision: 1, origin: "here", objects },
    commit: "",
    origin: "here",
    pruneLimit: { objects: 3, share: 0.25 },
    allowPrune: false,
  };
  return (set, wanted, trailer) => outlookOf({ ...input, set, trailer }, wanted);
}

/** Files of several documents. */
function files(documents: Record<string, readonly string[]>): Record<string, string> {
  return Object.fromEntries(Object.entries(documents).map(([path, texts]) => [path, texts.join("---\n")]));
}

function fillers(): string[] {
  return ["x", "y", "z"].map((name) => api(name));
}

async function fetched(repository: TestRepository): Promise<TestSource> {
  const source = await openTestSource(repository.path);
  await source.fetch();
  return source;
}

async function merge(repository: TestRepository, branch: string, by: Committer): Promise<string> {
  await repository.git("merge", "--quiet", "--no-commit", "--no-ff", branch);
  return repository.commit({ author: by });
}

/** What changed between the manifests of two commits, and who made it, by the name of the object. */
async function attributions(
  source: TestSource,
  from: string | null,
  to: string,
  attempted?: string | null,
): Promise<Record<string, Attribution>> {
  const stored = from === null ? [] : (await source.read(from)).set.manifests;
  const { manifests } = (await source.read(to)).set;
  const changes = changesBetween(
    stored.map((manifest) => storedFrom(manifest, from ?? "")),
    manifests,
  );
  const attributed = await source.attribute(changes, { from, to, attempted });
  expect(attributed.map(({ change }) => change)).toEqual(changes);
  return byName(attributed);
}

function byName(
  attributed: readonly { readonly change: Change; readonly attribution: Attribution }[],
): Record<string, Attribution> {
  return Object.fromEntries(attributed.map(({ change, attribution }) => [change.name, attribution]));
}

/** When a test repository's commit with this number was made, counted from 0. */
function minute(number: number): string {
  return new Date(Date.UTC(2024, 0, 1, 0, number)).toISOString();
}
