import { expect, test } from "vitest";

import { createRepository } from "../support/git-repository.ts";
import { openTestSource } from "../support/open-test-source.ts";

const john = { name: "John Døe", email: "john.doe@example.com" };
const jane = { name: "Jane Roe", email: "jane.roe@example.com" };

test("who made commits is told as the commits have it, and what is no commit is left out", async () => {
  await using repository = await createRepository();
  const first = await repository.commit({
    author: john,
    committer: jane,
    files: { ".mailmap": "Someone Else <else@example.com> <john.doe@example.com>\n" },
  });
  const second = await repository.commit({ author: jane });
  const blob = await repository.git("rev-parse", `${first}:.mailmap`);
  await using source = await openTestSource(repository.path);
  await source.fetch();

  const people = await source.commits([first, second, first, "f".repeat(40), blob, "--all", "main", ""]);

  expect(people).toEqual(
    new Map([
      [first, { author: john, committer: jane, authoredAt: "2024-01-01T00:00:00.000Z" }],
      [second, { author: jane, committer: jane, authoredAt: "2024-01-01T00:01:00.000Z" }],
    ]),
  );
});

test("a source that was never fetched knows no commit", async () => {
  await using repository = await createRepository();
  const commit = await repository.commit();
  await using source = await openTestSource(repository.path);

  expect(await source.commits([commit])).toEqual(new Map());
  expect(await source.commits([])).toEqual(new Map());
});

test("thousands of commits are told at once", async () => {
  await using repository = await createRepository();
  const commits: string[] = [];
  const stream = Array.from(
    { length: 2500 },
    (_, n) =>
      `commit refs/heads/main\nmark :${n + 1}\nauthor A${n} <a@x> ${n} +0000\ncommitter C <c@x> ${n} +0000\ndata 0\n`,
  );
  await repository.gitWith(stream.join(""), "fast-import", "--quiet");
  commits.push(...(await repository.git("rev-list", "main")).split("\n"));
  await using source = await openTestSource(repository.path);
  await source.fetch();

  const people = await source.commits(commits);

  expect(people.size).toBe(2500);
  expect(people.get(commits[0]!)?.author.name).toBe("A2499");
});
