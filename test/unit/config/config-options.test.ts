import { describe, expect, test } from "vitest";

import { configOptions } from "../../../src/config-options.ts";
import { loadConfig } from "../../../src/config.ts";
import { AppError } from "../../../src/errors.ts";

const nowhere = "/nowhere/at/all";

/** A value that differs from the default for each option, as a flag or variable has it. */
const samples: Record<string, string> = {
  source: "https://git.example.com/apis.git",
  branch: "release",
  paths: "other",
  dataDir: "/srv/data",
  databaseUrl: "postgres://db.example.com/other",
  secretsDir: "/srv/secrets",
  interval: "7m",
  "credentials.username": "robot",
  "credentials.passwordEnv": "THE_PASSWORD",
  "credentials.passwordFile": "/srv/password",
  "credentials.sshKeyFile": "/srv/key",
  "credentials.knownHostsFile": "/srv/hosts",
  "prune.objects": "7",
  "prune.share": "0.5",
  "limits.fileSize": "7KiB",
  "limits.files": "7",
  "limits.parseTime": "7s",
  "limits.gitTime": "7m",
  "endpoint.host": "::1",
  "endpoint.port": "7777",
  "endpoint.base": "/seven",
  "endpoint.scriptWorkers": "7",
  "endpoint.scriptQueue": "7",
  "endpoint.webSockets": "7",
  "endpoint.nodeId": "7",
  "endpoint.noticeInterval": "5m",
  "endpoint.revisionHeader": "X-Seven",
  "endpoint.trustedProxies": "10.0.0.0/8",
  "endpoint.drainDelay": "7s",
  "targets.allow": "169.254.20.10",
  "targets.deny": "10.0.0.0/8",
  "dashboard.host": "::1",
  "dashboard.port": "7778",
  "dashboard.hosts": "gitway.example.com",
  "dashboard.edits": "branch",
  "dashboard.newFiles": "{path}/{name}.yml",
  "dashboard.orgId": "54b53d3aeba6db5c35000002",
  "softLaunch.UserDefinableAPI": "true",
  "webhook.secretEnv": "THE_SECRET",
  "webhook.secretFile": "/srv/secret",
  "log.level": "debug",
  "log.format": "json",
  "log.access": "off",
  "log.file": "/srv/gitway.log",
  "log.accessFile": "/srv/access.log",
  "log.fileSize": "7MiB",
  "log.files": "7",
};

describe("each option is a flag and a variable", () => {
  test.each(configOptions.map((option) => option.key))("%s", (key) => {
    const option = configOptions.find((candidate) => candidate.key === key);
    const variable = option?.variables[0] ?? "";
    const sample = samples[key] ?? "";

    const byDefault = load({});
    const byVariable = load({ environment: { [variable]: sample } });
    const byFlag = load({ flags: { [key]: sample }, environment: { [variable]: sample } });

    expect(shown(byDefault, key)?.origin).toBe("default");
    expect(shown(byVariable, key)?.origin).toBe(`environment ${variable}`);
    expect(shown(byFlag, key)?.origin).toBe(`flag ${option?.flag}`);
    expect(shown(byVariable, key)?.value).toEqual(shown(byFlag, key)?.value);
    expect(shown(byFlag, key)?.value).not.toEqual(shown(byDefault, key)?.value);
  });
});

test("a flag that is neither true nor false says so", () => {
  const asked = { "softLaunch.UserDefinableAPI": "yes" };

  expect(() => load({ flags: asked })).toThrow("'softLaunch.UserDefinableAPI' must be true or false");
});

describe("names", () => {
  test("follow from the key", () => {
    const names = new Map(configOptions.map((option) => [option.key, [option.flag, ...option.variables]]));

    expect(names.get("endpoint.port")).toEqual(["--endpoint-port", "GITWAY_ENDPOINT_PORT"]);
    expect(names.get("dataDir")).toEqual(["--data-dir", "GITWAY_DATA_DIR"]);
    expect(names.get("paths")).toEqual(["--path", "GITWAY_PATHS"]);
    expect(names.get("softLaunch.UserDefinableAPI")).toEqual([
      "--soft-launch-user-definable-api",
      "GITWAY_SOFT_LAUNCH_USER_DEFINABLE_API",
    ]);
    expect(names.get("databaseUrl")).toEqual(["--database-url", "GITWAY_DATABASE_URL", "DATABASE_URL"]);
  });

  test("are given once each", () => {
    const flags = configOptions.map((option) => option.flag);

    expect(new Set(flags).size).toBe(flags.length);
  });
});

describe("values", () => {
  test("a list of addresses holds addresses and ranges, since any other entry would stand for nobody", () => {
    const { targets } = load({ flags: { "targets.allow": ["10.0.0.7", "fe80::/64"] } });

    expect(targets).toEqual({ allow: ["10.0.0.7", "fe80::/64"], deny: [] });
    for (const key of ["targets.allow", "targets.deny", "endpoint.trustedProxies"])
      for (const entry of ["10.0.0", "10.0.0.256", "10.0.0.0/33", "::1/129", ":::"])
        expect(refusalOf(() => load({ flags: { [key]: ["10.0.0.1", entry] } }))).toContain(`'${entry}'`);
  });

  test("Gitway's own variable of the database comes before DATABASE_URL, and an empty one counts as not set", () => {
    const both = {
      GITWAY_DATABASE_URL: "postgres://one.example.com/a",
      DATABASE_URL: "postgres://two.example.com/b",
    };

    expect(load({ environment: both }).databaseUrl?.reveal()).toBe(both.GITWAY_DATABASE_URL);
    expect(load({ environment: { ...both, GITWAY_DATABASE_URL: "" } }).databaseUrl?.reveal()).toBe(
      both.DATABASE_URL,
    );
  });

  test("relative paths are relative to the working folder, and a URL stays a URL", () => {
    const config = load({ flags: { dataDir: "data", source: "../apis" } });

    expect(config.dataDir).toBe("/nowhere/at/all/data");
    expect(config.source).toBe("/nowhere/at/apis");
    for (const source of [
      "git@git.example.com:team/apis.git",
      "ssh://git@git.example.com/apis",
      "file:///srv/apis",
    ])
      expect(load({ flags: { source } }).source).toBe(source);
  });

  test("a list is comma separated in a variable, and several flags on the command line", () => {
    expect(load({ environment: { GITWAY_PATHS: "apis, more" } }).paths).toEqual(["apis", "more"]);
    expect(load({ flags: { paths: ["a,b", "c"] } }).paths).toEqual(["a,b", "c"]);
  });

  test("times become milliseconds and sizes bytes", () => {
    const config = load({});

    expect(config).toMatchObject({ interval: 60_000, limits: { fileSize: 1_048_576, parseTime: 5000 } });
  });

  test("the log is text on a terminal and JSON elsewhere", () => {
    expect(load({ terminal: true }).log.format).toBe("text");
    expect(load({ terminal: false }).log.format).toBe("json");
  });
});

describe("what is wrong", () => {
  test.each<[Record<string, string>, string]>([
    [{ "endpoint.port": "http" }, "flag --endpoint-port: 'endpoint.port' must be integer"],
    [{ "endpoint.port": "99999" }, "flag --endpoint-port: 'endpoint.port' must be <= 65535"],
    [{ "log.level": "loud" }, "'log.level' must be one of fatal, error, warn"],
    [{ interval: "5 minutes" }, "'interval' does not have the right form (A whole number and a unit"],
    [{ interval: "400d" }, "flag --interval: 'interval' must be 20d or less."],
    [{ source: "https://jo:hunter22@git.example.com/a.git" }, "must not hold a password"],
    [{ source: "https://ghp_token@git.example.com/a.git" }, "must not hold a password"],
    [{ source: "ssh://git:pw@git.example.com/a.git" }, "must not hold a password"],
  ])("%j is refused with its place", (flags, message) => {
    const attempt = () => load({ flags });

    expect(attempt).toThrow(AppError);
    expect(attempt).toThrow(message);
  });

  test("a wrong variable is named", () => {
    expect(() => load({ environment: { GITWAY_DASHBOARD_PORT: "-1" } })).toThrow(
      "environment GITWAY_DASHBOARD_PORT: 'dashboard.port' must be >= 0",
    );
  });

  test("no message and nothing that is shown holds a password", () => {
    const password = "hunter22";
    const source = `https://jo:${password}@git.example.com/a.git`;
    const refusals = [{ source }, { databaseUrl: `mysql://jo:${password}@db.example.com/x` }].map((flags) =>
      refusalOf(() => load({ flags })),
    );
    const config = load({
      flags: { databaseUrl: `postgres://jo:${password}@db.example.com/x?password=${password}` },
    });

    expect(refusals.join()).not.toContain(password);
    expect(JSON.stringify(config)).not.toContain(password);
    expect(shown(config, "databaseUrl")?.value).toBe("postgres://db.example.com/x");
  });
});

interface Given {
  readonly flags?: Record<string, string | string[]>;
  readonly environment?: Record<string, string>;
  readonly terminal?: boolean;
}

function load(given: Given) {
  const { flags = {}, environment = {}, terminal = true } = given;
  return loadConfig({ cwd: nowhere, flags, environment, terminal });
}

function shown(config: ReturnType<typeof load>, key: string) {
  return config.shown.find((option) => option.key === key);
}

function refusalOf(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    return String(error);
  }
  throw new Error("not refused");
}
