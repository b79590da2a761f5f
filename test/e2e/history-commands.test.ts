import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { createDatabase, type TestDatabase } from "../support/database.ts";
import { createRepository, type TestRepository } from "../support/git-repository.ts";
import { type GitwayResult, runGitway, startGitway } from "../support/gitway-process.ts";

const john = { name: "John Doe", email: "john.doe@example.com" };
const jane = { name: "Jane Roe", email: "jane.roe@example.com" };

let repository: TestRepository;
let database: TestDatabase;
let env: Record<string, string>;

beforeEach(async () => {
  [repository, database] = await Promise.all([createRepository(), createDatabase()]);
  env = { DATABASE_URL: database.url };
});

afterEach(async () => {
  await Promise.all([repository.remove(), database.drop()]);
});

describe("gitway history", () => {
  test("tells every version with its author, place and fields, also after the deletion", async () => {
    const commits = [
      await applied(john, { "apis/hello.yaml": manifest("hello", { body: "one" }) }),
      await applied(jane, { "apis/hello.yaml": `# moved down\n${manifest("hello", { body: "two" })}` }),
    ];
    await applied(john, { "apis/hello.yaml": null, "apis/other.yaml": manifest("other") }, "--allow-prune");
    await applied(jane, { "apis/again.yaml": manifest("hello", { body: "three" }) });

    const { code, stdout } = await gitway("history", "definitions", "hello");
    const json = await gitway("history", "ApiDefinition", "hello", "--format", "json");
    const newest = await gitway("history", "definition", "hello", "--limit", "1");

    expect(code).toBe(0);
    expect(stdout.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, "TIME").split("\n")).toEqual([
      `revision 1  TIME  added  by John Doe  ${commits[0]?.slice(0, 7)}  apis/hello.yaml:1`,
      `revision 2  TIME  updated  by Jane Roe  ${commits[1]?.slice(0, 7)}  apis/hello.yaml:2`,
      '    ~ spec.action.reply.body: "one" -> "two"',
      expect.stringMatching(
        /^revision 3 {2}TIME {2}deleted {2}by John Doe {2}[0-9a-f]{7} {2}apis\/hello\.yaml:2$/,
      ),
      expect.stringMatching(
        /^revision 4 {2}TIME {2}added {2}by Jane Roe {2}[0-9a-f]{7} {2}apis\/again\.yaml:1$/,
      ),
      "",
    ]);
    const steps = JSON.parse(json.stdout) as { action: string; fields: unknown[] }[];
    expect(steps.map(({ action }) => action)).toEqual(["added", "updated", "deleted", "added"]);
    expect(steps[1]?.fields).toEqual([{ path: "/spec/action/reply/body", before: "one", after: "two" }]);
    expect(newest.stdout).toMatch(/^revision 4 .*\n$/);
  });

  test("of a name that never was says what was meant", async () => {
    await applied(john, { "apis/hello.yaml": manifest("hello") });

    const text = await gitway("history", "definition", "helo");
    const json = await gitway("history", "definition", "helo", "--format", "json");
    const kind = await gitway("history", "thing", "hello");

    expect([text.code, json.code, json.stdout, kind.code]).toEqual([1, 1, "[]\n", 3]);
    expect(text.stderr).toContain("Did you mean 'hello'?");
  });
});

test("whois, get and history name the file that an object has moved to", async () => {
  await applied(john, { "apis/old.yaml": manifest("hello") });
  await applied(jane, { "apis/old.yaml": null, "apis/new.yaml": `# moved\n${manifest("hello")}` });

  const whois = await gitway("whois", "hello");
  const got = await gitway("get", "definitions", "hello", "--format", "json");
  const history = await gitway("history", "definition", "hello");
  const events = await gitway("events", "--format", "json");

  expect(whois.stdout).toContain("manifest    apis/new.yaml:2\n");
  expect(JSON.parse(got.stdout)).toMatchObject([{ status: { path: "apis/new.yaml", line: 2 } }]);
  expect(history.stdout).toMatch(/ {2}apis\/old\.yaml:1\n {4}moved to apis\/new\.yaml:2\n$/);
  expect(events.stdout.match(/\n/g)).toHaveLength(1);
});

describe("gitway whois", () => {
  let commit: string;

  beforeEach(async () => {
    commit = await applied(jane, {
      "apis/all.yaml": [
        manifest("status", { route: "encoders/{id}/status" }),
        manifest("special", { route: "encoders/special/status" }),
        manifest("below", { route: "files", more: "match: prefix" }),
        manifest("listener", { listenPath: "/legacy", more: "methods: [GET]" }),
        manifest("asleep", { route: "asleep", more: "active: false" }),
      ].join("---\n"),
    });
  });

  test("names definition, file, line, commit, author and time", async () => {
    const { code, stdout } = await gitway("whois", "encoders/1/status");

    expect(code).toBe(0);
    expect(stdout.split("\n")).toEqual([
      "ApiDefinition 'status' answers /api/custom/encoders/1/status.",
      "route       encoders/{id}/status",
      "parameters  id=1",
      expect.stringMatching(/^methods {5}GET, /),
      "manifest    apis/all.yaml:1",
      `commit      ${commit}`,
      expect.stringMatching(/^added {7}by Jane Roe <jane\.roe@example\.com>, \d{4}-.*Z, revision 1$/),
      "",
    ]);
  });

  test.each([
    [["encoders/special/status"], "special"],
    [["/api/custom/ENCODERS/Special/status?x=1"], "special"],
    [["/api/custom/encoders/{id}/status"], "status"],
    [["files/a/b"], "below"],
    [["get", "/legacy/x"], "listener"],
    [["GET", "http://localhost:8080/api/custom/files"], "below"],
  ])("%j is answered by %s", async (words, name) => {
    const { code, stdout } = await gitway("whois", ...words, "--format", "json");

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      answered: true,
      definition: { name },
      event: { action: "added" },
    });
  });

  test("who does not answer is told, with 1", async () => {
    const [nobody, inactive, method] = [
      await gitway("whois", "encoders"),
      await gitway("whois", "asleep"),
      await gitway("whois", "POST", "/legacy"),
    ];
    const json = await gitway("whois", "nowhere", "--format", "json");

    expect([nobody.code, inactive.code, method.code, json.code]).toEqual([1, 1, 1, 1]);
    expect(nobody.stdout).toBe("No definition answers /api/custom/encoders.\n");
    expect(inactive.stdout).toContain("'asleep' has that path, and is not active");
    expect(method.stdout).toContain(
      "ApiDefinition 'listener' answers there, but not this method: it takes GET.",
    );
    expect(JSON.parse(json.stdout)).toMatchObject({ answered: false, refusal: "nobody", definition: null });
  });

  test("what no request can ask for is wrong use", async () => {
    const results = [
      await gitway("whois", "/a/../b"),
      await gitway("whois", "GET", "a", "b"),
      await gitway("whois"),
    ];

    expect(results.map(({ code }) => code)).toEqual([3, 3, 3]);
  });

  test("a change that waits is told with its author", async () => {
    const broken = manifest("below", { route: "files", more: "match: prefix\n  metods: [GET]" });
    await repository.commit({ author: john, files: { "apis/all.yaml": broken } });
    await gitway("apply");

    const { code, stdout } = await gitway("whois", "files");

    expect(code).toBe(0);
    expect(stdout).toMatch(/^quarantined a change by John Doe, commit [0-9a-f]{7}, since \d{4}-/m);
    expect(stdout).toMatch(/^ +apis\/all\.yaml:\d+:\d+ error: .*metods/m);
  });

  test("a newcomer that is quarantined is no name that never was, and named where nobody answers", async () => {
    const newcomer = manifest("newcomer", { route: "new", more: "tokens: [gone]" });
    await repository.commit({ author: john, files: { "apis/new.yaml": newcomer } });
    await gitway("apply");

    const history = await gitway("history", "definition", "newcomer");
    const whois = await gitway("whois", "new");

    expect([history.code, whois.code]).toEqual([1, 1]);
    expect(history.stderr).toContain("ApiDefinition 'newcomer' is quarantined and was never live.");
    expect(whois.stdout).toBe(
      "No definition answers /api/custom/new.\nquarantined and not live: newcomer; see: gitway status\n",
    );
  });

  test("a definition that somebody else broke is told with both", async () => {
    const token =
      "apiVersion: gitway/v1\nkind: ApiToken\nmetadata: { name: t }\nspec: { secret: { generate: true } }\n";
    const files = {
      "apis/secured.yaml": manifest("secured", { more: "tokens: [t]" }),
      "apis/t.yaml": token,
      "apis/gone.yaml": manifest("gone"),
    };
    await applied(john, files);
    await repository.commit({ author: jane, files: { "apis/t.yaml": null } });
    await gitway("apply");
    await repository.commit({ author: jane, files: { "apis/gone.yaml": "kind: [" } });
    await gitway("apply");

    const whois = await gitway("whois", "secured");
    const status = await gitway("status");

    expect(whois.stdout).toMatch(/^quarantined its manifest by John Doe, commit [0-9a-f]{7}, since/m);
    expect(whois.stdout).toMatch(/^ +broken by Jane Roe, commit [0-9a-f]{7}$/m);
    expect(status.stdout).toMatch(
      /^ {4}since .*, by commit [0-9a-f]{7} of John Doe, broken by commit [0-9a-f]{7} of Jane Roe$/m,
    );
    expect(status.stdout).toMatch(
      /^! ApiDefinition gone is not deleted: .*\n {4}since .*, by commit [0-9a-f]{7} of Jane Roe$/m,
    );
  });
});

describe("gitway events verify", () => {
  beforeEach(async () => {
    await applied(john, { "apis/hello.yaml": manifest("hello", { body: "one" }) });
    await applied(jane, { "apis/hello.yaml": manifest("hello", { body: "two" }) });
  });

  test("finds all as it was written", async () => {
    const text = await gitway("events", "verify");
    const json = await gitway("events", "verify", "--format", "json");
    const events = await gitway("events", "--limit", "1");

    expect([text.code, json.code, events.code]).toEqual([0, 0, 0]);
    expect(text.stdout).toBe("2 events checked: all as they were written.\n");
    expect(JSON.parse(json.stdout)).toEqual({ checked: 2, healed: 0, fault: null, unknownCommits: [] });
    expect(events.stdout).toMatch(/updated by Jane Roe\n$/);
  });

  test("names a changed row, and what Git says", async () => {
    await behindItsBack("update gitway.event set actor_name = 'Mallory' where action = 'updated'");

    const { code, stdout } = await gitway("events", "verify");

    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^Event 2 does not fit: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ {2}ApiDefinition with route 'hello'/,
    );
    expect(stdout).toMatch(
      /^ {2}Its author is 'Mallory <jane\.roe@example\.com>', and commit [0-9a-f]{40} says 'Jane Roe <jane\.roe@example\.com>'\.$/m,
    );
    expect(stdout).toContain("1 event before it as they were written.");
  });

  test("says which commits it could not check, when history was rewritten or the source is away", async () => {
    await repository.git("checkout", "--quiet", "--orphan", "fresh");
    const fresh = await repository.commit({
      author: john,
      files: { "apis/hello.yaml": manifest("hello", { body: "two" }) },
    });
    await repository.git("branch", "--quiet", "--force", "main", fresh);
    const elsewhere = await gitway("events", "verify", "--data-dir", "elsewhere", "--branch", "main");
    await repository.git("update-ref", "-d", "refs/heads/main");
    const away = await gitway("events", "verify", "--branch", "main");

    expect(elsewhere.code).toBe(0);
    expect(
      elsewhere.stderr.match(/^Commit [0-9a-f]{40} can't be checked: the source does not have it\.$/gm),
    ).toHaveLength(2);
    expect(away.code).toBe(0);
    expect(away.stderr).toContain("The source can't be fetched");
  });
});

test("a daemon that runs heals at once what was slipped into the store", async () => {
  await applied(john, { "apis/hello.yaml": manifest("hello"), "apis/other.yaml": manifest("other") });
  await using daemon = startGitway(
    ["run", "--interval", "1h", "--endpoint-port", "0", "--dashboard-port", "0"],
    {
      cwd: repository.path,
      env,
    },
  );
  await daemon.waitFor("stdout", /Nothing has changed since the last time/);

  await database.query("update gitway.object_version set to_revision = 9 where name = 'hello'");

  await vi.waitFor(
    async () =>
      expect((await gitway("events", "--limit", "1")).stdout).toMatch(/'hello' .* was added by Gitway\n$/),
    { timeout: 20_000, interval: 200 },
  );
});

async function applied(
  author: typeof john,
  files: Record<string, string | null>,
  ...flags: string[]
): Promise<string> {
  const commit = await repository.commit({ author, files });
  const { code, stderr } = await gitway("apply", ...flags);
  expect([code, stderr]).toEqual([0, expect.anything()]);
  return commit;
}

interface Spec {
  readonly route?: string;
  readonly listenPath?: string;
  readonly body?: string;
  readonly more?: string;
}

function manifest(name: string, { route = name, listenPath, body = "ok", more }: Spec = {}): string {
  return `apiVersion: gitway/v1
kind: ApiDefinition
metadata: { name: ${name} }
spec:
  ${listenPath === undefined ? `route: "${route}"` : `listenPath: ${listenPath}`}
  action: { reply: { body: ${body} } }
${more === undefined ? "" : `  ${more}\n`}`;
}

async function behindItsBack(statement: string): Promise<void> {
  await database.query(
    `begin; alter table gitway.event disable trigger user; ${statement};
     alter table gitway.event enable trigger user; commit`,
  );
}

function gitway(...args: string[]): Promise<GitwayResult> {
  return runGitway(args, { cwd: repository.path, env });
}
