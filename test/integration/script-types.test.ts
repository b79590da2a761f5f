import { execFile } from "node:child_process";
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, expect, test } from "vitest";

import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const typed = (kind: string) => `/** @type {import("./script.d.ts").${kind}} */\n`;

let folder: TemporaryFolder;

beforeEach(async () => {
  folder = await temporaryFolder();
  await copyFile(join(root, "schemas/script.d.ts"), join(folder.path, "script.d.ts"));
  await copyFile(join(root, "apis/jsconfig.json"), join(folder.path, "jsconfig.json"));
});

afterEach(() => folder.remove());

test("the scripts of the example are what the types say", async () => {
  expect(await complaints(join(root, "apis"))).toEqual([]);
});

test("what scripts and middleware may do passes", async () => {
  const source = `${typed("Script")}export default async function answer(input) {
  console.log(input.method, input.query.page?.[0]);
  if (input.tokenName === null) return { status: 401, headers: { "x-a": ["1", "2"] }, body: { error: "Who?" } };
  return { bytes: new Uint8Array([input.rawBody.length]) };
}
${typed("RunScript")}export function run(parameters) {
  console.log(parameters.name);
}
${typed("Middleware")}export function pre(request, context) {
  if (request.path === "/closed") return { reply: { status: 403 } };
  if (request.method === "GET") return;
  return { setHeaders: { "x-version": context.version ?? "none" }, removeQuery: ["debug"], path: "/other" };
}
`;

  expect(await check(source)).toEqual([]);
});

test.each([
  ["a field that a call lacks", "Script", "(input) => ({ body: input.routeParams })", "routeParams"],
  ["a change of the call", "Script", '(input) => { input.method = "GET"; return {}; }', "read-only"],
  ["a status in text", "Script", '() => ({ status: "200" })', "string"],
  ["an answer that is none", "Script", '() => "hello"', "ScriptAnswer"],
  ["what is not in the sandbox", "Script", '() => ({ body: fetch("http://localhost") })', "fetch"],
  ["the body, of middleware", "Middleware", "(request) => void request.rawBody", "rawBody"],
  ["edits that there are not", "Middleware", '() => ({ setHeader: { a: "1" } })', "setHeader"],
])("%s is told", async (_what, kind, source, word) => {
  const found = await check(`${typed(kind)}const entry = ${source};\nexport default entry;\n`);

  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(/^script\.js\(2,\d+\): error TS/);
  expect(found[0]).toContain(word);
});

async function check(source: string): Promise<string[]> {
  await writeFile(join(folder.path, "script.js"), source);
  return await complaints(folder.path);
}

/** What the compiler says about the scripts of a folder, a line for each. */
function complaints(cwd: string): Promise<string[]> {
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const args = [compiler, "-p", "jsconfig.json", "--pretty", "false"];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd }, (_error, stdout, stderr) =>
      resolve((stdout + stderr).split("\n").filter((line) => /^\S/.test(line))),
    );
  });
}
