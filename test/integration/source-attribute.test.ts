import { describe, expect, test } from "vitest";

import type { Manifest } from "../../src/manifest/manifest.ts";
import type { Attribution, Change, StoredObject } from "../../src/plan/plan.ts";
import { gitwayActor } from "../../src/plan/plan.ts";
import { createRepository, type Committer, type TestRepository } from "../support/git-repository.ts";
import { apiText, openTestSource, type TestSource } from "../support/open-test-source.ts";

const ann: Committer = { name: "Ann", email: "ann@example.com" };
const bob: Committer = { name: "Bob", email: "bob@example.com" };
const cid: Committer = { name: "Cid", email: "cid@example.com" };

describe("who made a change", () => {
  test("is the author of the commit that touched the file, not the last commit's and not the committer", async () => {
    await using repository = await createRepository();
    const from = await repository.commit({ files: { "apis/a.yaml": "1", "apis/b.yaml": "1" } });
    const change = await repository.commit({ files: { "apis/a.yaml": "2" }, author: ann, committer: bob });
    const to = await repository.commit({ files: { "apis/b.yaml": "2" }, author: cid });
    await using source = await fetched(repository);

    const attributions = await attribute(source, [changed("apis/a.yaml"), changed("apis/b.yaml")], from, to);

    expect(attributions).toEqual([
      { author: ann, committer: bob, commit: change, contributors: [] },
      { author: cid, committer: cid, commit: to, contributors: [] },
    ]);
  });

  test("names other authors of the range as contributors, each once", async () => {
    await using repository = await createRepository();
    const from = await repository.commit();
    await repository.commit({ files: { "apis/a.yaml": "1" }, author: ann });
    await repository.commit({ files: { "apis/a.yaml": "2" }, author: bob });
    await repository.commit({ files: { "apis/a.yaml": "3" }, author: ann });
    const to = await repository.commit({ files: { "apis/a.yaml": "4" }, author: cid });
    await using source = await fetched(repository);

    const [attribution] = await attribute(source, [changed("apis/a.yaml")], from, to);

    expect(attribution).toEqual({ author: cid, committer: cid, commit: to, contributors: [ann, bob] });
  });

  test("counts a change of a file that the manifest refers to", async () => {
    await using repository = await createRepository();
    const from = await repository.commit({ files: { "apis/a.yaml": "1", "scripts/s.js": "1" } });
    const script = await repository.commit({ files: { "scripts/s.js": "2" }, author: ann });
    const to = await repository.commit({ files: { other: "1" }, author: bob });
    await using source = await fetched(repository);

    const [attribution] = await attribute(source, [changed("apis/a.yaml", ["scripts/s.js"])], from, to);

    expect(attribution).toMatchObject({ author: ann, commit: script });
  });

  test("finds who deleted a file, and who moved one", async () => {
    await using repository = await createRepository();
    const from = await repository.commit({
      files: { "apis/a.yaml": apiText("a"), "apis/b.yaml": apiText("b") },
    });
    const deletion = await repository.commit({ files: { "apis/a.yaml": null }, author: ann });
    const move = await repository.commit({
      files: { "apis/b.yaml": null, "apis/c.yaml": apiText("b") },
      author: bob,
    });
    const to = await repository.commit({ author: cid });
    await using source = await fetched(repository);

    const [deleted, moved] = await attribute(
      source,
      [removed("apis/a.yaml"), changed("apis/c.yaml")],
      from,
      to,
    );

    expect(deleted).toMatchObject({ author: ann, commit: deletion });
    expect(moved).toMatchObject({ author: bob, commit: move });
  });

  test("goes back to the first commit when there is no start", async () => {
    await using repository = await createRepository();
    const first = await repository.commit({ files: { "apis/a.yaml": "1" }, author: ann });
    const to = await repository.commit({ files: { other: "" }, author: bob });
    await using source = await fetched(repository);

    const [attribution] = await attribute(source, [changed("apis/a.yaml")], null, to);

    expect(attribution).toEqual({ author: ann, committer: ann, commit: first, contributors: [] });
  });

  test("is Gitway when nothing in the range touched the files", async () => {
    await using repository = await createRepository();
    const to = await repository.commit({ files: { "apis/a.yaml": "1" }, author: ann });
    const from = await repository.commit({ files: { "apis/a.yaml": "2" }, author: bob });
    await using source = await fetched(repository);

    const rewound = await attribute(source, [changed("apis/a.yaml")], from, to);
    const nothing = await attribute(source, [changed("apis/a.yaml")], to, to);

    const gitway = { author: gitwayActor, committer: gitwayActor, contributors: [] };
    expect([...rewound, ...nothing]).toEqual([
      { ...gitway, commit: to },
      { ...gitway, commit: to },
    ]);
  });

  test("reads odd names and dates as they are", async () => {
    await using repository = await createRepository();
    const odd: Committer = { name: `J\u00fcrgen "x" O'Neil \u{1f600}`, email: "" };
    await repository.commit({ files: { "apis/\n:a.yaml": "1" }, author: ann, date: "2090-01-01T00:00:00Z" });
    const to = await repository.commit({ files: { "apis/\n:a.yaml": "2" }, author: odd, date: "@0 +1400" });
    await using source = await fetched(repository);

    const [attribution] = await attribute(source, [changed("apis/\n:a.yaml")], null, to);

    expect(attribution).toMatchObject({ author: odd, commit: to, contributors: [ann] });
  });

  test("takes no name from a mailmap", async () => {
    await using repository = await createRepository();
    const files = { "apis/a.yaml": "1", ".mailmap": "Boss <boss@example.com> <ann@example.com>\n" };
    const to = await repository.commit({ files, author: ann });
    await using source = await fetched(repository);

    const [attribution] = await attribute(source, [changed("apis/a.yaml")], null, to);

    expect(attribution).toMatchObject({ author: ann });
  });
});

describe("merges", () => {
  test("a merge takes no credit for what it brings together, also in one file", async () => {
    await using repository = await createRepository();
    const lines = (first: string, last: string) => [first, "b\nc\nd\ne\nf\ng\nh\ni", last].join("\n");
    const from = await repository.commit({ files: { "apis/a.yaml": lines("a", "z"), "apis/b.yaml": "1" } });
    await repository.git("switch", "--quiet", "-c", "side");
    await repository.commit({ files: { "apis/a.yaml": lines("A", "z") }, author: ann });
    const side = await repository.commit({ files: { "apis/b.yaml": "2" }, author: ann });
    await repository.git("switch", "--quiet", "main");
    const mine = await repository.commit({
      files: { "apis/a.yaml": lines("a", "Z") },
      author: bob,
      date: "2025-01-01T00:00:00Z",
    });
    const to = await merge(repository, "side", cid);
    await using source = await fetched(repository);

    const [both, one] = await attribute(source, [changed("apis/a.yaml"), changed("apis/b.yaml")], from, to);

    expect(both).toEqual({ author: bob, committer: bob, commit: mine, contributors: [ann] });
    expect(one).toEqual({ author: ann, committer: ann, commit: side, contributors: [] });
  });

  test("a merge that makes content of its own takes the credit for it", async () => {
    await using repository = await createRepository();
    const from = await repository.commit({ files: { "apis/a.yaml": "1", "apis/b.yaml": "1" } });
    await repository.git("switch", "--quiet", "-c", "side");
    await repository.commit({ files: { "apis/a.yaml": "2" }, author: ann });
    await repository.git("switch", "--quiet", "main");
    await repository.commit({ files: { other: "1" }, author: bob });
    await repository.git("merge", "--quiet", "--no-commit", "--no-ff", "side");
    const to = await repository.commit({ files: { "apis/a.yaml": "evil" }, author: cid });
    await using source = await fetched(repository);

    const [attribution] = await attribute(source, [changed("apis/a.yaml")], from, to);

    expect(attribution).toEqual({ author: cid, committer: cid, commit: to, contributors: [ann] });
  });

  test("what a merge throws away takes no credit", async () => {
    await using repository = await createRepository();
    const from = await repository.commit({ files: { "apis/a.yaml": "1" } });
    await repository.git("switch", "--quiet", "-c", "side");
    await repository.commit({ files: { "apis/a.yaml": "side" }, author: ann, date: "2030-01-01T00:00:00Z" });
    await repository.git("switch", "--quiet", "main");
    const kept = await repository.commit({ files: { "apis/a.yaml": "kept" }, author: bob });
    await repository.git("merge", "--quiet", "--strategy=ours", "--no-edit", "side");
    const to = await repository.git("rev-parse", "HEAD");
    await using source = await fetched(repository);

    const [attribution] = await attribute(source, [changed("apis/a.yaml")], from, to);

    expect(attribution).toEqual({ author: bob, committer: bob, commit: kept, contributors: [] });
  });
});

describe("after a force push", () => {
  test("the range begins where the histories part", async () => {
    await using repository = await createRepository();
    const base = await repository.commit({ files: { "apis/a.yaml": "1", "apis/b.yaml": "1" }, author: cid });
    const from = await repository.commit({ files: { "apis/b.yaml": "2" }, author: ann });
    await using source = await fetched(repository);
    await repository.git("reset", "--quiet", "--hard", base);
    const to = await repository.commit({ files: { "apis/a.yaml": "2" }, author: bob });
    await source.fetch();

    const [made, rewound] = await attribute(
      source,
      [changed("apis/a.yaml"), changed("apis/b.yaml")],
      from,
      to,
    );

    expect(made).toMatchObject({ author: bob, commit: to });
    expect(rewound).toMatchObject({ author: gitwayActor, commit: to });
  });

  test("the whole history counts when the old commit is unknown or unrelated", async () => {
    await using repository = await createRepository();
    const from = await repository.commit({ files: { "apis/a.yaml": "1" }, author: ann });
    await using source = await fetched(repository);
    await repository.git("checkout", "--quiet", "--orphan", "other");
    const to = await repository.commit({ files: { "apis/a.yaml": "2" }, author: bob });
    await source.fetch();

    const unrelated = await attribute(source, [changed("apis/a.yaml")], from, to);
    const unknown = await attribute(source, [changed("apis/a.yaml")], "1".repeat(40), to);

    expect(unrelated).toMatchObject([{ author: bob }]);
    expect(unknown).toMatchObject([{ author: bob, commit: to }]);
  });
});

test("the boundary of a shallow clone takes the credit for what lies behind it", async () => {
  await using origin = await createRepository();
  await origin.commit({ files: { "apis/a.yaml": "1" }, author: ann });
  const to = await origin.commit({ files: { "apis/b.yaml": "1" }, author: bob });
  await using clone = await createRepository({
    cloneOf: `file://${origin.path}`,
    cloneOptions: ["--depth=1"],
  });
  await using source = await fetched(clone);

  const attributions = await attribute(source, [changed("apis/a.yaml"), changed("apis/b.yaml")], null, to);

  expect(attributions).toMatchObject([{ author: bob }, { author: bob }]);
});

test("more objects than git takes paths are attributed at once", async () => {
  await using repository = await createRepository();
  const paths = Array.from({ length: 1200 }, (_, index) => `apis/${index % 7}/${index}.yaml`);
  const first = await repository.commit({
    files: Object.fromEntries(paths.map((path) => [path, "1"])),
    author: ann,
  });
  const to = await repository.commit({ files: { [paths[5] ?? ""]: "2" }, author: bob });
  await using source = await fetched(repository);

  const attributions = await attribute(
    source,
    paths.map((path) => changed(path)),
    null,
    to,
  );

  expect(attributions[5]).toEqual({ author: bob, committer: bob, commit: to, contributors: [ann] });
  expect(attributions.filter(({ commit }) => commit === first)).toHaveLength(1199);
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

    expect(await source.allowsPrune(from, to)).toBe(true);
    expect(await source.allowsPrune(from, consent)).toBe(true);
    expect(await source.allowsPrune(consent, consent)).toBe(true);
    expect(await source.allowsPrune(consent, to)).toBe(false);
    expect(await source.allowsPrune(null, to)).toBe(false);
    expect(await source.allowsPrune("1".repeat(40), to)).toBe(false);
  });
});

async function fetched(repository: TestRepository): Promise<TestSource> {
  const source = await openTestSource(repository.path);
  await source.fetch();
  return source;
}

async function merge(repository: TestRepository, branch: string, by: Committer): Promise<string> {
  await repository.git("merge", "--quiet", "--no-commit", "--no-ff", branch);
  return repository.commit({ author: by });
}

async function attribute(
  source: TestSource,
  changes: readonly Change[],
  from: string | null,
  to: string,
): Promise<readonly Attribution[]> {
  const attributed = await source.attribute(changes, from, to);
  expect(attributed.map(({ change }) => change)).toEqual(changes);
  return attributed.map(({ attribution }) => attribution);
}

function changed(file: string, files: readonly string[] = []): Change {
  const place = { file, line: 1, column: 1, endLine: 1, endColumn: 1 };
  const after = { place, files: Object.fromEntries(files.map((path) => [path, "0".repeat(64)])) };
  return { action: "create", before: null, after: after as unknown as Manifest } as Change;
}

function removed(path: string): Change {
  return { action: "delete", before: { path } as StoredObject, after: null } as Change;
}
