import { readFile, stat } from "node:fs/promises";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { allPermissions } from "../../src/dashboard/access/acting-user.ts";
import { startTestApi, userManifest, type TestApi } from "../support/dashboard-api.ts";
import { replyManifest, tokenManifest } from "../support/reconciling.ts";

const key = (name: string) => `${name}-`.padEnd(40, "k");

let api: TestApi;

beforeEach(async () => {
  api = await startTestApi({
    MANAGER: key("manager"),
    READER: key("reader"),
    NOBODY: key("nobody"),
    TWIN: key("twin"),
    ...Object.fromEntries(allPermissions.map((permission) => [envOf(permission), key(permission)])),
  });
});

afterEach(() => api.close());

describe("a key", () => {
  test("that is missing or unknown is refused in the words of the API", async () => {
    for (const wrong of [null, key("unknown"), `Bearer ${key("manager")}`]) {
      const answer = await api.request("/sync", wrong);

      expect([answer.status, await answer.json()]).toEqual([
        401,
        { Status: "Error", Message: "Not authorised", Meta: null },
      ]);
    }
  });

  test("opens what its user may do, as soon as the user is there", async () => {
    await commit({ "apis/users.yaml": userManifest("reader", "READER", ["definitions.read"]) });

    await expect.poll(async () => (await api.request("/sync", key("reader"))).status).toBe(200);
    const denied = await api.request("/users", key("reader"));
    expect([denied.status, await denied.json()]).toEqual([
      403,
      {
        Status: "Error",
        Message: "access denied: You do not have permission to access  /api/users",
        Meta: null,
      },
    ]);
  });

  test("opens nothing when two users share it, or when its user is not active", async () => {
    await commit({
      "apis/a.yaml": userManifest("a", "TWIN", ["definitions.read"]),
      "apis/b.yaml": userManifest("b", "TWIN", ["definitions.read"]),
      "apis/nobody.yaml": userManifest("nobody", "NOBODY", ["definitions.read"], "  active: false\n"),
      "apis/reader.yaml": userManifest("reader", "READER", ["definitions.read"]),
    });

    await expect.poll(async () => (await api.request("/sync", key("reader"))).status).toBe(200);
    expect((await api.request("/sync", key("twin"))).status).toBe(401);
    expect((await api.request("/sync", key("nobody"))).status).toBe(401);
  });

  test("is refused alike whether it is nobody's or that of a user who is not active", async () => {
    await commit({
      "apis/nobody.yaml": userManifest("nobody", "NOBODY", ["definitions.read"], "  active: false\n"),
      "apis/reader.yaml": userManifest("reader", "READER", ["definitions.read"]),
    });
    await expect.poll(async () => (await api.request("/sync", key("reader"))).status).toBe(200);

    const answers = await Promise.all(
      [key("nobody"), key("unknown")].map(async (wrong) => {
        const answer = await api.request("/sync", wrong);
        const headers = [...answer.headers].filter(([name]) => name !== "date");
        return [answer.status, headers, await answer.text()];
      }),
    );

    expect(answers[0]).toEqual(answers[1]);
  });

  test("that is wrong is a 429 after twenty of them, and one that is right is served all the same", async () => {
    await commit({ "apis/reader.yaml": userManifest("reader", "READER", ["definitions.read"]) });
    await expect.poll(async () => (await api.request("/sync", key("reader"))).status).toBe(200);

    const statuses = new Set<number>();
    for (let count = 0; count < 25; count++)
      statuses.add((await api.request("/sync", key(`guess-${count}`))).status);

    expect([...statuses]).toEqual([401, 429]);
    const refused = await api.request("/sync", key("guess"));
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ Status: "Error", Meta: null });
    expect((await api.request("/sync", key("reader"))).status).toBe(200);
    expect((await api.request("/sync", null)).status).toBe(401);
  });
});

describe("the administrator's key", () => {
  test("is made for its owner's eyes while no user can manage users, and gone once one can", async () => {
    const administrator = (await readFile(api.administratorKeyFile, "utf8")).trim();
    expect((await stat(api.administratorKeyFile)).mode & 0o777).toBe(0o600);
    const me = (await (await api.request("/users/me", administrator)).json()) as { permissions: string[] };
    expect(me.permissions).toEqual(allPermissions);

    await commit({ "apis/manager.yaml": userManifest("manager", "MANAGER", ["users.edit"]) });

    await expect.poll(async () => (await api.request("/users", key("manager"))).status).toBe(200);
    expect((await api.request("/users/me", administrator)).status).toBe(401);
    await expect(stat(api.administratorKeyFile)).rejects.toThrow("ENOENT");
  });

  test("comes back when the last user who can manage users is gone", async () => {
    await commit({ "apis/manager.yaml": userManifest("manager", "MANAGER", ["users.edit"]) });
    await expect.poll(async () => (await api.request("/users", key("manager"))).status).toBe(200);

    await commit({ "apis/manager.yaml": userManifest("manager", "MANAGER", ["tokens.read"]) });

    await expect.poll(async () => (await api.request("/users", key("manager"))).status).toBe(403);
    expect(await readFile(api.administratorKeyFile, "utf8")).toMatch(/^.{43}\n$/);
  });
});

test("users are listed without their keys", async () => {
  await commit({ "apis/manager.yaml": userManifest("manager", "MANAGER", ["users.edit"]) });
  await expect.poll(async () => (await api.request("/users", key("manager"))).status).toBe(200);

  const listed = await (await api.request("/users/", key("manager"))).text();
  const one = await (await api.request("/users/manager", key("manager"))).json();

  expect(listed).not.toContain("MANAGER");
  expect(one).toMatchObject({ name: "manager", displayName: "manager Doe", hasKey: true });
  expect((await api.request("/users/none", key("manager"))).status).toBe(404);
});

describe("events", () => {
  const reader = () => userManifest("reader", "READER", ["definitions.read"]);

  test("are those that the user may read, by filter and page", async () => {
    await commit({ "apis/reader.yaml": reader(), "apis/token.yaml": tokenManifest("internal") });
    for (const text of ["one", "two", "three"])
      await commit({ "apis/hello.yaml": replyManifest("hello", "hello", text) });
    await expect.poll(async () => (await api.request("/events", key("reader"))).status).toBe(200);

    const all = await events("");
    expect(all.events.map(({ kind }) => kind)).toEqual(Array(3).fill("ApiDefinition"));
    const page = await events("?limit=2");
    expect(page.events.map(({ action }) => action)).toEqual(["updated", "updated"]);
    expect((await events(`?limit=2&before=${page.before}`)).events.map(({ action }) => action)).toEqual([
      "added",
    ]);
    expect((await events("?kind=ApiToken")).events).toEqual([]);
    expect((await events("?name=hello&actor=author@example.com")).events).toHaveLength(3);
    expect((await events("?actor=somebody")).events).toEqual([]);
    expect((await events("?until=2001-01-01")).events).toEqual([]);
    expect((await events(`?commit=${all.events[0]?.commit?.slice(0, 8)}`)).events).toHaveLength(1);
  });

  test("page forth as well as back", async () => {
    await commit({ "apis/reader.yaml": reader() });
    for (const text of ["one", "two", "three"])
      await commit({ "apis/hello.yaml": replyManifest("hello", "hello", text) });
    await expect.poll(async () => (await api.request("/events", key("reader"))).status).toBe(200);

    const first = await events("?after=0&limit=2");
    const second = await events(`?after=${first.after}&limit=2`);

    expect(first.events.map(({ action }) => action)).toEqual(["added", "updated"]);
    expect(second.events.map(({ action }) => action)).toEqual(["updated"]);
    expect([second.after, second.before]).toEqual([null, undefined]);
  });

  test.each([
    "limit=x",
    "since=tomorrow",
    "since=%2B275760-09-13",
    "until=-000001-01-01",
    "object=1'",
    "name=%00",
    "actor=%00",
    "commit=HEAD",
    "kind=__proto__",
    "after=-1",
  ])("asked for with %s are a located refusal", async (wrong) => {
    await commit({ "apis/reader.yaml": reader() });
    await expect.poll(async () => (await api.request("/events", key("reader"))).status).toBe(200);

    const answer = await api.request(`/events?${wrong}`, key("reader"));

    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { Message: string }).Message).toMatch(
      new RegExp(`^'${wrong.split("=")[0]}' must be .*\\.$`),
    );
  });

  test("stop coming with the permission to read them", async () => {
    await commit({ "apis/reader.yaml": reader() });
    await expect.poll(async () => (await api.request("/events", key("reader"))).status).toBe(200);
    const stream = await api.request("/events/stream", key("reader"));
    await commit({ "apis/hello.yaml": replyManifest("hello", "hello") });

    await commit({ "apis/reader.yaml": userManifest("reader", "READER", [], "  active: false\n") });
    await commit({ "apis/hello.yaml": replyManifest("hello", "hello", "after that") });

    // It ends: nobody has to stop it.
    expect(await stream.text()).not.toContain("updated");
  });

  test("are not kept coming for those who ask for the head of them", async () => {
    await commit({ "apis/reader.yaml": reader() });
    await expect.poll(async () => (await api.request("/events", key("reader"))).status).toBe(200);

    for (let count = 0; count <= 100; count++) {
      const head = await api.request("/events/stream", key("reader"), { method: "HEAD" });
      expect([head.status, head.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    }

    const stop = new AbortController();
    const stream = await api.request("/events/stream", key("reader"), { signal: stop.signal });
    stop.abort();
    expect(stream.status).toBe(200);
  });

  test("come as they happen", async () => {
    await commit({ "apis/reader.yaml": reader() });
    await expect.poll(async () => (await api.request("/events", key("reader"))).status).toBe(200);
    const stop = new AbortController();
    const stream = await api.request("/events/stream", key("reader"), { signal: stop.signal });
    const chunks = stream.body!.pipeThrough(new TextDecoderStream()).getReader();

    await commit({ "apis/hello.yaml": replyManifest("hello", "hello"), "apis/t.yaml": tokenManifest("t") });
    let text = "";
    while (!text.includes("\n\n")) text += (await chunks.read()).value ?? "";
    stop.abort();

    expect(text).toMatch(/^event: information\ndata: .*hello/m);
    expect(text).not.toContain("ApiToken");
  });

  async function events(query: string) {
    const answer = await api.request(`/events${query}`, key("reader"));
    return (await answer.json()) as {
      events: { kind: string; action: string; commit: string | null }[];
      before?: number | null;
      after?: number | null;
    };
  }
});

function envOf(permission: string): string {
  return `KEY_${permission.replace(".", "_").toUpperCase()}`;
}

async function commit(files: Record<string, string>): Promise<void> {
  await api.repository.commit({ files });
  await api.pass({ allowPrune: true });
}
