import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { createDatabase, type TestDatabase } from "../support/database.ts";
import { createRepository, type TestRepository } from "../support/git-repository.ts";
import { runGitway, startGitway } from "../support/gitway-process.ts";
import { startReceiver } from "../support/receiver.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

const manifests = `apiVersion: gitway/v1
kind: ApiDefinition
metadata: { name: hello }
spec:
  route: hello
  match: prefix
  tokens: [internal, referring]
  paths: { ignored: [{ path: /open }], blocked: [{ path: /closed }] }
  action: { reply: { body: hi } }
---
apiVersion: gitway/v1
kind: ApiDefinition
metadata: { name: script }
spec:
  route: script
  keyless: true
  action: { script: { file: answer.js } }
---
apiVersion: gitway/v1
kind: ApiToken
metadata: { name: internal }
spec: { secret: { generate: true } }
---
apiVersion: gitway/v1
kind: ApiToken
metadata: { name: other }
spec: { secret: { generate: true }, disabled: true }
---
apiVersion: gitway/v1
kind: ApiToken
metadata: { name: referring }
spec: { secret: { env: NOWHERE_SET } }
`;

let folder: TemporaryFolder;

beforeEach(async () => {
  folder = await temporaryFolder();
  await mkdir(join(folder.path, "apis"));
  await writeFile(join(folder.path, "apis/all.yaml"), manifests);
  await writeFile(
    join(folder.path, "apis/answer.js"),
    "export default ({ method }) => ({ status: 201, body: `made by ${method}` });",
  );
});

afterEach(() => folder.remove());

test.each([
  ["an ignored path needs no token", ["hello/open"], 0, "hi", /served by the reply/],
  ["a token of the definition is let in", ["hello", "--as", "internal"], 0, "hi", /token +internal/],
  ["no token is refused", ["hello"], 1, "1008", /refused by the rule 'token'/],
  ["another token is refused, with the reason", ["hello", "--as", "other"], 1, "1010", /disabled/],
  ["a blocked path is refused, by its entry", ["hello/closed", "--as", "internal"], 1, "2016", /\/closed/],
  ["what nobody answers is said", ["nothing", "--as", "internal"], 1, "5", /nothing/i],
  ["a script is run", ["script", "-X", "POST"], 0, "made by POST", /served by the script/],
])("offline, %s", async (_what, args, code, body, explanation) => {
  const result = await runGitway(["call", ...args, "--manifests", "apis", "--explain"], {
    cwd: folder.path,
  });

  expect({ code: result.code, body: result.stdout.includes(body) }).toEqual({ code, body: true });
  expect(result.stderr).toMatch(explanation);
});

test("offline, secrets that are not known there are no matter until somebody comes with one", async () => {
  const secret = "a-secret-that-was-issued-elsewhere-0123456789";
  const options = { cwd: folder.path, env: { SECRET: secret } };
  const call = (...args: string[]) => runGitway(["call", "hello", "--manifests", "apis", ...args], options);

  const [as, given] = await Promise.all([
    call("--as", "internal"),
    call("--token-env", "SECRET", "--explain"),
  ]);

  expect(as).toEqual({ code: 0, stdout: "hi", stderr: "" });
  expect(given.code).toBe(1);
  expect(given.stderr).toContain(
    "not known here, of internal, referring: come as such a token with '--as NAME'",
  );
  expect(given.stderr).not.toContain(secret);
});

test("a folder without manifests is no place to ask", async () => {
  const result = await runGitway(["call", "hello", "--manifests", "nowhere"], { cwd: folder.path });

  expect(result.code).toBe(3);
  expect(result.stderr).toContain("nowhere");
});

describe("at a running endpoint", () => {
  let repository: TestRepository;
  let database: TestDatabase;

  beforeEach(async () => {
    [repository, database] = await Promise.all([createRepository(), createDatabase()]);
    await repository.commit({
      files: {
        "apis/rare.yaml": `apiVersion: gitway/v1
kind: ApiDefinition
metadata: { name: rare }
spec:
  route: rare
  keyless: true
  rateLimit: { limit: 1, window: 1h }
  action: { reply: { body: hi } }
---
apiVersion: gitway/v1
kind: ApiDefinition
metadata: { name: down }
spec:
  route: down
  keyless: true
  action: { proxy: { targetUrl: "http://127.0.0.1:9" } }
`,
      },
    });
  });

  afterEach(async () => {
    await Promise.all([repository.remove(), database.drop()]);
  });

  test("a call that only the endpoint refuses is not said to be served", async () => {
    const env = { DATABASE_URL: database.url, GITWAY_ENDPOINT_PORT: "0", GITWAY_DASHBOARD_PORT: "0" };
    await using gitway = startGitway(["run"], { cwd: repository.path, env });
    const [, url = ""] = await gitway.waitFor("stdout", /endpoint {3}(http:\/\/[^/\s]+)/);
    const call = (route: string) =>
      runGitway(["call", route, "--url", url, "--explain"], { cwd: repository.path, env });

    const [first, second, down] = [await call("rare"), await call("rare"), await call("down")];

    expect(first.stderr).toContain("GET /api/custom/rare is served by the reply of ApiDefinition 'rare'.");
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(
      [
        "GET /api/custom/rare is refused by the endpoint: 429 ApiRateLimitExceeded (2018).",
        "  Too many requests to this API. Try again later.",
        "  The limit is 1 request in 1h.",
        "  It is open again in ",
      ].join("\n"),
    );
    expect(second.stderr).toContain("All else lets it through to the reply of 'rare'.");
    const id = /beside the id ([0-9a-f]{12})\./.exec(down.stderr)?.[1];
    await gitway.waitFor("stderr", new RegExp(`"id":"${id}".*ECONNREFUSED`));
    expect(down.stderr).toContain(
      "GET /api/custom/down is refused by the endpoint: 502 UpstreamUnreachable (2010).",
    );
  });

  test("the revision is read from the header that is configured for it", async () => {
    const env = {
      DATABASE_URL: database.url,
      GITWAY_ENDPOINT_PORT: "0",
      GITWAY_DASHBOARD_PORT: "0",
      GITWAY_ENDPOINT_REVISION_HEADER: "X-Served",
    };
    const serving = await startReceiver((response) => response.setHeader("x-served", "41").end("hi"));
    try {
      await runGitway(["apply"], { cwd: repository.path, env });
      const result = await runGitway(["call", "rare", "--url", serving.url, "--explain"], {
        cwd: repository.path,
        env,
      });

      expect(result.stderr).toContain("The endpoint answered from revision 41; the store is at 1,");
    } finally {
      await serving.close();
    }
  });
});
