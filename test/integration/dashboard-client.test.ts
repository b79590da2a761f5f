import { execFile } from "node:child_process";
import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { generateSource } from "oazapfts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { allPermissions } from "../../src/dashboard/access/acting-user.ts";
import { startTestApi, userManifest, type TestApi } from "../support/dashboard-api.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

const key = "all-".padEnd(40, "k");
const packages = fileURLToPath(new URL("../../node_modules", import.meta.url));

/** The module that the generator writes: settings, and a function for each operation. */
interface GeneratedClient {
  readonly defaults: { baseUrl?: string; headers?: Record<string, string> };
  readonly [operation: string]: unknown;
}

let api: TestApi;
let folder: TemporaryFolder;
let file: string;
let client: GeneratedClient;

beforeEach(async () => {
  [api, folder] = await Promise.all([startTestApi({ ALL: key }), temporaryFolder()]);
  await api.repository.commit({ files: { "apis/user.yaml": userManifest("jdoe", "ALL", allPermissions) } });
  await api.pass();
  await vi.waitUntil(async () => (await api.request("/users/me", key)).ok);
  const document = join(folder.path, "openapi.json");
  await writeFile(document, await (await api.request("/openapi.json", key)).text());
  await symlink(packages, join(folder.path, "node_modules"));
  file = join(folder.path, "client.ts");
  await writeFile(file, await generateSource(document));
  client = (await import(file)) as GeneratedClient;
  Object.assign(client.defaults, { baseUrl: api.url, headers: { authorization: key } });
});

afterEach(async () => {
  await api.close();
  await folder.remove();
});

test("a client generated from the document compiles, and takes a definition through its life", async () => {
  const compiler = join(packages, ".bin/tsc");
  const options = ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2023", "--module", "nodenext"];
  await promisify(execFile)(compiler, [...options, file], { cwd: folder.path });

  const api_definition = {
    name: "Payments",
    active: true,
    proxy: { target_url: "http://127.0.0.1:1/", listen_path: "/pay/" },
    version_data: { not_versioned: true, versions: { Default: { name: "Default" } } },
  };
  const created = (await done("postApis", { api_definition })) as { Meta: string };
  const listed = (await done("getApis", { q: "pay" })) as { apis: { api_definition: object }[] };
  expect(listed.apis).toMatchObject([{ api_definition: { id: created.Meta, name: "Payments" } }]);
  expect(await done("getApisCount")).toEqual({ count: 1 });

  const got = (await done("getApisById", created.Meta)) as { api_definition: object };
  const renamed = { ...got, api_definition: { ...got.api_definition, name: "Billing" } };
  expect(await call("putApisById", created.Meta, renamed, { ifMatch: '"stale"' })).toMatchObject({
    status: 409,
    data: { Status: "Error" },
  });
  expect(await done("putApisById", created.Meta, renamed)).toMatchObject({ Message: "Api updated" });

  expect(await done("postTokens", { name: "partner" })).toMatchObject({
    token: "partner",
    secret: expect.stringMatching(/^.{43}$/),
  });
  await done("putApisByIdTokensByToken", created.Meta, "partner");
  expect(await done("getApisByIdTokens", created.Meta)).toMatchObject({ tokens: [{ name: "partner" }] });
  expect(await call("deleteTokensById", "partner")).toMatchObject({
    status: 400,
    data: { Reasons: [{ Reason: "TokenInUse" }] },
  });
  await done("deleteApisByIdTokensByToken", created.Meta, "partner");
  await done("deleteTokensById", "partner");
  await done("deleteApisById", created.Meta);

  const { events } = (await done("getEvents", { actor: "jdoe" })) as {
    events: { kind: string; action: string }[];
  };
  expect(events.map(({ kind, action }) => `${kind} ${action}`)).toEqual([
    "ApiDefinition added",
    "ApiDefinition updated",
    "ApiToken added",
    "ApiToken issued",
    "ApiDefinition updated",
    "ApiDefinition updated",
    "ApiToken deleted",
    "ApiDefinition deleted",
  ]);
});

type Operation = (
  ...args: readonly unknown[]
) => Promise<{ readonly status: number; readonly data: unknown }>;

function call(operation: string, ...args: readonly unknown[]): ReturnType<Operation> {
  return (client[operation] as Operation)(...args);
}

/** The data of an operation that has to succeed. */
async function done(operation: string, ...args: readonly unknown[]): Promise<unknown> {
  const { status, data } = await call(operation, ...args);
  expect([operation, status, data]).toEqual([operation, 200, expect.anything()]);
  return data;
}
