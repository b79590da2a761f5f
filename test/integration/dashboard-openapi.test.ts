import { Validator } from "@seriousme/openapi-schema-validator";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { allPermissions } from "../../src/dashboard/access/acting-user.ts";
import { startTestApi, userManifest, type TestApi } from "../support/dashboard-api.ts";
import { checkAgainst, type DocumentCheck, type OpenApiDocument } from "../support/openapi-document.ts";
import { replyManifest, tokenManifest } from "../support/reconciling.ts";

const key = "all-".padEnd(40, "k");

let api: TestApi;
let document: OpenApiDocument;
let check: DocumentCheck;

async function start(options: Parameters<typeof startTestApi>[1] = {}): Promise<void> {
  api = await startTestApi({ ALL: key }, options);
  await api.repository.commit({
    files: {
      "apis/user.yaml": userManifest("jdoe", "ALL", allPermissions),
      "apis/token.yaml": tokenManifest("internal"),
      "apis/hello.yaml": replyManifest("hello", "hello/{name}", "ok", ["internal"]),
    },
  });
  await api.pass();
  await vi.waitUntil(async () => (await api.request("/users/me", key)).ok);
  document = (await (await api.request("/openapi.json", key)).json()) as OpenApiDocument;
  check = checkAgainst(document);
}

beforeEach(() => start());
afterEach(() => api.close());

const definition = {
  api_definition: {
    name: "Made",
    active: true,
    proxy: { target_url: "http://127.0.0.1:1/" },
    version_data: { not_versioned: true, versions: { Default: { name: "Default" } } },
  },
};
const webhook = { name: "Made", method: "POST", target_path: "http://127.0.0.1:1/", event_timeout: 0 };

/**
 * Every operation, in an order in which each can be done: the path that it is asked at, and a body. An operation
 * of the document that is missing here fails the test.
 */
const exchanges: readonly (readonly [operation: string, asked?: string, body?: unknown])[] = [
  ["GET /api/openapi.json"],
  ["GET /api/users"],
  ["GET /api/users/me"],
  ["GET /api/users/{name}", "/users/jdoe"],
  ["POST /api/hooks", "/hooks", webhook],
  ["PUT /api/hooks/{id}", "/hooks/made", { ...webhook, method: "PUT" }],
  ["GET /api/hooks"],
  ["GET /api/hooks/{id}", "/hooks/made"],
  ["DELETE /api/hooks/{id}", "/hooks/made"],
  ["POST /api/apis", "/apis", definition],
  ["PUT /api/apis/{id}", "/apis/made", { ...definition, gitway: { labels: { team: "video" } } }],
  ["GET /api/apis", "/apis?p=1&q=e&sort=-name"],
  ["GET /api/apis/search", "/apis/search?q=made"],
  ["GET /api/apis/count"],
  ["GET /api/apis/openapi.json"],
  ["GET /api/apis/{id}", "/apis/made"],
  ["POST /api/tokens", "/tokens", { name: "partner", rateLimit: { limit: 5, window: "1m" } }],
  ["PUT /api/tokens/{id}", "/tokens/partner", { description: "Theirs.", expires: "2099-01-01T00:00:00Z" }],
  ["POST /api/tokens/{id}/issue", "/tokens/partner/issue"],
  ["POST /api/tokens/{id}/rotate", "/tokens/partner/rotate?overlap=1h"],
  ["PUT /api/apis/{id}/tokens/{token}", "/apis/made/tokens/partner"],
  ["GET /api/apis/{id}/tokens", "/apis/made/tokens"],
  ["GET /api/tokens"],
  ["GET /api/tokens/count"],
  ["GET /api/tokens/{id}", "/tokens/partner"],
  ["POST /api/tokens/{id}/revoke", "/tokens/partner/revoke"],
  ["DELETE /api/apis/{id}/tokens/{token}", "/apis/made/tokens/partner"],
  ["DELETE /api/tokens/{id}", "/tokens/partner"],
  ["DELETE /api/apis/{id}", "/apis/made"],
  ["POST /api/trigger", "/trigger", { route: "hello/x", query: { a: ["1", "2"] }, headers: { "x-a": "1" } }],
  ["POST /api/trigger", "/trigger", { definition: "hello", route: "hello/x", as: "internal" }],
  ["GET /api/events", "/events?limit=50"],
  ["GET /api/events/stream"],
  ["GET /api/sync"],
  ["POST /api/sync/plan"],
  ["POST /api/sync/reconcile"],
  ["POST /api/sync/consent", "/sync/consent", { held: [] }],
  ["POST /api/sync/suspend", "/sync/suspend", { reason: "release freeze" }],
  ["POST /api/sync/resume"],
];

describe("the document of the API", () => {
  test("is valid OpenAPI 3.1, with an id of its own for each operation", async () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(await findings(document)).toEqual([]);
    const ids = [...check.operations.values()].map(({ operationId }) => operationId);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  test("says what every operation takes and answers", async () => {
    const exercised = new Set(exchanges.map(([operation]) => operation));
    expect([...exercised].toSorted()).toEqual([...check.operations.keys()].toSorted());

    for (const [operation, asked, body] of exchanges) {
      if (body !== undefined) expect([operation, check.request(operation, body)]).toEqual([operation, []]);
      expect([operation, await send(operation, key, asked, body)]).toEqual([
        operation,
        { status: 200, wrong: [] },
      ]);
    }
  });

  test("says how every operation is refused", async () => {
    for (const [operation, , body] of exchanges) {
      const path = operation.split(" ")[1] ?? "";
      const missing = path.replace(/^\/api/, "").replaceAll(/\{\w+\}/g, "none");
      const ends = [await send(operation, null)];
      if (path.includes("{")) ends.push(await send(operation, key, missing, body));
      if (body !== undefined)
        ends.push(
          await send(operation, key, missing, []),
          await send(operation, key, missing, "x".repeat(1024 * 1024)),
          await send(operation, key, missing, "a=b", "application/x-www-form-urlencoded"),
        );
      expect([operation, ends.flatMap(({ wrong }) => wrong)]).toEqual([operation, []]);
      expect([operation, ends.filter(({ status }) => status < 400)]).toEqual([operation, []]);
    }
  });

  test.each([
    ["branch", 202],
    ["off", 405],
  ] as const)("says how writes are answered in the mode %s", async (edits, status) => {
    await api.close();
    await start({ edits });

    for (const [operation, asked, body] of [
      ["POST /api/apis", "/apis", definition],
      ["PUT /api/tokens/{id}", "/tokens/internal", { disabled: true }],
      ["DELETE /api/apis/{id}", "/apis/hello"],
      ["DELETE /api/apis/{id}/tokens/{token}", "/apis/hello/tokens/internal"],
    ] as const)
      expect([operation, await send(operation, key, asked, body)]).toEqual([
        operation,
        { status, wrong: [] },
      ]);
  });
});

test("the document of the served routes is valid OpenAPI 3.1", async () => {
  const served = (await (await api.request("/apis/openapi.json", key)).json()) as OpenApiDocument;

  expect(served.openapi).toMatch(/^3\.1\./);
  expect(Object.keys(served.paths)).toEqual(["/api/custom/hello/{name}"]);
  expect(await findings(served)).toEqual([]);
});

/** What a linter has to say of a document. */
async function findings(json: OpenApiDocument): Promise<unknown> {
  const validator = new Validator();
  const { valid, errors } = await validator.validate({ ...json });
  // Fails when a reference leads nowhere.
  validator.resolveRefs();
  return valid ? [] : errors;
}

async function send(
  operation: string,
  who: string | null,
  asked?: string,
  body?: unknown,
  type = "application/json",
): Promise<{ readonly status: number; readonly wrong: unknown[] }> {
  const [method = "", path = ""] = operation.split(" ");
  const stop = new AbortController();
  const answer = await api.request(asked ?? path.replace(/^\/api/, ""), who, {
    method,
    signal: stop.signal,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": type } }),
  });
  const answered = answer.headers.get("content-type")?.split(";", 1)[0] ?? "";
  const isStream = answered === "text/event-stream";
  const content = isStream ? "" : await answer.json();
  if (isStream) stop.abort();
  return { status: answer.status, wrong: check.answer(operation, answer.status, answered, content) };
}
