import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { deriveId } from "../../src/manifest/identity.ts";
import { type EditingApi, startEditingApi } from "../support/editing-api.ts";
import { replyManifest, tokenManifest } from "../support/reconciling.ts";

const id = deriveId("ApiToken", "internal");

const internal = `apiVersion: gitway/v1
kind: ApiToken
metadata: { name: internal } # ours
spec:
  # Who has it.
  description: The team.
  secret: { generate: true }
  rateLimit: { limit: 5, window: 1m }
  quota: { limit: 100, window: 1d }
  expires: 2030-01-01T00:00:00Z
`;

let api: EditingApi;

beforeEach(async () => {
  api = await startEditingApi({
    "apis/internal.yaml": internal,
    "apis/partner.yaml": tokenManifest("partner"),
    "apis/hello.yaml": `# Greets.\n${replyManifest("hello", "hello", "ok", ["internal", "partner"])}`,
    "apis/two.yaml": `${replyManifest("one", "one", "ok", ["internal"])}---\n${replyManifest("two", "two", "ok", ["partner"])}`,
  });
});

afterEach(() => api.close());

describe("a token that definitions use", () => {
  test("is renamed in them too, in one commit that changes nothing else", async () => {
    await api.send("POST", `/tokens/${id}/issue`);

    expect(await api.send("PUT", "/tokens/internal", { name: "team" })).toMatchObject([200, {}]);

    expect(await api.repository.git("show", "--format=%an: %s", "--unified=0", "HEAD")).toMatch(
      /^jdoe Doe: Rename token 'internal' to 'team'\n/,
    );
    const changed = (await api.repository.git("show", "--format=", "--unified=0", "HEAD"))
      .split("\n")
      .filter((line) => /^[+-](?![+-])/.test(line));
    expect(changed).toEqual([
      "-  tokens: [internal, partner]",
      "+  tokens: [team, partner]",
      "-metadata: { name: internal } # ours",
      `+metadata: { name: team, id: ${id} } # ours`,
      "-  tokens: [internal]",
      "+  tokens: [team]",
    ]);
    expect(await got("team")).toMatchObject({ id, credentials: [{ tokenId: id, tokenName: "team" }] });
    expect((await api.messages()).findLast((message) => message.includes(id))).toBe(
      `ApiToken 'team' (${id}) was updated by jdoe Doe`,
    );
  });

  test("is not renamed while one of them can't be edited, which would lose it", async () => {
    const text = replyManifest("hello", "hello", "ok", ["internal"]).replace("route:", "rout:");
    await api.commit({ "apis/hello.yaml": text });
    const before = await api.head();

    expect(await api.send("PUT", "/tokens/internal", { name: "team" })).toMatchObject([
      409,
      { Message: expect.stringMatching(/ApiDefinition 'hello' .* mend apis\/hello\.yaml:5 first/) },
    ]);
    expect(await api.head()).toBe(before);
  });
});

describe("a field of a token", () => {
  test("goes when it is null, and what is left out stays", async () => {
    const change = { description: null, rateLimit: null, quota: null, expires: null, disabled: null };

    expect((await api.send("PUT", "/tokens/internal", { disabled: true }))[0]).toBe(200);
    expect(await got("internal")).toMatchObject({ description: "The team.", disabled: true });
    expect((await api.send("PUT", "/tokens/internal", change))[0]).toBe(200);

    expect(await got("internal")).toMatchObject({
      description: null,
      disabled: false,
      rateLimit: null,
      quota: null,
      expires: null,
    });
    expect(api.text("apis/internal.yaml")).toBe(
      internal.replace(/ {2}# Who has it\.[^]*The team\.\n/, "").replace(/ {2}rateLimit[^]*$/, ""),
    );
    expect(api.text("apis/internal.yaml")).not.toContain("disabled");
  });

  test.each([
    [{ name: null }],
    [{ name: ["a-b"] }],
    [{ name: 7 }],
    [{ name: "" }],
    [{ disabled: "yes" }],
    [{ description: 7 }],
    [{ rateLimit: { limit: "5", window: "1m" } }],
    [{ expires: 2030 }],
  ])("is not %j", async (change) => {
    const before = await api.head();

    expect(await api.send("PUT", "/tokens/internal", change)).toMatchObject([
      400,
      { Errors: [expect.stringContaining(Object.keys(change)[0]!)] },
    ]);
    expect(await api.head()).toBe(before);
  });
});

test("an entity tag tells whether a token has changed, and what of it was seen", async () => {
  const tag = async () => (await api.request("/tokens/internal", api.key)).headers.get("etag")!;
  const ifNoneMatch = (value: string) =>
    api.request("/tokens/internal", api.key, { headers: { "if-none-match": value } });
  const put = (description: string, ifMatch: string) =>
    api.send("PUT", "/tokens/internal", { description }, { "if-match": ifMatch });
  const first = await tag();

  const unchanged = await ifNoneMatch(`"other", W/${first}`);
  expect([unchanged.status, await unchanged.text(), unchanged.headers.get("etag")]).toEqual([304, "", first]);
  await api.send("POST", "/tokens/internal/issue");
  expect((await ifNoneMatch(first)).status).toBe(200);

  expect((await put("Others.", '"other"'))[0]).toBe(409);
  expect((await put("One.", `"other", ${first}`))[0]).toBe(200);
  expect((await put("Two.", first))[0]).toBe(409);
  expect((await put("Three.", "*"))[0]).toBe(200);
  expect((await api.send("DELETE", "/tokens/partner", undefined, { "if-match": first }))[0]).toBe(400);
  expect(await got("internal")).toMatchObject({ description: "Three." });
  expect((await api.request("/apis/hello", api.key, { headers: { "if-none-match": "*" } })).status).toBe(304);
});

async function got(name: string): Promise<unknown> {
  return (await api.request(`/tokens/${name}`, api.key)).json();
}
