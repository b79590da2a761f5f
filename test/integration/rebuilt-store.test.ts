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
