import { afterEach, beforeEach, expect, test } from "vitest";

import { type EditingApi, startEditingApi } from "../support/editing-api.ts";
import type { Committer } from "../support/git-repository.ts";
import { replyManifest, tokenManifest } from "../support/reconciling.ts";

const ann: Committer = { name: "Ann Lee", email: "ann@example.com" };
const ben: Committer = { name: "Ben Ray", email: "ben@example.com" };
const cleo: Committer = { name: "Cleo Fox", email: "cleo@example.com" };
const [created, changed, later] = [
  "2021-03-04T05:06:07.000Z",
  "2022-03-04T05:06:07.000Z",
  "2023-03-04T05:06:07.000Z",
];

let api: EditingApi;

beforeEach(async () => {
  api = await startEditingApi({ "apis/token.yaml": tokenManifest("internal") });
});

afterEach(() => api.close());

test("a definition says by whom and when it was first written and last changed, as the commits do", async () => {
  await commit("one", ann, created);
  await commit("two", ben, changed);
  await api.pass();

  expect(await stamps()).toEqual([created, ann.name, changed, ben.name]);

  await commit("three", cleo, later);
  await api.pass();

  expect(await stamps()).toEqual([created, ann.name, later, cleo.name]);
});

test("one that was deleted and written again begins anew, also within one range", async () => {
  await commit("one", ann, created);
  await api.pass();
  await commit(null, ben, changed);
  await api.pass({ allowPrune: true });
  await commit("one", ben, changed);
  await api.pass();

  expect(await stamps()).toEqual([changed, ben.name, changed, ben.name]);

  await commit(null, ann, changed);
  await api.pass({ allowPrune: true });
  await commit("two", ann, created);
  await commit(null, ann, changed);
  await commit("three", cleo, later);
  await api.pass();

  expect(await stamps()).toEqual([later, cleo.name, later, cleo.name]);
});

test("the times are of the author, not of the committer or the pass, and a token has them too", async () => {
  await api.repository.commit({
    files: { "apis/partner.yaml": tokenManifest("partner") },
    author: ann,
    committer: ben,
    date: created,
  });
  await api.pass();

  const [, body] = await api.send("GET", "/tokens/partner");
  expect(body).toMatchObject({ createdAt: created, createdBy: ann.name, updatedAt: created });
});

test("a time that nobody can mean is left to the store", async () => {
  await commit("one", ann, "@999999999999 +0000");
  const before = Date.now();
  await api.pass();

  const [at, by] = await stamps();
  expect(by).toBe(ann.name);
  expect(Date.parse(at ?? "")).toBeGreaterThanOrEqual(before);
});

test("of two that were written in one second, the one that went live last is the newer one", async () => {
  for (const name of ["b", "a", "c"]) {
    const text = replyManifest(name, name, "one", ["internal"]);
    await api.repository.commit({ files: { [`apis/${name}.yaml`]: text }, author: ann, date: created });
    await api.pass();
  }

  expect([await listed(""), await listed("?sort=created_at"), await listed("?sort=-updated_at")]).toEqual([
    ["c", "a", "b"],
    ["b", "a", "c"],
    ["c", "a", "b"],
  ]);
});

test("who created and changed it is no part of what a client sends back", async () => {
  await commit("one", ann, created);
  await api.pass();
  const head = await api.head();
  const [, got] = await api.send("GET", "/apis/hello");

  expect((await api.send("PUT", "/apis/hello", got))[0]).toBe(200);
  expect(await api.head()).toBe(head);
});

async function commit(body: string | null, author: Committer, date: string): Promise<void> {
  const text = body === null ? null : replyManifest("hello", "hello", body, ["internal"]);
  await api.repository.commit({ files: { "apis/hello.yaml": text }, author, date });
}

/** The names of the definitions, as a list has them. */
async function listed(query: string): Promise<string[]> {
  const [, body] = await api.send("GET", `/apis${query}`);
  return (body as { apis: { api_definition: { name: string } }[] }).apis.map(
    ({ api_definition }) => api_definition.name,
  );
}

/** When and by whom the definition was created, and when and by whom it was changed. */
async function stamps(): Promise<(string | undefined)[]> {
  const [, body] = await api.send("GET", "/apis/hello");
  const { created_at, updated_at, gitway } = body as Record<"created_at" | "updated_at", string> & {
    gitway: Record<"createdBy" | "updatedBy", string>;
  };
  return [created_at, gitway.createdBy, updated_at, gitway.updatedBy];
}
