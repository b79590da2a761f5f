import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { type EditingApi, startEditingApi } from "../support/editing-api.ts";
import { afterFirstPush } from "../support/git-hooks.ts";
import { replyManifest, tokenManifest } from "../support/reconciling.ts";

let api: EditingApi;

beforeEach(async () => {
  api = await startEditingApi({
    "apis/internal.yaml": tokenManifest("internal"),
    "apis/hello.yaml": replyManifest("hello", "hello", "ok", ["internal"]),
  });
});

afterEach(() => api.close());

describe("a commit that landed and is not live as asked is a 202 that names it", () => {
  test("when the pass after it fails", async () => {
    await afterFirstPush(api.repository, "git symbolic-ref HEAD refs/heads/nowhere");

    const [status, body] = await api.send("PUT", "/tokens/internal", { disabled: true });

    expect([status, body]).toMatchObject([202, { Status: "OK", Meta: await api.head() }]);
    const { Message } = body as { Message: string };
    expect(Message).toMatch(/^Commit [0-9a-f]{40} is on the branch main, but not live as asked\. .+/);
    expect((await api.store.objects("ApiToken", "internal"))[0]?.spec).toMatchObject({ disabled: false });

    await api.repository.git("symbolic-ref", "HEAD", "refs/heads/main");
    await api.pass();
    expect((await api.store.objects("ApiToken", "internal"))[0]?.spec).toMatchObject({ disabled: true });
  });

  test("when a later commit quarantines it", async () => {
    const twin = replyManifest("twin", "partner").replace(
      /action: .*/,
      "action: { proxy: { targetUrl: 'http://127.0.0.1:1/' } }",
    );
    await afterFirstPush(api.repository, `cat > apis/twin.yaml <<'END'\n${twin}END\ncommit "the same route"`);

    const [status, body] = await api.send("POST", "/apis", {
      api_definition: {
        name: "Partner",
        proxy: { target_url: "http://127.0.0.1:1/" },
        version_data: {
          not_versioned: true,
          versions: { Default: { name: "Default" } },
        },
      },
      gitway: { route: "partner" },
    });

    expect([status, body]).toMatchObject([202, {}]);
    expect((body as { Meta: string }).Meta).toBe(await api.repository.git("rev-parse", "main~1"));
    expect((body as { Message: string }).Message).toMatch(
      /ApiDefinition 'partner' is quarantined: apis\/definitions\/partner\.yaml:\d+ The route 'partner'/,
    );
  });

  test("when a later commit changes the object again, and no secret is issued for one that is gone", async () => {
    await afterFirstPush(api.repository, 'rm apis/tokens/partner.yaml\ncommit "away with it"');

    const [status, body] = await api.send("POST", "/tokens", { name: "partner" });

    expect(status).toBe(202);
    expect((body as { Message: string }).Message).toMatch(
      /ApiToken 'partner' is another now: commit [0-9a-f]{12} changed it again\.$/,
    );
  });
});

describe("a consent to deletions that wait", () => {
  const five = [1, 2, 3, 4, 5].map((count) => `r${count}`);
  const remaining = async () => (await api.store.objects("ApiDefinition")).map(({ name }) => name).toSorted();
  const without = (names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [`apis/${name}.yaml`, null]));

  beforeEach(async () => {
    const names = [...five, "late"];
    await api.commit(
      Object.fromEntries(names.map((name) => [`apis/${name}.yaml`, replyManifest(name, name)])),
    );
    await api.repository.commit({ files: without(five) });
    await api.pass();
  });

  test("is refused when others wait since the operator looked, and names them", async () => {
    await api.repository.commit({ files: without(["late"]) });

    expect(await api.send("POST", "/sync/consent")).toMatchObject([
      409,
      { Message: expect.stringContaining("ApiDefinition 'late' came to it") },
    ]);
    expect(await remaining()).toEqual(["hello", "late", ...five]);

    await api.pass();
    expect((await api.send("POST", "/sync/consent"))[0]).toBe(200);
    expect(await remaining()).toEqual(["hello"]);
  });

  test("is for the commit that the operator looked at", async () => {
    const consent = (commit: unknown) => api.send("POST", "/sync/consent", { commit });

    expect(await consent("0".repeat(40))).toMatchObject([
      409,
      { Message: expect.stringContaining("look again") },
    ]);
    expect((await consent((await api.store.readSync())?.attempted?.commit))[0]).toBe(200);
    expect(await remaining()).toEqual(["hello", "late"]);
  });

  test("may name what goes, and the others go on waiting", async () => {
    const named = (name: string) => ({ held: [{ kind: "ApiDefinition", name }] });

    expect(await api.send("POST", "/sync/consent", named("hello"))).toMatchObject([409, {}]);
    expect(await api.send("POST", "/sync/consent", named("r1"))).toMatchObject([
      200,
      { status: { held: { length: 4 } } },
    ]);
    expect(await remaining()).toEqual(["hello", "late", ...five.slice(1)]);
  });

  test("can't let through what no tree proves to be gone", async () => {
    await api.repository.commit({ files: { "apis/odd.yaml": "kind: [" } });
    await api.pass();

    expect(await api.send("POST", "/sync/consent")).toMatchObject([
      409,
      { Message: expect.stringContaining("apis/odd.yaml:1") },
    ]);
  });

  test.each([[[]], [{ all: true }], [{ commit: 1 }], [{ held: ["r1"] }], ["yes"]])(
    "is not %j",
    async (body) => {
      expect((await api.send("POST", "/sync/consent", body))[0]).toBe(400);
    },
  );
});
