import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { type GitwayResult, runGitway, startGitway } from "../support/gitway-process.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

const hello = `apiVersion: gitway/v1
kind: ApiDefinition
metadata: { name: hello }
spec:
  route: hello
  keyless: true
  action: { reply: { body: hi } }
`;

const misspelt = hello.replace("  route:", "  rout:");

let folder: TemporaryFolder;

beforeEach(async () => {
  folder = await temporaryFolder();
});

afterEach(async () => {
  await folder.remove();
});

describe("gitway validate", () => {
  test("finds nothing wrong with what is right, without git and without a database", async () => {
    await write("apis/hello.yaml", hello);

    const { code, stdout, stderr } = await gitway(["validate"], { PATH: "/nowhere" });

    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "1 manifest: all good.\n" });
  });

  test("says in words what is wrong and where", async () => {
    await write("apis/hello.yaml", misspelt);

    const { code, stdout, stderr } = await gitway(["validate"]);

    expect(code).toBe(1);
    expect(stdout).toContain("apis/hello.yaml:5:3");
    expect(stdout).toContain("did you mean 'route'");
    expect(stderr).toMatch(/^1 manifest: \d errors?, 0 warnings\.\n$/);
  });

  test("says the same as JSON, in the order of the places", async () => {
    await write("apis/z.yaml", misspelt);
    await write(
      "apis/a.yaml",
      `${misspelt.replace("name: hello", "name: a")}---\n${misspelt.replace("name: hello", "name: b")}`,
    );

    const { code, stdout } = await gitway(["validate", "--format", "json"]);
    const { manifests, problems } = JSON.parse(stdout) as {
      manifests: number;
      problems: { code: string; file: string; line: number }[];
    };

    expect([code, manifests]).toEqual([1, 3]);
    expect(problems.find(({ code }) => code === "unknown-field")).toMatchObject({
      severity: "error",
      message: expect.stringContaining("route"),
      file: "apis/a.yaml",
      line: 5,
      column: 3,
      endLine: 5,
      endColumn: expect.any(Number),
      path: "/spec/rout",
    });
    const places = problems.map(({ file, line }) => `${file}:${String(line).padStart(4)}`);
    expect(places).toEqual(places.toSorted());
  });

  test("annotates for GitHub", async () => {
    await write("apis/hello.yaml", misspelt);

    const { code, stdout } = await gitway(["validate", "--format", "github"]);

    expect(code).toBe(1);
    expect(stdout).toMatch(/^::error file=apis\/hello\.yaml,line=5,/m);
  });

  test("checks some files against all", async () => {
    const open = hello.replace("keyless: true", "tokens: [internal]");
    await write("apis/hello.yaml", open);
    await write(
      "apis/token.yaml",
      "apiVersion: gitway/v1\nkind: ApiToken\nmetadata: { name: internal }\nspec: { secret: { generate: true } }\n",
    );
    await write("apis/other.yaml", misspelt.replace("name: hello", "name: other"));
    await write("gitway.yaml", "paths: [apis]\n");

    expect((await gitway(["validate", "apis/hello.yaml"])).code).toBe(0);
    expect((await gitway(["validate", "apis/hello.yaml", "apis/other.yaml"])).code).toBe(1);
    expect((await gitway(["validate"])).code).toBe(1);
  });

  test("refuses a path that does not exist", async () => {
    const { code, stderr } = await gitway(["validate", "nothing.yaml"]);

    expect(code).toBe(3);
    expect(stderr).toMatch(/^gitway: .*nothing\.yaml/);
  });

  test("shows nothing that steers a terminal", async () => {
    await write("apis/\u001b[31mred.yaml", misspelt);

    const { stdout } = await gitway(["validate"]);

    expect(stdout).toContain("red.yaml:5:3");
    expect(stdout).not.toContain("\u001b");
  });
});

describe("gitway config", () => {
  test("says where each option came from, and keeps passwords to itself", async () => {
    await write("gitway.yaml", "branch: release\n");
    const env = { DATABASE_URL: "postgres://jo:hunter22@db.example.com:5433/apis", GITWAY_INTERVAL: "5m" };

    const text = await gitway(["config", "--endpoint-port", "0"], env);
    const json = await gitway(["config", "--format", "json", "--endpoint-port", "0"], env);
    const options = JSON.parse(json.stdout) as { key: string; value: unknown; origin: string }[];

    expect(text.code).toBe(0);
    expect(text.stdout).toMatch(/^branch +release +gitway\.yaml$/m);
    expect(options).toContainEqual({ key: "endpoint.port", value: 0, origin: "flag --endpoint-port" });
    expect(options).toContainEqual({ key: "interval", value: "5m", origin: "environment GITWAY_INTERVAL" });
    expect(options).toContainEqual({
      key: "databaseUrl",
      value: "postgres://db.example.com:5433/apis",
      origin: "environment DATABASE_URL",
    });
    expect(text.stdout + text.stderr + json.stdout).not.toContain("hunter22");
  });

  test("names the place of a mistake in gitway.yaml", async () => {
    await write("gitway.yaml", "endpoint:\n  prot: 1\n");

    const { code, stdout, stderr } = await gitway(["config"]);

    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toContain(
      "gitway: gitway.yaml:2:3: unknown key 'endpoint.prot'; did you mean 'endpoint.port'?",
    );
  });
});

describe("wrong use", () => {
  test.each([
    [["vlidate"], "unknown command 'vlidate'\n(Did you mean validate?)"],
    [["validate", "--fromat", "json"], "unknown option '--fromat'\n(Did you mean --format?)"],
    [["plan", "--format", "xml"], "Allowed choices are text, json"],
    [["get", "things"], "Allowed choices are definitions, tokens, webhooks, users"],
    [["run", "--role", "endpoint,butler"], "'butler' is none of controller, endpoint, dashboard"],
    [["events", "--limit", "-1"], "Give a number from 0"],
    [["token", "issue"], "missing required argument 'name'"],
    [["token", "issue", "x", "--by", "Gitway"], "reserved"],
    [["token", "rotate", "x", "--overlap", "400d"], "30m, 24h or 7d"],
    [["token", "revoke", "x", "--id", "one"], "number of a credential"],
    [["token", "revoke", "x", "--id", "1", "--all"], "cannot be used with"],
    [[], "Usage: gitway"],
  ])("%j ends with 3 and says why", async (args, message) => {
    const { code, stdout, stderr } = await gitway(args);

    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

describe("help", () => {
  test("goes to standard output and ends with 0", async () => {
    const help = await gitway(["--help"]);
    const ofCommand = await gitway(["run", "--help"]);
    const version = await gitway(["--version"]);

    expect([help.code, help.stderr, version.stdout]).toEqual([0, "", "0.1.0\n"]);
    expect(help.stdout).toContain("Exit codes:");
    expect(ofCommand.stdout).toContain("--endpoint-port");
  });
});

test("a reader who has enough is no error", async () => {
  await using process = startGitway(["config"], { cwd: folder.path, closeStdout: true });

  const { code, stderr } = await process.ended;

  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});

function gitway(args: readonly string[], env: Record<string, string> = {}): Promise<GitwayResult> {
  return runGitway(args, { cwd: folder.path, env });
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder.path, path)), { recursive: true });
  await writeFile(join(folder.path, path), text);
}
