import { createHash } from "node:crypto";
import { createServer } from "node:http";

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { createDatabase, type TestDatabase } from "../support/database.ts";
import { type Json, orgId, seed } from "../support/exchanging.ts";
import { listen } from "../support/git-http.ts";
import { createRepository, type TestRepository } from "../support/git-repository.ts";
import { type GitwayProcess, startGitway } from "../support/gitway-process.ts";
import { curl, printedIds, printedKey, sendPrinted } from "../support/seed-requests.ts";

const people = `apiVersion: gitway/v1
kind: User
metadata: { name: jdoe }
spec:
  displayName: John Doe
  emails: [john.doe@example.com]
  permissions:
    [definitions.read, definitions.edit, definitions.delete, tokens.read, tokens.edit, automation.execute]
  key: { sha256: ${createHash("sha256").update(printedKey).digest("hex")} }
`;

let repository: TestRepository;
let database: TestDatabase;
let gitway: GitwayProcess;
let url: string;

beforeEach(async () => {
  [repository, database] = await Promise.all([createRepository(), createDatabase()]);
  await repository.commit({ files: { "apis/people.yaml": people } });
  const env = {
    DATABASE_URL: database.url,
    GITWAY_ENDPOINT_PORT: "0",
    GITWAY_DASHBOARD_PORT: "0",
    GITWAY_DASHBOARD_ORG_ID: orgId,
    GITWAY_ENDPOINT_SCRIPT_WORKERS: "1",
  };
  gitway = startGitway(["run"], { cwd: repository.path, env });
  [, url = ""] = await gitway.waitFor("stdout", /dashboard +(http:\S+)/);
});

afterEach(async () => {
  await gitway[Symbol.asyncDispose]();
  await Promise.all([repository.remove(), database.drop()]);
});

test("definitions are listed, searched and got as printed", async () => {
  const [listed] = seed("list-response")["apis"] as Json[];
  // Without a path they get one of their own, made of the id as the printed one is.
  const listedText = JSON.stringify(listed).replace(/"listen_path":"[^"]*",/, "");
  const searchedText = listedText.replace("Nitrous Test", "Some Name");
  await sendPrinted(url, "post");
  for (const text of [listedText, searchedText])
    expect(await sendPrinted(url, "post", withBody(text))).toMatchObject({ status: 200 });

  for (const path of ["/api/apis?p=0", "/api/apis/?p=0"]) {
    const { status, body } = await sendPrinted(url, "list", (text) => text.replace("/api/apis?p=0", path));
    const { apis, pages } = body as { apis: Json[]; pages: number };
    expect([status, pages, apis.map(nameOf)]).toEqual([200, 0, ["Some Name", "Nitrous Test", "Test"]]);
    expect(asPrinted(apis[1])).toEqual(withIds(listed, apis[1]));
  }
  for (const path of ["/api/apis?q", "/api/apis/search?q", "/api/apis/search/?q"]) {
    const { body } = await sendPrinted(url, "search", (text) => text.replace("/api/apis?q", path));
    const { apis, ...rest } = body as { apis: Json[] };
    expect([rest, apis.map(asPrinted)]).toEqual([
      { pages: 1 },
      [withIds({ ...listed, api_definition: { ...definitionOf(listed), name: "Some Name" } }, apis[0])],
    ]);
  }
  const { body } = await sendPrinted(url, "list");
  const { id } = definitionOf((body as { apis: Json[] }).apis[2]);
  const got = await sendPrinted(url, "get", (text) => text.replace(printedIds.id, () => String(id)));
  expect(got.status).toBe(200);
  expect(asPrinted(got.body)).toEqual(withIds(seed("get-response"), got.body));

  const head = await repository.git("rev-parse", "main");
  for (const wrapper of (body as { apis: Json[] }).apis)
    expect(await api(`PUT /api/apis/${String(definitionOf(wrapper)["id"])}`, wrapper)).toMatchObject({
      status: 200,
    });
  expect(await repository.git("rev-parse", "main")).toBe(head);
});

test("what is posted, put and deleted becomes commits of the user, and is answered as printed", async () => {
  const created = await sendPrinted(url, "post");
  const { Meta: id } = created.body as { Meta: string };
  expect(id).toMatch(/^[0-9a-f]{24}$/);
  expect(created).toEqual({
    status: 200,
    body: { Status: "OK", Message: "API created", Meta: id },
  });
  expect(await lastCommit()).toEqual({
    author: "John Doe <john.doe@example.com>",
    committer: "Gitway <gitway@localhost>",
    subject: "Add API 'Test'",
    files: ["A\tapis/definitions/test.yaml", "A\tapis/webhooks/test-post.yaml"],
  });
  expect(await events()).toEqual([
    expect.stringMatching(/^Webhook 'test-post' \([-0-9a-f]{36}\) was added by John Doe$/),
    expect.stringMatching(
      /^ApiDefinition with route '\/[0-9a-f]{32}\/' \([-0-9a-f]{36}\) was added by John Doe$/,
    ),
  ]);

  await haveThePrintedIds();
  const got = await sendPrinted(url, "get");
  expect(got.status).toBe(200);
  expect(asPrinted(got.body)).toEqual(seed("get-response"));

  const head = await repository.git("rev-parse", "main");
  const before = await events();
  const put = (body: unknown) => sendPrinted(url, "put", withBody(JSON.stringify(body)));
  const updated = { status: 200, body: { Status: "OK", Message: "Api updated", Meta: "" } };
  expect(await put(got.body)).toEqual(updated);
  expect(await sendPrinted(url, "put")).toEqual(updated);
  expect([await repository.git("rev-parse", "main"), await events()]).toEqual([head, before]);

  expect(await put(renamed(got.body))).toEqual(updated);
  expect(await lastCommit()).toMatchObject({ subject: "Update API 'Another'" });
  expect(await sendPrinted(url, "put")).toEqual(updated);
  expect(await lastCommit()).toEqual({
    author: "John Doe <john.doe@example.com>",
    committer: "Gitway <gitway@localhost>",
    subject: "Update API 'Test'",
    files: ["M\tapis/definitions/test.yaml"],
  });
  expect(await changedLines()).toEqual(["-  title: Another", "+  title: Test"]);
  expect((await events()).at(-1)).toBe(
    `ApiDefinition with route '/${printedIds.apiId}/' (${await uuid()}) was updated by John Doe`,
  );
  expect(asPrinted((await sendPrinted(url, "get")).body)).toEqual(seed("get-response"));

  const gone = await uuid();
  expect(await sendPrinted(url, "delete")).toEqual({
    status: 200,
    body: { Status: "OK", Message: "API deleted", Meta: null },
  });
  expect(await lastCommit()).toEqual({
    author: "John Doe <john.doe@example.com>",
    committer: "Gitway <gitway@localhost>",
    subject: "Delete API 'Test'",
    files: ["D\tapis/definitions/test.yaml"],
  });
  expect((await events()).at(-1)).toBe(
    `ApiDefinition with route '/${printedIds.apiId}/' (${gone}) was deleted by John Doe`,
  );
  expect((await sendPrinted(url, "get")).status).toBe(400);
});

test("a token that is granted opens the route that was posted", async () => {
  await using upstream = await listen(
    createServer((request, response) => response.end(`${request.method} ${request.url}`)),
  );
  const [, endpoint = ""] = await gitway.waitFor("stdout", /endpoint +(http:\S+?)\/api\/custom/);
  const { body } = await sendPrinted(url, "post", (text) => text.replace("http://httpbin.org", upstream.url));
  const { Meta: id } = body as { Meta: string };
  const { secret } = (await api("POST /api/tokens", { name: "partner" })).body as { secret: string };
  const path = listenPathOf((await api(`GET /api/apis/${id}`)).body);
  const call = async () => {
    const answer = await fetch(`${endpoint}${path}things?x=1`, { headers: { authorization: secret } });
    return [answer.status, await answer.text()];
  };
  await vi.waitFor(async () => expect((await call())[0]).toBe(401), 10_000);

  const granted = await api(`PUT /api/apis/${id}/tokens/partner`);

  expect(granted).toEqual({ status: 200, body: { Status: "OK", Message: "Token granted", Meta: null } });
  await vi.waitFor(async () => expect(await call()).toEqual([200, "GET /things?x=1"]), 10_000);
  expect(await lastCommit()).toMatchObject({ author: "John Doe <john.doe@example.com>" });
  expect(await changedLines()).toEqual(["+  tokens: [partner]"]);
  expect((await events()).at(-1)).toMatch(/^ApiDefinition with route .* was updated by John Doe$/);
});

/** Gives the definition that was created the ids that the document's requests name. */
async function haveThePrintedIds(): Promise<void> {
  const text = await repository.git("show", "main:apis/definitions/test.yaml");
  const ids = `  dashboard: { id: ${printedIds.id}, api_id: ${printedIds.apiId} }`;
  const edited = `${text.replace(/listenPath: .*/, `listenPath: /${printedIds.apiId}/`)}\n${ids}\n`;
  await repository.commit({ files: { "apis/definitions/test.yaml": edited } });
  await vi.waitFor(async () => expect((await sendPrinted(url, "get")).status).toBe(200), 10_000);
}

/** What a definition was printed as, without what Gitway adds to the notation. */
function asPrinted(wrapper: unknown): Json {
  const { gitway, created_at, updated_at, ...rest } = wrapper as Json;
  expect([gitway, created_at, updated_at]).toEqual([
    expect.any(Object),
    expect.stringMatching(/^20.*Z$/),
    expect.stringMatching(/^20.*Z$/),
  ]);
  return rest;
}

/** A printed answer with the ids of an object in the place of its own. */
function withIds(sample: unknown, actual: unknown): Json {
  const [printed, own] = [definitionOf(sample), definitionOf(actual)];
  const text = JSON.stringify(sample)
    .replaceAll(String(printed["id"]), String(own["id"]))
    .replaceAll(String(printed["api_id"]), String(own["api_id"]));
  return JSON.parse(text) as Json;
}

/** Gives a printed request another body. */
function withBody(body: string): (text: string) => string {
  return (text) => text.replace(/\n\n\{[^]*/, () => `\n\n${body}`);
}

function renamed(wrapper: unknown): Json {
  return { ...(wrapper as Json), api_definition: { ...definitionOf(wrapper), name: "Another" } };
}

function definitionOf(wrapper: unknown): Json {
  return (wrapper as { api_definition: Json }).api_definition;
}

function nameOf(wrapper: unknown): unknown {
  return definitionOf(wrapper)["name"];
}

function listenPathOf(wrapper: unknown): string {
  return (definitionOf(wrapper)["proxy"] as { listen_path: string }).listen_path;
}

async function lastCommit() {
  const [author, committer, subject, , ...files] = (
    await repository.git("show", "--format=%an <%ae>%n%cn <%ce>%n%s", "--name-status", "main")
  ).split("\n");
  return { author, committer, subject, files };
}

/** The lines that the last commit took away and added. */
async function changedLines(): Promise<string[]> {
  const diff = await repository.git("show", "--format=", "main");
  return diff.split("\n").filter((line) => /^[-+](?![-+])/.test(line));
}

/** What was done through the API, oldest first. */
async function events(): Promise<string[]> {
  return (await eventRows()).map(({ message }) => message);
}

/** The UUID of the definition. */
async function uuid(): Promise<string | undefined> {
  return (await eventRows()).find(({ kind }) => kind === "ApiDefinition")?.objectId;
}

async function eventRows() {
  const { body } = await api("GET /api/events");
  return (body as { events: { kind: string; objectId: string; message: string }[] }).events;
}

/** A request with the printed key. */
function api(line: string, json?: Json) {
  const head = `${line} HTTP/1.1\nauthorization: ${printedKey}\nContent-Type: application/json`;
  return curl(url, `${head}\n\n${json ? JSON.stringify(json) : ""}`);
}
