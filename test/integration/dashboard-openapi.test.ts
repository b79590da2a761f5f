import { Ajv2020 } from "ajv/dist/2020.js";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { allPermissions } from "../../src/dashboard/access/acting-user.ts";
import { startTestApi, userManifest, type TestApi } from "../support/dashboard-api.ts";
import { replyManifest, tokenManifest } from "../support/reconciling.ts";

const key = "all-".padEnd(40, "k");

interface Operation {
  readonly requestBody?: { readonly content: object };
  readonly responses: Readonly<Record<string, { readonly content: object }>>;
}

interface Document {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, object> };
}

let api: TestApi;
let document: Document;

beforeEach(async () => {
  api = await startTestApi({ ALL: key });
  await api.repository.commit({
    files: {
      "apis/user.yaml": userManifest("jdoe", "ALL", allPermissions),
      "apis/token.yaml": tokenManifest("internal"),
      "apis/hook.yaml":
        "apiVersion: gitway/v1\nkind: Webhook\nmetadata: { name: on-call }\nspec: { url: 'http://127.0.0.1:1' }\n",
      "apis/hello.yaml": replyManifest("hello", "hello", "ok", ["internal"]),
    },
  });
  await api.pass();
  await vi.waitUntil(async () => (await api.request("/users/me", key)).ok);
  document = (await (await api.request("/openapi.json", key)).json()) as Document;
});

afterEach(() => api.close());

/** An id that there is for each parameter. */
const ids: Record<string, string> = {
  "/api/apis/{id}": "hello",
  "/api/apis/{id}/tokens": "hello",
  "/api/hooks/{id}": "on-call",
  "/api/tokens/{id}": "internal",
  "/api/users/{name}": "jdoe",
};

/** What is sent where something is done, and not only read. */
const deeds: readonly (readonly [path: string, body: object])[] = [
  ["/api/trigger", { route: "hello", query: { a: ["1", "2"] }, headers: { "x-a": "1" } }],
  ["/api/trigger", { definition: "hello", as: "internal" }],
  ["/api/sync/plan", {}],
  ["/api/sync/reconcile", {}],
  ["/api/sync/suspend", { reason: "release freeze" }],
  ["/api/sync/resume", {}],
];

test("every answer is as the document of the API says, refusals too", async () => {
  const fits = shapesOf(document);
  const reads = Object.entries(document.paths).filter(
    ([, { get }]) => get && "application/json" in get.responses["200"]!.content,
  );
  expect(reads.length).toBeGreaterThan(9);

  for (const [path, { get }] of reads) {
    const asked = path.replace(/\{\w+\}/, ids[path] ?? "none").replace(/^\/api/, "");
    const valid = fits(shapeIn(get!.responses["200"]!.content));
    const answer = await api.request(asked, key);
    valid(await answer.json());
    expect([path, answer.status, valid.errors ?? []]).toEqual([path, 200, []]);

    const refused = fits("Envelope");
    refused(await (await api.request(asked, null)).json());
    expect([path, refused.errors ?? []]).toEqual([path, []]);
  }
});

test.each(deeds)("what %s takes and answers is as the document says", async (path, body) => {
  const fits = shapesOf(document);
  const { post } = document.paths[path]!;
  const [taken, given] = [post!.requestBody, post!.responses["200"]!].map(
    (part) => part && fits(shapeIn(part.content)),
  );
  taken?.(body);

  const answer = await api.request(path.replace(/^\/api/, ""), key, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  });

  given?.(await answer.json());
  expect([answer.status, taken?.errors ?? [], given?.errors ?? []]).toEqual([200, [], []]);
});

function shapesOf({ components }: Document) {
  const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, validateFormats: false });
  ajv.addVocabulary(["components"]);
  ajv.addSchema({ $id: "document", components });
  return (name: string) => ajv.compile({ $ref: `document#/components/schemas/${name}` });
}

function shapeIn(content: object): string {
  const { schema } = (content as { "application/json": { schema: { $ref: string } } })["application/json"];
  return schema.$ref.replace("#/components/schemas/", "");
}
