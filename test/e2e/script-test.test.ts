import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, expect, test } from "vitest";

import { type GitwayResult, runGitway } from "../support/gitway-process.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

const echo = "export default (input) => ({ status: 203, body: input.routeParameters });";
const input = '{ "routeParameters": { "id": "1" } }';

let folder: TemporaryFolder;

beforeEach(async () => {
  folder = await temporaryFolder();
});

afterEach(() => folder.remove());

test("gitway script test prints what a script answers; its console is talk", async () => {
  const { code, stdout, stderr } = await script(`console.log("\u001b[31m", { a: 1 });\n${echo}`);

  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: "HTTP/1.1 203\ncontent-type: application/json\n\n{}",
  });
  expect(stderr).toMatch(/^\\x1b\[31m \{"a":1\}\nIt took [\d.]+ ms and at most 8 MiB of memory\.\n$/);
});

test.each([
  ["given as it is", input, ""],
  ["from a file", "input.json", ""],
  ["from standard input", "-", input],
])("gitway script test takes a call, %s", async (_how, given, stdin) => {
  await writeFile(join(folder.path, "input.json"), input);

  const { stdout } = await script(echo, ["--input", given, "--format", "json"], stdin);

  expect(JSON.parse(stdout)).toEqual({
    answer: {
      from: "here",
      status: 203,
      headers: { "content-type": "application/json" },
      body: '{"id":"1"}',
    },
    edits: null,
    error: null,
    console: [],
    milliseconds: expect.any(Number),
    memory: 8 * 1024 * 1024,
  });
});

test("gitway script test shows where a script threw, and ends with 1", async () => {
  const throwing = "const f = (x) =>\n  x.y.z;\nexport default () => f({});";

  const asText = await script(throwing);
  const asJson = await script(throwing, ["--format", "json"]);

  expect([asText.code, asText.stdout, asJson.code]).toEqual([1, "", 1]);
  expect(asText.stderr).toContain(
    "it.js:2:6  error  TypeError: cannot read property 'z' of undefined  [ScriptFailed]\n" +
      "  2 |   x.y.z;\n    |      ^\nCallers get a 500 with error code 12.\n",
  );
  expect(JSON.parse(asJson.stdout)).toMatchObject({ error: { code: 12, line: 2, column: 6 } });
});

test("gitway script test bounds a script as it is told to", async () => {
  const { code, stderr } = await script("export default () => { for (;;); };", ["--timeout", "50ms"]);

  expect(code).toBe(1);
  expect(stderr).toContain("it.js: 'it.js' took longer than 50 ms.  [ScriptNotAnswered]\n");
});

test("gitway script test runs middleware, and prints what it changes", async () => {
  const source = "export const add = (request, { tokenName }) => ({ setHeaders: { 'x-a': tokenName } });";
  const flags = ["--mode", "post", "--function", "add", "--input", '{ "tokenName": "internal" }'];

  const { code, stdout } = await script(source, flags);

  expect({ code, edits: JSON.parse(stdout) as object }).toEqual({
    code: 0,
    edits: { setHeaders: { "x-a": "internal" } },
  });
});

test("gitway script test compares with what is expected", async () => {
  await writeFile(join(folder.path, "expected.json"), '{ "status": 203, "body": { "id": "1" } }');
  await writeFile(join(folder.path, "error.json"), '{ "errorCode": 12 }');

  const right = await script(echo, ["--input", input, "--expect", "expected.json"]);
  const wrong = await script(echo, ["--expect", "expected.json"]);
  const failed = await script("throw 1;", ["--expect", "error.json"]);

  expect([right.code, wrong.code, failed.code]).toEqual([0, 1, 0]);
  expect(wrong.stderr).toContain('body.id: expected "1", got nothing\n');
});

test.each([
  [["nothing.js"], /nothing\.js can't be read/],
  [["it.js", "--input", '{ "boddy": 1 }'], /unknown field "boddy": did you mean 'body'\?/],
  [["it.js", "--timeout", "soon"], /Give a duration/],
  [["it.js", "--mode", "pre", "--timeout", "1s"], /Middleware always has 5s/],
  [["it.js", "--function", "f"], /--function goes with --mode pre and post/],
])("gitway script test %j is a wrong use", async (args, message) => {
  await writeFile(join(folder.path, "it.js"), echo);

  const { code, stdout, stderr } = await runGitway(["script", "test", ...args], { cwd: folder.path });

  expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
  expect(stderr).toMatch(message);
});

test("the example of the guide answers as it says", async () => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const guide = await readFile(join(root, ".docs/scripts.md"), "utf8");
  const example = /npx gitway (script test \S+) \\\n {2}--input '([^']*)'\n```\n\n```\n([^`]*)```/.exec(
    guide,
  );
  const [, words = "", call = "", said] = example ?? [];

  const { code, stdout } = await runGitway([...words.split(" "), "--input", call], { cwd: root });

  expect({ code, stdout: `${stdout}\n` }).toEqual({ code: 0, stdout: said });
});

async function script(source: string, flags: readonly string[] = [], stdin = ""): Promise<GitwayResult> {
  await writeFile(join(folder.path, "it.js"), source);
  return await runGitway(["script", "test", "it.js", ...flags], { cwd: folder.path, input: stdin });
}
