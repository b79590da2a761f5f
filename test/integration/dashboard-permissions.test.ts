import { createHash } from "node:crypto";

import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import { allPermissions, type Permission } from "../../src/dashboard/access/acting-user.ts";
import { apiRoutes } from "../../src/dashboard/api/routes.ts";
import { partsOf, startTestApi, type TestApi } from "../support/dashboard-api.ts";
import { replyManifest, tokenManifest } from "../support/reconciling.ts";

const readDefinitions = [["definitions.read"]] as const;
const editDefinitions = [["definitions.edit", "automation.execute"]] as const;
const deleteDefinitions = [["definitions.delete"]] as const;
const readTokens = [["tokens.read"]] as const;
const editTokens = [["tokens.edit"]] as const;
const editUsers = [["users.edit"]] as const;
const manageSync = [["sync.manage"]] as const;
const anybody = [[]] as const;

/**
 * What each operation needs, as the User-Defined APIs and the design say it: all permissions of one of the sets.
 * Webhooks are part of definitions, grants are changes of a definition, secrets are changes of a token.
 */
const needed: Readonly<Record<string, readonly (readonly Permission[])[]>> = {
  "GET /apis": readDefinitions,
  "GET /apis/search": readDefinitions,
  "GET /apis/count": readDefinitions,
  "GET /apis/openapi.json": readDefinitions,
  "GET /apis/:id": readDefinitions,
  "POST /apis": editDefinitions,
  "PUT /apis/:id": editDefinitions,
  "DELETE /apis/:id": deleteDefinitions,
  "GET /apis/:id/tokens": [["definitions.read", "tokens.read"]],
  "PUT /apis/:id/tokens/:token": editDefinitions,
  "DELETE /apis/:id/tokens/:token": editDefinitions,
  "GET /hooks": readDefinitions,
  "GET /hooks/:id": readDefinitions,
  "POST /hooks": editDefinitions,
  "PUT /hooks/:id": editDefinitions,
  "DELETE /hooks/:id": deleteDefinitions,
  "GET /tokens": readTokens,
  "GET /tokens/count": readTokens,
  "GET /tokens/:id": readTokens,
  "POST /tokens": editTokens,
  "PUT /tokens/:id": editTokens,
  "DELETE /tokens/:id": [["tokens.delete"]],
  "POST /tokens/:id/issue": editTokens,
  "POST /tokens/:id/rotate": editTokens,
  "POST /tokens/:id/revoke": editTokens,
  "GET /events": [["definitions.read"], ["tokens.read"], ["users.edit"]],
  "GET /events/stream": [["definitions.read"], ["tokens.read"], ["users.edit"]],
  "GET /users": editUsers,
  "GET /users/:name": editUsers,
  "GET /users/me": anybody,
  "GET /sync": readDefinitions,
  "POST /sync/plan": manageSync,
  "POST /sync/reconcile": manageSync,
  "POST /sync/consent": manageSync,
  "POST /sync/suspend": manageSync,
  "POST /sync/resume": manageSync,
  "POST /trigger": [["automation.execute"]],
  "GET /openapi.json": anybody,
};

/** Whose events they may read. */
const readableKinds: Readonly<Partial<Record<Permission, readonly string[]>>> = {
  "definitions.read": ["ApiDefinition", "Webhook"],
  "tokens.read": ["ApiToken"],
  "users.edit": ["User"],
};

/** Users with nothing, with each permission alone, with all but one, with all, and with those that go together. */
const users: readonly (readonly Permission[])[] = [
  [],
  ...allPermissions.map((permission) => [permission]),
  ...allPermissions.map((missing) => allPermissions.filter((permission) => permission !== missing)),
  allPermissions,
  ["definitions.edit", "automation.execute"],
  ["definitions.read", "tokens.read"],
];

let api: TestApi;

beforeAll(async () => {
  api = await startTestApi();
  await api.repository.commit({
    files: {
      "apis/users.yaml": users.map(manifestOf).join("---\n"),
      "apis/token.yaml": tokenManifest("internal"),
      "apis/hello.yaml": replyManifest("hello", "hello", "ok", ["internal"]),
      "apis/hook.yaml":
        "apiVersion: gitway/v1\nkind: Webhook\nmetadata: { name: on-call }\nspec: { url: 'http://127.0.0.1:1' }\n",
    },
  });
  await api.pass();
  await vi.waitUntil(async () => (await ask("GET", "/users/me", [])) === "let in", { timeout: 30_000 });
});

afterAll(() => api.close());

test("every operation has a row in the table, and every row an operation", () => {
  const operations = apiRoutes(partsOf(api)).map(({ method, path }) => `${method} ${path}`);
  expect(operations.toSorted()).toEqual(Object.keys(needed).toSorted());
});

describe.each(Object.entries(needed))("%s", (operation, sufficient) => {
  const [method = "", path = ""] = operation.split(" ");
  const asked = path.replaceAll(/:\w+/g, "none");

  test("is for those who have what it needs, however it is written", async () => {
    for (const permissions of users) {
      const isAllowed = sufficient.some((all) => all.every((permission) => permissions.includes(permission)));
      for (const written of [asked, `${asked}/`, `${asked}?p=1&kind=User`])
        expect([written, permissions, await ask(method, written, permissions)]).toEqual([
          written,
          permissions,
          isAllowed ? "let in" : "denied",
        ]);
      if (method !== "GET") continue;
      const { status } = await api.request(asked, keyOf(permissions), { method: "HEAD" });
      expect([permissions, status !== 403]).toEqual([permissions, isAllowed]);
    }
  });

  test("is for nobody without a key", async () => {
    for (const written of [asked, `${asked}/`]) {
      const answer = await api.request(written, null, { method });
      expect([answer.status, await answer.json()]).toEqual([
        401,
        { Status: "Error", Message: "Not authorised", Meta: null },
      ]);
    }
  });
});

test("nobody without a key learns which paths there are", async () => {
  for (const path of ["", "/", "/nothing", "/apis/none/nothing", "/openapi.json/x"])
    expect([path, (await api.request(path, null)).status]).toEqual([path, 401]);
});

test("events are listed for those who may read their objects", async () => {
  for (const permissions of users) {
    const answer = await api.request("/events?limit=1000", keyOf(permissions));
    const { events = [] } = (await answer.json()) as { events?: { kind: string }[] };
    const kinds = new Set(events.map(({ kind }) => kind));
    expect([permissions, [...kinds].toSorted()]).toEqual([permissions, kindsOf(permissions)]);
  }
});

test("events are streamed to those who may read their objects", async () => {
  const readers = users.filter((permissions) => kindsOf(permissions).length > 0);
  const streams = await Promise.all(readers.map(openStream));
  await api.repository.commit({
    files: {
      "apis/more-tokens.yaml": tokenManifest("other"),
      "apis/more.yaml": replyManifest("other", "other"),
      "apis/more-hooks.yaml":
        "apiVersion: gitway/v1\nkind: Webhook\nmetadata: { name: other }\nspec: { url: 'http://127.0.0.1:2' }\n",
      "apis/more-users.yaml":
        "apiVersion: gitway/v1\nkind: User\nmetadata: { name: other }\nspec: { displayName: Other }\n",
    },
  });
  await api.pass();

  for (const [index, stream] of streams.entries()) {
    const wanted = kindsOf(readers[index] ?? []);
    const kinds = await stream.kinds(wanted.length);
    expect([readers[index], kinds.toSorted()]).toEqual([readers[index], wanted]);
  }
});

function kindsOf(permissions: readonly Permission[]): string[] {
  return permissions.flatMap((permission) => readableKinds[permission] ?? []).toSorted();
}

/** Reads the kinds of the next events of a user's stream. */
async function openStream(permissions: readonly Permission[]) {
  const stop = new AbortController();
  const answer = await api.request("/events/stream", keyOf(permissions), { signal: stop.signal });
  const chunks = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  return {
    async kinds(count: number): Promise<string[]> {
      let text = "";
      const found = () => [...text.matchAll(/"kind":"(\w+)"/g)].map(([, kind = ""]) => kind);
      while (found().length < count || !text.endsWith("\n\n")) text += (await chunks.read()).value ?? "";
      stop.abort();
      return found();
    },
  };
}

async function ask(method: string, path: string, permissions: readonly Permission[]) {
  const stop = new AbortController();
  const answer = await api.request(path, keyOf(permissions), { method, signal: stop.signal });
  // A webhook that is no JSON is a 403 as well, in other words.
  const text = answer.status === 403 ? await answer.text() : "";
  stop.abort();
  if (answer.status === 401) return "unknown";
  return text.includes("access denied: You do not have permission") ? "denied" : "let in";
}

function keyOf(permissions: readonly Permission[]): string {
  return `key-of-${permissions.join("+")}`.padEnd(40, ".");
}

function manifestOf(permissions: readonly Permission[], index: number): string {
  const hash = createHash("sha256").update(keyOf(permissions)).digest("hex");
  return `apiVersion: gitway/v1
kind: User
metadata: { name: user-${index} }
spec:
  displayName: User ${index}
  permissions: [${permissions.join(", ")}]
  key: { sha256: ${hash} }
`;
}
