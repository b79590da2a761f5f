import { describe, expect, test } from "vitest";

import { Secret } from "../../../src/secret.ts";
import { gitConfig, gitEnvironment } from "../../../src/source/git/git-environment.ts";
import { parseLocation } from "../../../src/source/git/location.ts";
import { checkBranchName } from "../../../src/source/git/ref-name.ts";
import { sourceError, withoutSecrets } from "../../../src/source/mirror/source-errors.ts";
import { linkTarget } from "../../../src/source/revision/manifest-entries.ts";
import { isInsideGit, manifestPaths } from "../../../src/source/revision/manifest-paths.ts";

describe("the name of a branch", () => {
  test.each(["main", "feature/x-1", "ümlaut", "a.b", "@x", "x.locker", "refs"])("%s may be one", (name) => {
    expect(() => checkBranchName(name)).not.toThrow();
  });

  test.each([
    "",
    "-x",
    "a..b",
    "a b",
    "a\nb",
    "a~1",
    "a^",
    "a:b",
    "a?",
    "a*",
    "a[",
    "a\\b",
    "/a",
    "a/",
    "a//b",
    ".a",
    "a/.b",
    "a.",
    "a.lock",
    "a.lock/b",
    "@",
    "@{-1}",
    "HEAD",
    "x".repeat(256),
  ])("%j may not", (name) => {
    expect(() => checkBranchName(name)).toThrow("can't be the name of a branch");
  });
});

describe("the configured paths", () => {
  test("cover what they are and what is below them, and nothing else", () => {
    const paths = manifestPaths(["./apis/", "apis", "one.txt"]);

    expect(paths.paths).toEqual(["apis", "one.txt"]);
    expect(["apis/x.yaml", "apis/X.YAML", "apis/deep/x.yml", "one.txt"].every(paths.isManifest)).toBe(true);
    expect(
      ["apis2/x.yaml", "apis/x.yaml.txt", "apis/x.txt", "x.yaml", "one.txt2"].some(paths.isManifest),
    ).toBe(false);
  });

  test("may be the whole repository", () => {
    expect(manifestPaths(["."]).isManifest("any/where.yaml")).toBe(true);
  });

  test.each(["/etc", "..", "../x", "a/../../x", "a\0b"])("%j leads out and is refused", (path) => {
    expect(() => manifestPaths([path])).toThrow("leads out of the repository");
  });

  test("never lead into .git", () => {
    expect(["a/.git/x.yaml", ".GIT/x", ".git"].every(isInsideGit)).toBe(true);
    expect(["a/.github/x.yaml", "x.git/y", ".gitignore"].some(isInsideGit)).toBe(false);
  });
});

test("a symlink is followed on paper only as far as the repository goes", () => {
  expect(linkTarget("apis/a", "../x")).toBe("x");
  expect(linkTarget("apis/a", "..")).toBe(".");
  expect(linkTarget("apis/a", "../..")).toBeNull();
  expect(linkTarget("apis/a", "/etc")).toBeNull();
});

describe("what git is started with", () => {
  test("is only what is named", () => {
    const outer = { PATH: "/bin", GIT_DIR: "/x", LD_PRELOAD: "x", https_proxy: "http://p", HOME: "/root" };

    const environment = gitEnvironment(outer, { home: "/data", configFile: "/data/c" });

    expect(environment).toMatchObject({
      PATH: "/bin",
      https_proxy: "http://p",
      HOME: "/data",
      GIT_CONFIG_GLOBAL: "/data/c",
    });
    expect(environment).not.toHaveProperty("GIT_DIR");
    expect(environment).not.toHaveProperty("LD_PRELOAD");
  });

  test("allows one protocol, and binds credentials to one host without holding them", () => {
    const credentials = { username: "u", password: new Secret("hunter2") };

    const config = gitConfig(parseLocation("https://git.example.com:1/x"), credentials, 1000);

    expect(config.match(/\[protocol "(.*)"\]/g)).toEqual(['[protocol "https"]']);
    expect(config).toContain('[credential "https://git.example.com:1"]');
    expect(config).not.toContain("hunter2");
  });

  test("asks ssh for known hosts and the given key, and refuses paths that a shell would read otherwise", () => {
    const location = parseLocation("git@example.com:x");

    const config = gitConfig(location, { sshKeyFile: "/keys/my key", knownHostsFile: "/keys/hosts" }, 1000);

    expect(config).toContain(String.raw`-o 'IdentityFile=\"/keys/my key\"'`);
    expect(config).toContain("StrictHostKeyChecking=yes");
    for (const sshKeyFile of ["/a'b", '/a"b', "/$(id)", "/a`b", "/a%h", "/a\\b", "/a\nb"])
      expect(() => gitConfig(location, { sshKeyFile }, 1000)).toThrow("Move the file");
  });
});

describe("the message of a failure", () => {
  const location = parseLocation("https://git.example.com/x");

  test.each([
    ["fatal: Authentication failed for 'https://git.example.com/x'", "source-auth"],
    [
      "fatal: could not read Username for 'https://git.example.com': terminal prompts disabled",
      "source-auth",
    ],
    ["git@example.com: Permission denied (publickey).", "source-auth"],
    ["Host key verification failed.", "source-auth"],
    ["fatal: unable to access 'x': The requested URL returned error: 403", "source-auth"],
    ["fatal: repository 'https://git.example.com/x' not found", "source-unreachable"],
    ["fatal: unable to access 'x': Could not resolve host: git.example.com", "source-unreachable"],
    ["", "source-unreachable"],
  ])("%j is %s", (stderr, code) => {
    expect(sourceError(location, stderr, undefined)).toMatchObject({ code });
  });

  test("never has a password in it, in whatever form", () => {
    const password = new Secret("hunter2/+");
    const forms = ["hunter2/+", "hunter2%2F%2B", Buffer.from("hunter2/+").toString("base64")];

    const text = withoutSecrets(
      `${forms.join(" ")} https://u:hunter2/+@host https://u:other@host/x`,
      password,
    );

    for (const form of [...forms, "other"]) expect(text).not.toContain(form);
  });

  test("is one short line without control characters", () => {
    const { message } = sourceError(location, `\u001b[31mremote:\r\n${"x".repeat(10_000)}`, undefined);

    expect(message).not.toMatch(/\p{Cc}/u);
    expect(message.length).toBeLessThan(1000);
  });
});
