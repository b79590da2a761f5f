import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { type EditingApi, startEditingApi } from "../support/editing-api.ts";
import { replyManifest } from "../support/reconciling.ts";

let api: EditingApi;

beforeEach(async () => {
  api = await startEditingApi({ "apis/hello.yaml": replyManifest("hello", "hello") });
});

afterEach(() => api.close());

describe("the name of a new definition", () => {
  test("is a free one for each of those that are created at once with one title", async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => api.send("POST", "/apis", payments())));

    expect(answers.map(([status]) => status)).toEqual(answers.map(() => 200));
    const ids = answers.map(([, body]) => (body as { Meta: string }).Meta);
    expect(new Set(ids).size).toBe(6);
    expect(await names()).toEqual([
      "hello",
      "payments",
      ...[2, 3, 4, 5, 6].map((count) => `payments-${count}`),
    ]);
    for (const id of ids) expect((await api.request(`/apis/${id}`, api.key)).status).toBe(200);
  });

  test("is none of a manifest that is quarantined, or that no pass has seen", async () => {
    await api.commit({
      "apis/payments.yaml":
        "apiVersion: gitway/v1\nkind: ApiDefinition\nmetadata: { name: payments }\nspec: {}\n",
    });
    await api.repository.commit({ files: { "apis/late.yaml": replyManifest("payments-2", "late") } });

    expect((await api.send("POST", "/apis", payments()))[0]).toBe(200);

    expect(await names()).toEqual(["hello", "payments-2", "payments-3"]);
    expect(api.text("apis/definitions/payments-3.yaml")).toMatch(/title: Payments/);
  });

  test("is refused when the client chose it and it is taken", async () => {
    await api.repository.commit({ files: { "apis/late.yaml": replyManifest("late", "late") } });

    const [status, body] = await api.send("POST", "/apis", { ...payments(), gitway: { name: "late" } });

    expect(status).toBe(400);
    const { Reasons } = body as { Reasons: { Reason: string }[] };
    expect(new Set(Reasons.map(({ Reason }) => Reason))).toEqual(new Set(["InvalidName"]));
    expect(JSON.stringify(body)).toContain("apis/late.yaml:1");
  });
});

test("the webhooks that definitions bring along are named apart, too", async () => {
  const hook = { name: "On call", method: "POST", target_path: "http://127.0.0.1:1/" };
  const bringing = { ...payments(), hook_references: [{ event_name: "AuthFailure", hook }] };

  const answers = await Promise.all([
    api.send("POST", "/apis", bringing),
    api.send("POST", "/apis", bringing),
    api.send("POST", "/hooks", hook),
  ]);

  expect(answers.map(([status]) => status)).toEqual([200, 200, 200]);
  const hooks = (await api.store.objects("Webhook")).map(({ name }) => name).toSorted();
  expect(hooks).toEqual(["on-call", "on-call-2", "on-call-3"]);
});

describe("a change of an object that is quarantined is a 409 that names file, line and author", () => {
  const ann = { name: "Ann Other", email: "ann@example.com" };
  const got = async () => (await api.request("/apis/hello", api.key)).json();

  test.each([
    [
      "its manifest is broken",
      "rout: hello\n",
      /quarantined: mend apis\/hello\.yaml:\d+ first, which Ann Other/,
    ],
    [
      "it clashes with another",
      "route: other\n",
      /quarantined: mend apis\/hello\.yaml:5 first, which Ann Other/,
    ],
    [
      "its file can't be read",
      "route: [\n",
      /quarantined: mend apis\/hello\.yaml:\d+ first, which Ann Other/,
    ],
  ])("because %s", async (_why, line, message) => {
    await api.commit({ "apis/other.yaml": replyManifest("other", "other") });
    const before = await got();
    const text = replyManifest("hello", "hello").replace(/route: .*\n/, line);
    await api.repository.commit({ files: { "apis/hello.yaml": text }, author: ann });
    await api.pass();

    expect(await api.send("PUT", "/apis/hello", before)).toMatchObject([
      409,
      { Message: expect.stringMatching(message) },
    ]);
    expect(await api.send("DELETE", "/apis/hello")).toMatchObject([
      409,
      { Message: expect.stringMatching(message) },
    ]);
  });

  test("and one that no pass has seen, likewise", async () => {
    const before = await got();
    const text = replyManifest("hello", "hello").replace("route:", "rout:");
    await api.repository.commit({ files: { "apis/hello.yaml": text }, author: ann });

    expect(await api.send("PUT", "/apis/hello", before)).toMatchObject([
      409,
      { Message: expect.stringContaining("Ann Other") },
    ]);
  });
});

function payments(): object {
  const version = { name: "Default" };
  return {
    api_definition: {
      name: "Payments",
      proxy: { target_url: "http://127.0.0.1:1/" },
      version_data: { not_versioned: true, versions: { Default: version } },
    },
  };
}

async function names(): Promise<string[]> {
  return (await api.store.objects("ApiDefinition")).map(({ name }) => name).toSorted();
}
