import { createServer, type IncomingMessage } from "node:http";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { apiRoutes } from "../../src/dashboard/api/routes.ts";
import { partsOf } from "../support/dashboard-api.ts";
import { type EditingApi, startEditingApi } from "../support/editing-api.ts";
import { installHook } from "../support/git-hooks.ts";
import { listen, serveGit } from "../support/git-http.ts";
import type { TestRepository } from "../support/git-repository.ts";
import { replyManifest, tokenManifest } from "../support/reconciling.ts";

const files = {
  "apis/hello.yaml": replyManifest("hello", "hello", "ok", ["internal"]),
  "apis/internal.yaml": tokenManifest("internal"),
};

let api: EditingApi;

afterEach(() => api.close());

/** All that a write could have left behind. */
async function traces() {
  return {
    head: await api.head(),
    branches: await api.repository.git("for-each-ref", "--format=%(refname)"),
    status: await api.repository.git("status", "--porcelain"),
    revision: (await api.store.current()).revision,
    events: await api.messages(),
    token: await (await api.request("/tokens/internal", api.key)).json(),
  };
}

describe("a source whose hook refuses", () => {
  beforeEach(async () => {
    api = await startEditingApi(files);
  });

  test.each(["pre-receive", "update"])(
    "by %s is a 409 with the reason, and nothing has happened",
    async (hook) => {
      await installHook(join(api.repository.path, ".git"), hook, 'echo "Not on a Friday." >&2; exit 1');
      const before = await traces();

      const [status, body] = await api.send("PUT", "/tokens/internal", { disabled: true });

      expect([status, body]).toEqual([
        409,
        { Status: "Error", Message: expect.stringContaining("Not on a Friday."), Meta: null },
      ]);
      expect(await traces()).toEqual(before);
    },
  );

  test("is a 503 when it takes the connection with it, and nothing has happened", async () => {
    await installHook(join(api.repository.path, ".git"), "pre-receive", "kill -9 $PPID");
    const before = await traces();

    const [status, body] = await api.send("PUT", "/tokens/internal", { disabled: true });

    expect([status, body]).toMatchObject([503, { Status: "Error" }]);
    expect(await traces()).toEqual(before);
  });
});

describe("a source that is away", () => {
  type Fault = "none" | "away" | "cut after";

  let server: Awaited<ReturnType<typeof listen>>;
  /** What the server does to a request. */
  let faultOf: (request: IncomingMessage) => Fault;

  beforeEach(async () => {
    faultOf = () => "none";
    api = await startEditingApi(files, { location: serve });
  });

  afterEach(() => server[Symbol.asyncDispose]());

  async function serve(repository: TestRepository): Promise<string> {
    await repository.git("config", "receive.denyCurrentBranch", "ignore");
    const root = join(repository.path, ".git");
    server = await listen(
      createServer((request, response) => {
        const fault = faultOf(request);
        if (fault === "away") response.destroy();
        else serveGit(root, request, response, { cut: fault === "cut after" });
      }),
    );
    return server.url;
  }

  const isPush = ({ url = "" }: IncomingMessage) => url.includes("git-receive-pack");
  const isPack = (request: IncomingMessage) => isPush(request) && request.method === "POST";
  const disable = () => api.send("PUT", "/tokens/internal", { disabled: true });
  const isDisabled = async () =>
    ((await (await api.request("/tokens/internal", api.key)).json()) as { disabled: boolean }).disabled;

  test("before anything happened is a 503", async () => {
    const before = await traces();
    faultOf = () => "away";

    expect(await disable()).toMatchObject([
      503,
      { Status: "Error", Message: expect.stringContaining(server.url) },
    ]);
    expect(await traces()).toEqual(before);
  });

  test("between the commit and the push is a 503, and the write can be made when it is back", async () => {
    const before = await traces();
    let isAway = false;
    faultOf = (request) => {
      isAway ||= isPush(request);
      return isAway ? "away" : "none";
    };

    expect(await disable()).toMatchObject([503, { Status: "Error" }]);
    expect(await traces()).toEqual(before);

    faultOf = () => "none";
    expect(await disable()).toMatchObject([200, { Status: "OK" }]);
    expect(await isDisabled()).toBe(true);
    expect(await api.repository.git("rev-list", "--count", `${before.head}..main`)).toBe("1");
  });

  test("after the push arrived is found out by looking, and answered as if nothing had been", async () => {
    const before = await traces();
    let faults = 0;
    faultOf = (request) => (isPack(request) && faults++ === 0 ? "cut after" : "none");

    expect(await disable()).toMatchObject([200, { Status: "OK" }]);
    // Git may try again by itself, and is told that the branch has moved.
    expect(faults).toBeGreaterThan(0);
    expect(await isDisabled()).toBe(true);
    expect(await api.repository.git("rev-list", "--count", `${before.head}..main`)).toBe("1");
    expect((await api.messages()).slice(before.events.length)).toEqual([
      expect.stringMatching(/^ApiToken 'internal' \(.*\) was updated by jdoe Doe$/),
    ]);
  });

  test("so that nobody can look is a 503 that names the commit, which goes live when it is back", async () => {
    const before = await traces();
    let isAway = false;
    faultOf = (request) => {
      if (isAway) return "away";
      isAway = isPack(request);
      return isAway ? "cut after" : "none";
    };

    const [status, body] = await disable();
    faultOf = () => "none";
    const landed = await api.head();

    expect(landed).not.toBe(before.head);
    expect([status, body]).toMatchObject([503, { Message: expect.stringContaining(landed) }]);
    expect(await isDisabled()).toBe(false);
    await api.pass();
    expect(await isDisabled()).toBe(true);
    expect((await api.messages()).at(-1)).toMatch(/was updated by jdoe Doe$/);
    expect(await disable()).toMatchObject([200, {}]);
    expect(await api.head()).toBe(landed);
  });
});

test("nothing at all is written when that is switched off, and every operation says so", async () => {
  api = await startEditingApi(files, { edits: "off" });
  const before = await traces();
  const commits = apiRoutes(partsOf(api)).filter((route) => route.commits);
  expect(commits.length).toBeGreaterThan(9);

  for (const { method, path } of commits) {
    const asked = path.replaceAll(/:\w+/g, "internal");
    const answer = await api.request(asked, api.key, { method, body: "anything" });
    const { Message } = (await answer.json()) as { Message: string };
    expect([method, path, answer.status, Message]).toEqual([
      method,
      path,
      405,
      expect.stringContaining("off"),
    ]);
    expect(answer.headers.get("allow") ?? "").not.toContain(method);
  }
  expect(await traces()).toEqual(before);
});
