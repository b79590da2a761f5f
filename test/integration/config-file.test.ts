import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { readOptionSecret, secretResolver } from "../../src/config-secrets.ts";
import { loadConfig } from "../../src/config.ts";
import { AppError } from "../../src/errors.ts";
import { silentLog } from "../../src/log.ts";
import { timed } from "../support/processor-time.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gitway-config-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("gitway.yaml", () => {
  test("comes after the flags and before the environment", () => {
    write("gitway.yaml", "endpoint: { port: 1002 }\ndashboard: { port: 2002 }\n");

    const config = load({
      flags: { "endpoint.port": "1001" },
      environment: {
        GITWAY_ENDPOINT_PORT: "1003",
        GITWAY_DASHBOARD_PORT: "2003",
        GITWAY_ENDPOINT_HOST: "::1",
      },
    });

    expect([config.endpoint.port, config.dashboard.port, config.endpoint.host]).toEqual([1001, 2002, "::1"]);
    expect(origins(config, "endpoint.port", "dashboard.port", "endpoint.host", "prune.share")).toEqual([
      "flag --endpoint-port",
      "gitway.yaml",
      "environment GITWAY_ENDPOINT_HOST",
      "default",
    ]);
  });

  test("is named by --config or GITWAY_CONFIG, and its relative paths start in its folder", () => {
    mkdirSync(join(folder, "etc"));
    write("etc/options.yaml", "dataDir: data\nsource: ./repo\ncredentials: { sshKeyFile: key }\n");

    const byFlag = load({ file: "etc/options.yaml" });
    const byVariable = load({ environment: { GITWAY_CONFIG: "etc/options.yaml" } });

    expect(byFlag).toMatchObject({
      dataDir: join(folder, "etc/data"),
      source: join(folder, "etc/repo"),
      credentials: { sshKeyFile: join(folder, "etc/key") },
      secretsDir: join(folder, ".gitway/secrets"),
    });
    expect(byVariable.dataDir).toBe(byFlag.dataDir);
  });

  test("of the example switches the console on, and leaves the paths of the repository as they are", () => {
    const root = resolve(import.meta.dirname, "../..");
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const [, file] = /--config (\S+)$/.exec(scripts.start) ?? [];
    const plain = loadConfig({ flags: {}, cwd: root, environment: {} });
    const config = loadConfig({ flags: {}, file, cwd: root, environment: {} });

    expect([plain.softLaunch, config.softLaunch].map((each) => each.UserDefinableAPI)).toEqual([false, true]);
    const { source, dataDir, secretsDir, paths } = plain;
    expect(config).toMatchObject({ source, dataDir, secretsDir, paths });
    expect(source).toBe(root);
  });

  test("may be missing, empty or all comments", () => {
    expect(load({}).dashboard.port).toBe(3000);
    for (const text of ["", "# nothing yet\n", "---\n"]) {
      write("gitway.yaml", text);

      expect(load({}).dashboard.port).toBe(3000);
    }
  });

  test("that is asked for must exist", () => {
    expect(() => load({ file: "missing.yaml" })).toThrow("The file of options missing.yaml does not exist.");
  });

  test.each([
    ["endpoint:\n  prot: 1\n", "gitway.yaml:2:3: unknown key 'endpoint.prot'; did you mean 'endpoint.port'?"],
    ["enpoint: {}\n", "gitway.yaml:1:1: unknown key 'enpoint'; did you mean 'endpoint'?"],
    ["frobnicate: 1\n", "unknown key 'frobnicate'; known keys are source, branch, paths"],
    ["\nendpoint:\n  port: high\n", "gitway.yaml:3:9: 'endpoint.port' must be integer"],
    ["paths:\n  - apis\n  - 7\n", "gitway.yaml:3:5: 'paths.1' must be string"],
    ["interval: soon\n", "gitway.yaml:1:11: 'interval' does not have the right form"],
    ["- a\n- b\n", "gitway.yaml:1:1: the file must be object"],
    ["source: [\n", "gitway.yaml:2:1:"],
    ["branch: a\n---\nbranch: b\n", "gitway.yaml:2:1: a second document"],
    ["branch: a\nbranch: b\n", "gitway.yaml:2:1: Map keys must be unique"],
    ["__proto__: { polluted: yes }\n", "unknown key '__proto__'"],
    ["constructor: 1\n", "unknown key 'constructor'"],
  ])("%j is refused with its place", (text, message) => {
    write("gitway.yaml", text);

    const attempt = () => load({});

    expect(attempt).toThrow(AppError);
    expect(attempt).toThrow(message);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  test.each([
    ["alias bombs", () => `a: &a [x,x,x,x,x,x,x,x,x]\n${bomb()}`],
    ["deep nesting", () => `source: ${"[".repeat(100_000)}`],
    ["deep lists", () => "- ".repeat(100_000)],
    ["deep maps", () => "? ".repeat(100_000)],
    ["too much", () => `# ${"x".repeat(300_000)}\n`],
  ])("refuses %s soon", (_, text) => {
    write("gitway.yaml", text());

    const { took } = timed(() => expect(() => load({})).toThrow(AppError));

    expect(took).toBeLessThan(2000);
  });

  test("can't be a folder", () => {
    mkdirSync(join(folder, "gitway.yaml"));

    expect(() => load({})).toThrow(AppError);
  });
});

describe("secrets that manifests refer to", () => {
  const good = "abcdefghijklmnopqrstuvwxyz012345";

  test("are read from a variable, or from a file below the secrets folder without its last line break", async () => {
    write("secrets/partner", `${good}\n`);
    const resolveSecret = resolver({ PARTNER: good });

    expect((await resolveSecret({ env: "PARTNER" }))?.reveal()).toBe(good);
    expect((await resolveSecret({ file: "partner" }))?.reveal()).toBe(good);
  });

  test.each([
    ["short", () => "short"],
    ["empty", () => ""],
    ["of two lines", () => `${good}\n\n`],
    ["with a space", () => `${good} `],
    ["with other letters", () => `${good}é`],
    ["huge", () => "x".repeat(70_000)],
  ])("are not used when they are %s", async (_, make) => {
    const value = make();

    write("secrets/partner", value);

    expect(await resolver({})({ file: "partner" })).toBeNull();
    if (value.length < 100) expect(await resolver({ PARTNER: value })({ env: "PARTNER" })).toBeNull();
  });

  test("are not read outside of the secrets folder", async () => {
    write("outside", good);
    write("secrets/inside", good);
    symlinkSync(join(folder, "outside"), join(folder, "secrets/link"));
    symlinkSync(folder, join(folder, "secrets/up"));
    symlinkSync(join(folder, "secrets/inside"), join(folder, "secrets/fine"));
    const resolveSecret = resolver({});

    for (const file of [
      "../outside",
      join(folder, "outside"),
      "link",
      "up/outside",
      "missing",
      ".",
      "inside/x",
    ])
      expect({ file, secret: await resolveSecret({ file }) }).toEqual({ file, secret: null });
    expect(await resolveSecret({ file: "fine" })).not.toBeNull();
  });

  test("are null without a word when the reference is neither", async () => {
    expect(await resolver({})({})).toBeNull();
  });
});

describe("secrets that options refer to", () => {
  test("come from the variable or file that is named", () => {
    write("password", "s3cret\r\n");

    expect(readOptionSecret("credentials.password", { env: "P" }, { P: "pw" })?.reveal()).toBe("pw");
    expect(readOptionSecret("credentials.password", { file: join(folder, "password") }, {})?.reveal()).toBe(
      "s3cret",
    );
    expect(readOptionSecret("credentials.password", {}, {})).toBeNull();
  });

  test("must be there when they are named", () => {
    write("empty", "\n");
    chmodSync(join(folder, "empty"), 0o600);

    expect(() => readOptionSecret("webhook.secret", { env: "P" }, {})).toThrow(
      "webhook.secretEnv names the environment variable P, which is not set.",
    );
    expect(() => readOptionSecret("webhook.secret", { file: join(folder, "empty") }, {})).toThrow("is empty");
    expect(() => readOptionSecret("webhook.secret", { file: join(folder, "none") }, {})).toThrow("ENOENT");
  });
});

interface Given {
  readonly flags?: Record<string, string>;
  readonly environment?: Record<string, string>;
  readonly file?: string;
}

function load({ flags = {}, environment = {}, file }: Given) {
  return loadConfig({ cwd: folder, flags, environment, file, terminal: true });
}

function origins(config: ReturnType<typeof load>, ...keys: string[]) {
  return keys.map((key) => config.shown.find((option) => option.key === key)?.origin);
}

function resolver(environment: Record<string, string>) {
  mkdirSync(join(folder, "secrets"), { recursive: true });
  return secretResolver(join(folder, "secrets"), environment, silentLog());
}

function write(name: string, text: string) {
  mkdirSync(join(folder, name, ".."), { recursive: true });
  writeFileSync(join(folder, name), text);
}

function bomb(): string {
  const names = "bcdefghij".split("");
  return names
    .map((name, index) => {
      const before = index === 0 ? "a" : names[index - 1];
      return `${name}: &${name} [${Array.from({ length: 9 }, () => `*${before}`).join(",")}]`;
    })
    .join("\n");
}
