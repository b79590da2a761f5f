import { afterEach, beforeEach, expect, test } from "vitest";

import { compareWithCommits } from "../../src/reconcile/compare-commits.ts";
import { createReconciling, replyManifest, type Reconciling } from "../support/reconciling.ts";

const ann = { name: "Ann Example", email: "ann@example.com" };

let here: Reconciling;
beforeEach(async () => {
  here = await createReconciling();
  await here.repository.commit({
    files: { "apis/old.yaml": replyManifest("a", "a"), "apis/b.yaml": replyManifest("b", "b") },
  });
  await here.pass();
});
afterEach(() => here.close());

/** Moves `a` to another file, a line further down. */
const move = () =>
  here.repository.commit({
    author: ann,
    files: { "apis/old.yaml": null, "apis/new.yaml": `# moved\n${replyManifest("a", "a")}` },
  });
const stored = async () => (await here.store.objects("ApiDefinition", "a"))[0];

test("a move is known, and is no change: no version, no event, no drift", async () => {
  const before = await stored();
  const marks = async () => [
    await here.messages(),
    await here.store.revision(),
    await here.store.findDrift(),
  ];
  const marksBefore = await marks();
  await move();

  const moved = await here.pass();
  const again = await here.pass();

  expect([moved.outcome, moved.plan.sightings.length, again.plan.sightings]).toEqual(["unchanged", 1, []]);
  expect(await stored()).toEqual({ ...before, path: "apis/new.yaml", line: 2 });
  expect(await marks()).toEqual(marksBefore);
  expect(await here.store.checkDrift()).toEqual([]);
});

test("a move beside a change is known too", async () => {
  await here.repository.commit({ files: { "apis/b.yaml": replyManifest("b", "b", "new") } });
  await move();

  const { applied } = await here.pass();

  expect(applied?.events.map(({ name }) => name)).toEqual(["b"]);
  expect(await stored()).toMatchObject({ path: "apis/new.yaml", line: 2 });
});

test("a newcomer at the old place does not take the name", async () => {
  await move();
  await here.pass();
  await here.repository.commit({ files: { "apis/old.yaml": replyManifest("a", "a", "intruder") } });

  const { outcome, status } = await here.pass();

  expect(outcome).toBe("unchanged");
  expect(status.quarantined).toMatchObject([
    { name: "a", serving: true, problems: [{ code: "duplicate-name", file: "apis/old.yaml" }] },
  ]);
});

test("the event of a deletion names the file that it was deleted from, and fits", async () => {
  await move();
  await here.pass();
  const commit = await here.repository.commit({ author: ann, files: { "apis/new.yaml": null } });

  const { applied } = await here.pass();

  expect(applied?.events).toMatchObject([
    { action: "deleted", actor: ann, path: "apis/new.yaml", line: 2, commit },
  ]);
  const { inspect } = compareWithCommits(here.source);
  expect(await here.store.verifyEvents(inspect)).toMatchObject({ checked: 3, fault: null });
});

test("what serves instead of a moved and broken manifest is named where its commit has it", async () => {
  const [{ commit } = { commit: "" }] = await here.store.objects("ApiDefinition", "a");
  await here.repository.commit({
    files: { "apis/old.yaml": null, "apis/new.yaml": replyManifest("a", "a").replace("route", "rout") },
  });

  const { status } = await here.pass();

  expect(await stored()).toMatchObject({ path: "apis/new.yaml" });
  expect(status.quarantined).toMatchObject([
    { name: "a", lastGood: { commit, path: "apis/old.yaml", line: 1 } },
  ]);
});
