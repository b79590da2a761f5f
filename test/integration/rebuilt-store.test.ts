import { expect, test } from "vitest";

import { silentLog } from "../../src/log.ts";
import { openStore } from "../../src/store/open-store.ts";
import { createDatabase } from "../support/database.ts";
import { createReconciling, replyManifest, tokenManifest } from "../support/reconciling.ts";

test("a lost database comes back from Git with the same ids", async () => {
  const here = await createReconciling();
  const database = await createDatabase();
  const fresh = await openStore({ databaseUrl: database.url }, { log: silentLog() });
  await here.repository.commit({
    files: { "apis/a.yaml": replyManifest("a", "a", "ok", ["t"]), "apis/t.yaml": tokenManifest("t") },
  });
  await here.pass();

  await here.pass({ store: fresh });

  const ids = async (store: typeof fresh) =>
    (await store.current()).objects.map(({ id, hash }) => `${id} ${hash}`).toSorted();
  expect(await ids(fresh)).toEqual(await ids(here.store));
  await fresh.close();
  await database.drop();
  await here.close();
});

test("a lost database comes back with the newest valid version of what is broken at the head", async () => {
  const here = await createReconciling();
  const ann = { name: "Ann Example", email: "ann@example.com" };
  const script = (text: string) => `export default () => ({ body: "${text}" });`;
  const scripted = replyManifest("a", "a").replace(/action: .*/, "action: { script: { file: a.js } }");
  const versions = [replyManifest("a", "a", "first"), scripted];
  for (const text of versions) {
    await here.repository.commit({ author: ann, files: { "apis/a.yaml": text, "apis/a.js": script("old") } });
  }
  await here.repository.commit({
    files: { "apis/a.yaml": scripted.replace("route", "rout"), "apis/a.js": script("new") },
  });
  await here.repository.commit({ files: { "apis/b.yaml": replyManifest("b", "b") } });

  const { status, applied } = await here.pass();
  const again = await here.pass();

  const { definitions, blobs } = await here.store.serving();
  expect(definitions.map(({ name, spec }) => [name, spec.action.script?.file])).toEqual([
    ["a", "apis/a.js"],
    ["b", undefined],
  ]);
  expect([...blobs.values()]).toEqual([script("old")]);
  expect(applied?.events.map(({ name, actor }) => `${name} ${actor.name}`)).toContain("a Ann Example");
  expect(status.quarantined).toMatchObject([{ name: "a", serving: true }]);
  expect(again.outcome).toBe("unchanged");
  await here.close();
});
