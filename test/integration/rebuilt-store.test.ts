import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { silentLog } from "../../src/log.ts";
import type { PassResult } from "../../src/reconcile/pass.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Store } from "../../src/store/store.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { createReconciling, replyManifest, tokenManifest, type Reconciling } from "../support/reconciling.ts";

const ann = { name: "Ann Example", email: "ann@example.com" };
const ben = { name: "Ben Example", email: "ben@example.com" };

let here: Reconciling;
let database: TestDatabase;
let fresh: Store;
beforeEach(async () => {
  [here, database] = await Promise.all([createReconciling(), createDatabase()]);
  fresh = await openStore({ databaseUrl: database.url }, { log: silentLog() });
});
afterEach(async () => {
  await fresh.close();
  await Promise.all([database.drop(), here.close()]);
});

const commit = (files: Record<string, string | null>, author = ann) =>
  here.repository.commit({ files, author });

/** Ids and contents of what is live. */
const live = async (store: Store) =>
  (await store.current()).objects.map(({ kind, name, id, hash }) => `${kind} ${name} ${id} ${hash}`);

const waiting = ({ status }: PassResult) => [
  ...status.quarantined.map(({ name, serving, lastGood }) => `${name} ${serving} ${lastGood?.commit}`),
  ...status.held.map(({ name, code }) => `${name} ${code}`),
];

test("a lost database comes back from Git with the same ids", async () => {
  await commit({ "apis/a.yaml": replyManifest("a", "a", "ok", ["t"]), "apis/t.yaml": tokenManifest("t") });
  await here.pass();

  await here.pass({ store: fresh });

  expect(await live(fresh)).toEqual(await live(here.store));
});

test("a first sync takes the newest valid version of what is broken at the head, with its script", async () => {
  const script = (text: string) => `export default () => ({ body: "${text}" });`;
  const scripted = replyManifest("a", "a").replace(/action: .*/, "action: { script: { file: a.js } }");
  for (const text of [replyManifest("a", "a", "first"), scripted])
    await commit({ "apis/a.yaml": text, "apis/a.js": script("old") });
  await commit({ "apis/a.yaml": scripted.replace("route", "rout"), "apis/a.js": script("new") }, ben);
  await commit({ "apis/b.yaml": replyManifest("b", "b") }, ben);

  const { status, applied } = await here.pass();
  const again = await here.pass();

  const { definitions, blobs } = await here.store.serving();
  expect(definitions.map(({ name, spec }) => [name, spec.action.script?.file])).toEqual([
    ["a", "apis/a.js"],
    ["b", undefined],
  ]);
  expect([...blobs.values()]).toEqual([script("old")]);
  expect(applied?.events.map(({ name, actor }) => `${name} ${actor.name}`)).toContain("a Ann Example");
  const [stored] = await here.store.objects("ApiDefinition", "a");
  const { version, commit: from } = stored ?? {};
  expect(status.quarantined).toMatchObject([
    { name: "a", serving: true, lastGood: { version, commit: from, path: "apis/a.yaml", line: 1 } },
  ]);
  expect(again.outcome).toBe("unchanged");
});

describe("a lost database comes back as it was, where the head holds back", () => {
  const good = replyManifest("a", "a");

  test.each<[string, Record<string, string | null>]>([
    ["a syntax error", { "apis/a.yaml": `kind: [\n${good}` }],
    ["a typo in kind", { "apis/a.yaml": good.replace("ApiDefinition", "ApiDefinitoin") }],
    ["a typo in apiVersion", { "apis/a.yaml": good.replace("gitway/v1", "gitwy/v1") }],
    ["a name that is none", { "apis/a.yaml": good.replace("name: a", "nmae: a") }],
    ["an unknown field", { "apis/a.yaml": good.replace("route", "rout") }],
    [
      "an unknown field, in another file",
      { "apis/a.yaml": null, "apis/z.yaml": good.replace("route", "rout") },
    ],
    [
      "an object that moved into an unreadable file",
      { "apis/a.yaml": null, "apis/z.yaml": `kind: [\n${good}` },
    ],
    ["a reference to what never was", { "apis/a.yaml": replyManifest("a", "a", "new", ["gone"]) }],
    ["a reference to a token that is gone", { "apis/t.yaml": null }],
    ["a script that is gone", { "apis/s.js": null }],
    ["a route that another holds", { "apis/a.yaml": replyManifest("a", "b") }],
    ["a newcomer on a route that another holds", { "apis/z.yaml": replyManifest("z", "a") }],
    ["a copy in another file", { "apis/z.yaml": replyManifest("a", "z") }],
    [
      "a folder that is gone",
      {
        "apis/a.yaml": null,
        "apis/b.yaml": null,
        "apis/s.yaml": null,
        "apis/t.yaml": null,
        "apis/s.js": null,
      },
    ],
  ])("%s", async (_what, files) => {
    await commit({
      "apis/a.yaml": good,
      "apis/b.yaml": replyManifest("b", "b", "ok", ["t"]),
      "apis/t.yaml": tokenManifest("t"),
      "apis/s.yaml": replyManifest("s", "s").replace(/action: .*/, "action: { script: { file: s.js } }"),
      "apis/s.js": "export default () => ({});",
    });
    await here.pass();
    await commit(files, ben);
    const followed = await here.pass();

    const rebuilt = await here.pass({ store: fresh });
    const again = await here.pass({ store: fresh });

    expect(followed.status.state).toBe("degraded");
    expect(await live(fresh)).toEqual(await live(here.store));
    expect(waiting(rebuilt).toSorted()).toEqual(waiting(followed).toSorted());
    expect(new Set(rebuilt.applied?.events.map(({ actor }) => actor.name))).toEqual(new Set([ann.name]));
    expect([again.outcome, waiting(again)]).toEqual(["unchanged", waiting(rebuilt)]);
  });
});

test("several things that broke one after the other all come back", async () => {
  await commit({ "apis/a.yaml": replyManifest("a", "a"), "apis/b.yaml": replyManifest("b", "b") });
  await commit({ "apis/b.yaml": replyManifest("b", "b", "newer") });
  await here.pass();
  await commit({ "apis/a.yaml": "kind: [" });
  await commit({ "apis/c.yaml": replyManifest("c", "c") });
  await here.pass();
  await commit({ "apis/b.yaml": replyManifest("b", "c", "newest"), "apis/README.md": "" });
  await commit({ "apis/c.yaml": replyManifest("c", "c", "newer") });
  await here.pass();

  await here.pass({ store: fresh });

  expect(await live(fresh)).toEqual(await live(here.store));
});

test("who had a route first keeps it, also when both manifests were broken since", async () => {
  await commit({ "apis/a.yaml": replyManifest("a", "a"), "apis/b.yaml": replyManifest("b", "b") });
  await here.pass();
  await commit({ "apis/a.yaml": replyManifest("a", "x").replace("route", "rout") });
  await here.pass();
  // The old version of `a` still holds the route.
  await commit({ "apis/b.yaml": replyManifest("b", "a") });
  await here.pass();
  await commit({ "apis/b.yaml": replyManifest("b", "a").replace("route", "rout") });
  await here.pass();

  const { status } = await here.pass({ store: fresh });

  expect(status.quarantined.map(({ name, serving }) => `${name} ${serving}`)).toEqual(["a true", "b true"]);
  expect(await live(fresh)).toEqual(await live(here.store));
});

test("what was deleted does not come back, nor what never was valid", async () => {
  await commit({ "apis/a.yaml": replyManifest("a", "a"), "apis/b.yaml": replyManifest("b", "b") });
  await commit({ "apis/a.yaml": null });
  await commit({
    "apis/a.yaml": replyManifest("a", "a").replace("route", "rout"),
    "apis/z.yaml": "kind: [",
  });

  const { status } = await here.pass();

  expect((await here.store.current()).objects.map(({ name }) => name)).toEqual(["b"]);
  expect(status.quarantined).toMatchObject([{ name: "a", serving: false, lastGood: null }]);
});
