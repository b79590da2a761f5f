import { afterEach, beforeEach, expect, test } from "vitest";

import { gitwayActor } from "../../src/plan/plan.ts";
import { createReconciling, replyManifest, tokenManifest, type Reconciling } from "../support/reconciling.ts";

const ann = { name: "Ann Example", email: "ann@example.com" };
const ben = { name: "Ben Example", email: "ben@example.com" };
const cid = { name: "Cid Example", email: "cid@example.com" };

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
