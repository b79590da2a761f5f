import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { runGitway } from "../support/gitway-process.ts";
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
