import { afterEach, beforeEach, expect, test } from "vitest";

import { compareWithCommits } from "../../src/reconcile/compare-commits.ts";
import { createReconciling, replyManifest, type Reconciling } from "../support/reconciling.ts";

let here: Reconciling;
beforeEach(async () => {
  here = await createReconciling();
  await here.repository.commit({ files: { "apis/a.yaml": replyManifest("a", "a") } });
  await here.pass();
});
afterEach(() => here.close());

/** Changes the object in a commit whose author line says this, as no ordinary git would write it. */
async function changedBy(author: string): Promise<void> {
  const { repository } = here;
  await repository.commit({ files: { "apis/a.yaml": replyManifest("a", "a", author) } });
  const raw = await repository.git("cat-file", "commit", "HEAD");
  const odd = raw.replace(/^author .*> /m, `author ${author} `);
  const id = await repository.gitWith(
    `${odd}\n`,
    "hash-object",
    "-t",
    "commit",
    "-w",
    "--stdin",
    "--literally",
  );
  await repository.git("reset", "-q", "--hard", id);
}

test.each([
  ["Gitway <>", "the author 'Gitway'"],
  ["GITWAY <someone@example.com>", "the author 'GITWAY'"],
  ["<someone@example.com>", "someone@example.com"],
  [" <>", "an unnamed author"],
  ["Evil\u001b[31m\u202e <x@example.com>", "Evil\\x1b[31m\\u202e"],
])("a commit by '%s' is told as one by %s", async (author, told) => {
  await changedBy(author);

  const [event] = (await here.pass()).applied?.events ?? [];

  expect(event?.message).toMatch(/^ApiDefinition with route 'a' \([0-9a-f-]{36}\) was updated by /);
  expect(event?.message.split(" was updated by ")[1]).toBe(told);
  expect(event?.byGitway).toBe(false);
  const { inspect } = compareWithCommits(here.source);
  expect(await here.store.verifyEvents(inspect)).toMatchObject({ checked: 2, fault: null });
});

test("what Gitway does of itself can't be mistaken for a commit by somebody of that name", async () => {
  await changedBy("Gitway <>");
  await here.pass();
  await here.repository.git("reset", "-q", "--hard", "HEAD~1");
  await here.pass();

  const [, impersonated, own] = await here.store.events({ limit: 10 });

  expect([impersonated?.actor, own?.actor].map((actor) => actor?.name)).toEqual(["Gitway", "Gitway"]);
  expect([impersonated?.byGitway, own?.byGitway]).toEqual([false, true]);
  expect(own?.message).toMatch(/ was updated by Gitway$/);
});
