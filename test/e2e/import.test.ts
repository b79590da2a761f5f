import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { beforeEach, describe, expect, test } from "vitest";

import { type Json, seed } from "../support/exchanging.ts";
import { createRepository, type TestRepository } from "../support/git-repository.ts";
import { type GitwayResult, runGitway } from "../support/gitway-process.ts";
import { tokenManifest } from "../support/reconciling.ts";
import { startUpstream } from "../support/upstream.ts";

const list = seed("list-response") as { apis: Json[] };
const single = seed("get-response");
const key = "7a7b140f-2480-4d5a-4e78-24049e3ba7f8";

let repository: TestRepository;

beforeEach(async () => {
  repository = await createRepository();
  return () => repository.remove();
});

describe("gitway import dashboard", () => {
  test("makes manifests of a list, which are valid, and once more changes nothing", async () => {
    await write("dump.json", JSON.stringify({ ...list, apis: [...list.apis, single] }));

    const dry = await gitway("import", "dashboard", "dump.json", "--dry-run");
    const untouched = await repository.git("status", "--short", "apis");
    const { code, stdout, stderr } = await gitway("import", "dashboard", "dump.json");
    const validated = await gitway("validate");
    const again = await gitway("import", "dashboard", "dump.json");

    expect([dry.code, untouched, code, validated.code, again.code]).toEqual([0, "", 0, 0, 0]);
    expect(stdout.split("\n").slice(0, 3)).toEqual([
      "+ ApiDefinition nitrous-test  'Nitrous Test'  apis/definitions/nitrous-test.yaml",
      "+ Webhook test-post  apis/webhooks/test-post.yaml",
      "+ ApiDefinition test  'Test'  apis/definitions/test.yaml",
    ]);
    expect(stdout).toContain("'/test-path/reply' is never reached");
    expect(stderr).toContain(
      "3 added, 0 updated, 0 as they were. Look at them with 'git diff', and commit them.",
    );
    expect(await read("apis/definitions/test.yaml")).toMatch(
      /dashboard:\n {4}id: 54c24242eba6db1c9a000002\n {4}api_id: bc2f8cfb7ab241504d9f3574fe407499\n/,
    );
    expect(again.stdout.match(/^./gm)?.filter((sign) => sign !== "=")).toEqual([]);
    expect(await repository.git("status", "--short", "apis")).toBe("?? apis/");
  });

  test("leaves what differs, or changes no more than that", async () => {
    await write("dump.json", JSON.stringify(single));
    await gitway("import", "dashboard", "dump.json");
    const text = (await read("apis/definitions/test.yaml"))
      .replace("spec:", "# ours\nspec:\n  tokens: [internal]")
      .replace("title: Test", "title:   Test # short");
    await repository.commit({
      files: { "apis/definitions/test.yaml": text, "apis/tokens.yaml": tokenManifest("internal") },
    });
    const unchanged = await gitway("import", "dashboard", "dump.json");
    await write("dump.json", JSON.stringify(withDefinition({ name: "Renamed", active: false })));

    const refused = await gitway("import", "dashboard", "dump.json");
    const overwritten = await gitway("import", "dashboard", "dump.json", "--overwrite");

    expect([unchanged.code, refused.code, overwritten.code]).toEqual([0, 1, 0]);
    expect(refused.stdout).toMatch(
      /^dump\.json {2}error {2}'Renamed': It is there already as ApiDefinition 'test' \(apis\/definitions\/test\.yaml:1\), and differs in spec\.active, spec\.title: .* {2}\[differs\]$/m,
    );
    expect(overwritten.stdout).toMatch(/^~ ApiDefinition test /m);
    const diff = await repository.git("diff", "-U0", "apis");
    expect(diff.match(/^[-+](?![-+]).*/gm)).toEqual([
      "+  active: false",
      "-  title:   Test # short",
      "+  title:   Renamed # short",
    ]);
  });

  test("writes nothing as long as one of them is wrong, and says which, and where", async () => {
    const wrong = withDefinition({ id: "", api_id: "x", proxy: { listen_path: "/x/" } });
    await write("dump.json", JSON.stringify([single, wrong]));

    const { code, stdout } = await gitway("import", "dashboard", "dump.json", "--format", "json");

    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      written: false,
      problems: [
        {
          file: "dump.json",
          pointer: "/1/api_definition/proxy/target_url",
          title: "Test",
          code: "required",
          message: "proxy: target_url is required",
        },
      ],
    });
    expect(await repository.git("status", "--short", "apis")).toBe("");
  });

  test("tells what clashes with manifests, and what is wrong with those already", async () => {
    const listenPath = "/bc2f8cfb7ab241504d9f3574fe407499/";
    await write("apis/mine.yaml", definition("mine", `listenPath: ${listenPath}`));
    await write("apis/broken.yaml", definition("broken", "rout: x"));

    const { code, stdout } = await gitway("import", "dashboard", "-", { input: JSON.stringify(single) });

    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^standard input#\/api_definition\/proxy\/listen_path {2}error {2}'Test': The listen path .* ApiDefinition 'mine' \(apis\/mine\.yaml:5:15\)/m,
    );
    expect(stdout).toMatch(/^apis\/broken\.yaml:5:3 {2}error {2}/m);
  });

  test("wants the middleware to be in the repository", async () => {
    const pre = [{ name: "check", path: "middleware/check.js", require_session: false }];
    await write("dump.json", JSON.stringify(withDefinition({ custom_middleware: { pre, post: [] } })));
    const missing = await gitway("import", "dashboard", "dump.json");
    await write("middleware/check.js", "export function check() {}\n");

    const { code } = await gitway("import", "dashboard", "dump.json");

    expect([missing.code, code]).toEqual([1, 0]);
    expect(missing.stdout).toMatch(
      /^dump\.json#\/api_definition\/custom_middleware\/pre\/0\/path {2}error .* names 'middleware\/check\.js', which is no file/m,
    );
    expect(await read("apis/definitions/test.yaml")).toContain("file: ../../middleware/check.js");
  });
});

describe("a folder as tyk-sync dumps it", () => {
  beforeEach(async () => {
    await write("dump/api-1.json", JSON.stringify(single));
    await write("dump/policy-1.json", "{}");
  });

  test("is imported, and what is left out is told", async () => {
    await write("dump/.tyk.json", '{"type":"apidef","files":[{"file":"api-1.json"}]}');

    const { code, stderr } = await gitway("import", "dashboard", "dump");

    expect(code).toBe(0);
    expect(stderr).toContain(
      "dump/policy-1.json is left out: only API definitions and webhooks are imported.",
    );
  });

  test("has to have all that its index names", async () => {
    await write("dump/.tyk.json", '{"files":[{"file":"api-1.json"},{"file":"../secret.json"}]}');

    const { code, stdout } = await gitway("import", "dashboard", "dump");

    expect(code).toBe(1);
    expect(stdout).toMatch(/^dump\/\.tyk\.json#\/files\/1\/file {2}error {2}This file is not in the folder/m);
  });
});

describe("a Dashboard", () => {
  test("is asked with a key from the environment or a file, which shows nowhere", async () => {
    const dashboard = await startUpstream((request, response) => {
      const isKnown = request.headers.authorization === key;
      response.writeHead(isKnown ? 200 : 401);
      response.end(JSON.stringify(request.url?.startsWith("/api/apis") ? { apis: [single] } : { hooks: [] }));
    });
    await write("key", `${key}\n`);

    const env = { DASHBOARD_KEY: key, OTHER: "a-key-of-somebody-else" };
    const ofEnvironment = await gitway("import", "dashboard", dashboard.url, "--key-env", "DASHBOARD_KEY", {
      env,
    });
    const ofFile = await gitway("import", "dashboard", dashboard.url, "--key-file", "key");
    const wrong = await gitway("import", "dashboard", dashboard.url, "--key-env", "OTHER", { env });
    await dashboard.close();

    expect([ofEnvironment.code, ofFile.code, wrong.code]).toEqual([0, 0, 4]);
    expect(ofEnvironment.stdout).toMatch(/^\+ ApiDefinition test /m);
    expect(wrong.stderr).toContain("answered 401: the key opens nothing there");
    const shown = [ofEnvironment, ofFile, wrong].map(({ stdout, stderr }) => stdout + stderr).join("");
    expect(shown).not.toMatch(new RegExp(`${key}|somebody-else`));
  });
});

test.each<[string[], string]>([
  [["http://127.0.0.1:1/"], "--key-env or --key-file"],
  [["http://127.0.0.1:1/", "--key-env", "NOT_SET"], "$NOT_SET holds no key"],
  [["http://jo:x@127.0.0.1:1/", "--key-env", "PATH"], "without a user"],
  [["dump.json", "--key-env", "PATH"], "leave it out for files"],
  [["nothing.json"], "nothing.json can't be read (ENOENT)"],
  [["x", "--key-env", "A", "--key-file", "b"], "cannot be used with"],
])("%j is wrong use", async (args, message) => {
  const { code, stdout, stderr } = await gitway("import", "dashboard", ...args);

  expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
  expect(stderr).toContain(message);
});

function withDefinition(fields: Json): Json {
  return { ...single, api_definition: { ...(single["api_definition"] as Json), ...fields } };
}

function definition(name: string, line: string): string {
  return `apiVersion: gitway/v1
kind: ApiDefinition
metadata: { name: ${name} }
spec:
  ${line}
  keyless: true
  action: { reply: {} }
`;
}

interface Options {
  readonly env?: Record<string, string>;
  readonly input?: string;
}

function gitway(...args: (string | Options)[]): Promise<GitwayResult> {
  const texts = args.filter((arg) => typeof arg === "string");
  const options = args.find((arg) => typeof arg !== "string");
  return runGitway(texts, { cwd: repository.path, ...options });
}

async function write(path: string, text: string): Promise<void> {
  const file = join(repository.path, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

function read(path: string): Promise<string> {
  return readFile(join(repository.path, path), "utf8");
}
