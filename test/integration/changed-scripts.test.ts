import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { gitwayActor } from "../../src/plan/plan.ts";
import { changeRows } from "../support/change-rows.ts";
import { createReconciling, replyManifest, type Reconciling } from "../support/reconciling.ts";
import { serve } from "../support/serving.ts";

const script = (body: string) => `export default () => ({ body: "${body}" });`;
const scripted = (name: string) =>
  replyManifest(name, name)
    .replace(/tokens: .*/, "keyless: true")
    .replace(/action: .*/, "action: { script: { file: shared.js } }");

let here: Reconciling;
beforeEach(async () => {
  here = await createReconciling();
  await here.repository.commit({
    files: {
      "apis/shared.js": script("as written"),
      "apis/a.yaml": scripted("a"),
      "apis/b.yaml": scripted("b"),
      "apis/other.yaml": replyManifest("other", "other"),
    },
  });
  await here.pass();
});
afterEach(() => here.close());

const changes: Record<string, string> = {
  "was changed": `update gitway.blob set content = convert_to('${script("slipped in")}', 'UTF8')`,
  "was deleted": "delete from gitway.blob",
};

describe.each(Object.entries(changes))("a script that %s in the store", (_, sql) => {
  test("is put back by the next pass, as Gitway's doing", async () => {
    await changeRows(here.databaseUrl, sql);

    const { applied } = await here.pass();
    const again = await here.pass();

    expect(applied?.events.map(({ name, action, actor }) => [name, action, actor.name])).toEqual([
      ["a", "updated", gitwayActor.name],
      ["b", "updated", gitwayActor.name],
    ]);
    expect(again.outcome).toBe("unchanged");
    expect([...(await here.store.serving()).blobs.values()]).toEqual([script("as written")]);
    expect(await here.store.verifyEvents(async () => new Map())).toMatchObject({ fault: null });
  });

  test("is served as it was written or not at all, and again once it is put back", async () => {
    await changeRows(here.databaseUrl, sql);
    const endpoint = await serve(here.store);
    const call = () => fetch(`${endpoint.url}/api/custom/a`);

    const before = await call();
    await here.pass();

    expect(before.status).toBe(500);
    await vi.waitUntil(async () => (await call()).status === 200);
    expect(await (await call()).text()).toBe("as written");
    await endpoint.close();
  });

  test("is named by the check of the events", async () => {
    await changeRows(here.databaseUrl, sql);

    const { fault } = await here.store.verifyEvents(async () => new Map());

    expect(fault).toMatchObject({ differences: [expect.stringContaining("'apis/shared.js'")] });
  });
});

test("a file list that nobody can read is drift as well", async () => {
  await changeRows(
    here.databaseUrl,
    "update gitway.object_version set files = '[1]' where name = 'a' and to_revision is null",
  );

  const { applied } = await here.pass();

  expect(applied?.events).toMatchObject([{ name: "a", actor: { name: gitwayActor.name } }]);
});
