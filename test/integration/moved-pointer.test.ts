import { afterEach, beforeEach, expect, test } from "vitest";

import { changeRows } from "../support/change-rows.ts";
import { createReconciling, replyManifest, type Reconciling } from "../support/reconciling.ts";

let here: Reconciling;
beforeEach(async () => {
  here = await createReconciling();
  for (const body of ["first", "second"]) {
    await here.repository.commit({ files: { "apis/a.yaml": replyManifest("a", "a", body) } });
    await here.pass();
  }
});
afterEach(() => here.close());

test("a pointer that was moved back is put back, and the next commit goes live", async () => {
  await changeRows(here.databaseUrl, "update gitway.pointer set revision = 1");

  const unchanged = await here.pass();
  await here.repository.commit({ files: { "apis/a.yaml": replyManifest("a", "a", "third") } });
  const { applied } = await here.pass();

  expect(unchanged).toMatchObject({ outcome: "unchanged", status: { attempted: { revision: 2 } } });
  expect(applied).toMatchObject({ revision: 3 });
});

test("a store without a pointer says what is lost and what to do", async () => {
  await changeRows(here.databaseUrl, "delete from gitway.pointer");

  await expect(here.pass()).rejects.toMatchObject({
    code: "database-failed",
    message: expect.stringContaining("restore a backup"),
  });
});
