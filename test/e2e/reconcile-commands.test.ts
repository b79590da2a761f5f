import { createHash } from "node:crypto";

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";

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

test("plan, apply and plan again: changes are pending, applied by their authors, and gone", async () => {
  await repository.commit({ author: john, files: { "apis/token.yaml": token } });
  const commit = await repository.commit({ author: jane, files: { "apis/hello.yaml": definition("hello") } });

  const before = await gitway("plan");
  const applied = await gitway("apply");
  const after = await gitway("plan");
  const again = await gitway("apply", "--format", "json");

  expect([before.code, applied.code, after.code, again.code]).toEqual([2, 0, 0, 0]);
  expect(before.stdout).toContain("+ ApiDefinition 'hello' with route 'hello' will be added");
  expect(applied.stdout).toMatch(
    /^\+ ApiToken internal {2}by John Doe {2}apis\/token\.yaml:1 {2}[0-9a-f]{7}$/m,
  );
  expect(applied.stdout).toContain(
    `+ ApiDefinition hello  route hello  by Jane Roe  apis/hello.yaml:1  ${commit.slice(0, 7)}`,
  );
  expect(JSON.parse(again.stdout)).toMatchObject({
    revision: 1,
    summary: { created: 0, updated: 0, deleted: 0, unchanged: 2, quarantined: 0, held: 0 },
    changes: [],
    problems: [],
  });
});

test("apply as JSON names each change with its author and place", async () => {
  const commit = await repository.commit({
    author: jane,
    files: { "apis/hello.yaml": definition("hello", []) },
  });

  const { stdout } = await gitway("apply", "--format", "json");

  expect(JSON.parse(stdout)).toMatchObject({
    revision: 1,
    summary: { created: 1 },
    changes: [
      {
        action: "create",
        kind: "ApiDefinition",
        name: "hello",
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        route: "hello",
        actor: jane,
        commit,
        path: "apis/hello.yaml",
        line: 1,
      },
    ],
  });
});

test("a broken manifest is told with its place, ends with 1, and lets the others through", async () => {
  const broken = definition("broken", []).replace("route:", "rout:");
  await repository.commit({ files: { "apis/a.yaml": broken, "apis/hello.yaml": definition("hello", []) } });

  const plan = await gitway("plan");
  const apply = await gitway("apply");
  const status = await gitway("status");

  expect([plan.code, apply.code, status.code]).toEqual([1, 1, 1]);
  expect(apply.stdout).toContain("+ ApiDefinition hello");
  expect(apply.stderr).toContain("! ApiDefinition broken is quarantined; it is not live");
  expect(apply.stderr).toMatch(/^apis\/a\.yaml:5:3 error: .*'route'.* \[unknown-field\]$/m);
  expect(status.stdout).toMatch(/^state +degraded since/m);
  expect(status.stdout).toContain("apis/a.yaml:5:3 error:");
});

test("too many deletions are held until they are let through", async () => {
  const names = ["a", "b", "c", "d", "e", "f"];
  await repository.commit({
    files: Object.fromEntries(names.map((name) => [`apis/${name}.yaml`, definition(name, [])])),
  });
  await gitway("apply");
  await repository.commit({
    files: Object.fromEntries(names.slice(1).map((name) => [`apis/${name}.yaml`, null])),
  });

  const held = await gitway("apply");
  const status = await gitway("status", "--format", "json");
  const let_ = await gitway("apply", "--allow-prune");

  expect([held.code, let_.code]).toEqual([1, 0]);
  expect(held.stderr).toContain("! ApiDefinition b is not deleted: ");
  expect((JSON.parse(status.stdout) as { held: unknown[] }).held).toHaveLength(5);
  expect(let_.stdout).toMatch(/^- ApiDefinition b {2}route b {2}by Test Author/m);
});

describe("suspended", () => {
  const jane_ = "Jane Roe <jane.roe@example.com>";

  beforeEach(async () => {
    await repository.commit({ author: john, files: { "apis/hello.yaml": definition("hello", []) } });
    await gitway("apply");
  });

  test("apply ends with 1 and says by whom, why and how to go on; status and plan say what waits", async () => {
    const suspended = await gitway("suspend", "--reason", "release freeze", "--by", jane_);
    const again = await gitway("suspend", "--by", "John Doe");
    await repository.commit({ author: john, files: { "apis/token.yaml": token } });
    const apply = await gitway("apply");
    const plan = await gitway("plan");
    const status = await gitway("status");
    const json = await gitway("status", "--format", "json");

    expect([suspended.code, again.code, suspended.stdout + again.stdout]).toEqual([0, 0, ""]);
    expect(again.stderr).toMatch(
      /^Reconciling is suspended already, since \S+ by Jane Roe: release freeze\./,
    );
    expect([apply.code, apply.stdout]).toEqual([1, ""]);
    expect(apply.stderr).toMatch(
      /^gitway: Reconciling is suspended since \S+ by Jane Roe \(release freeze\): .* 'gitway resume'/,
    );
    expect(plan.code).toBe(2);
    expect(plan.stderr).toMatch(/suspended since \S+ by Jane Roe: release freeze\.$/m);
    expect(status.stdout).toMatch(/^suspended +since \S+ by Jane Roe: release freeze \(\d+s ago\)$/m);
    expect(JSON.parse(json.stdout)).toMatchObject({
      suspension: { by: { name: "Jane Roe", email: "jane.roe@example.com" }, reason: "release freeze" },
    });
  });

  test("is over with resume", async () => {
    await gitway("suspend");
    const resumed = await gitway("resume");
    const again = await gitway("resume");

    expect([resumed.code, again.code, again.stderr]).toEqual([0, 0, "Reconciling is not suspended.\n"]);
    expect(resumed.stderr).toMatch(/^Resumed\. Reconciling was suspended since \S+ by \S+/);
    expect((await gitway("apply")).code).toBe(0);
  });

  test("a reason is a line", async () => {
    expect((await gitway("suspend", "--reason", "a\nb")).code).toBe(3);
  });
});

describe("looking", () => {
  beforeEach(async () => {
    await repository.commit({
      author: john,
      files: { "apis/hello.yaml": definition("hello", []), "apis/token.yaml": token },
    });
    await gitway("apply");
  });

  test("get prints what is live as a table, as JSON and as YAML", async () => {
    const table = await gitway("get", "definitions");
    const json = await gitway("get", "definitions", "--format", "json");
    const yaml = await gitway("get", "tokens", "internal", "--format", "yaml");

    expect(table.stdout).toMatch(/^NAME +ANSWERS AT .*\nhello +hello /);
    expect(JSON.parse(json.stdout)).toMatchObject([
      {
        apiVersion: "gitway/v1",
        kind: "ApiDefinition",
        metadata: { name: "hello" },
        spec: { route: "hello" },
        status: { path: "apis/hello.yaml", line: 1, commit: expect.stringMatching(/^[0-9a-f]{40}$/) },
      },
    ]);
    expect(parse(yaml.stdout)).toMatchObject({ kind: "ApiToken", spec: { secret: { generate: true } } });
  });

  test("get of an unknown name says what was meant", async () => {
    const { code, stdout, stderr } = await gitway("get", "definitions", "helo", "--format", "json");

    expect([code, JSON.parse(stdout)]).toEqual([1, []]);
    expect(stderr).toBe("gitway: There is no ApiDefinition 'helo'. Did you mean 'hello'?\n");
  });

  test("events are sentences, or one JSON object a line", async () => {
    const text = await gitway("events");
    const json = await gitway("events", "--format", "json", "--limit", "1");

    expect(text.stdout).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ {2}ApiDefinition with route 'hello' \([0-9a-f-]{36}\) was added by John Doe$/m,
    );
    expect(
      json.stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toMatchObject([{ parameterId: 64650, action: "added" }]);
  });

  test("events --follow goes on with those to come until it is interrupted", async () => {
    await using following = startGitway(["events", "--follow"], { cwd: repository.path, env });
    await following.waitFor("stdout", /ApiDefinition .* was added/);

    await gitway("token", "issue", "internal", "--by", "Jane Roe <jane.roe@example.com>");
    await following.waitFor("stdout", /ApiToken 'internal' .* by Jane Roe\n/);
    following.signal("SIGINT");

    const { code, stdout } = await following.ended;
    expect(code).toBe(0);
    expect(new Set(stdout.split("\n")).size).toBe(stdout.split("\n").length);
  });

  test("status tells revisions", async () => {
    const { code, stdout } = await gitway("status");

    expect(code).toBe(0);
    expect(stdout).toMatch(/^state +synced since /m);
    expect(stdout).toMatch(/^converged +revision 1 {2}[0-9a-f]{7} {2}\d+s ago$/m);
  });
});

test("status tells of what is quarantined since when, by whose commit, why, and what serves instead", async () => {
  const good = await repository.commit({
    author: john,
    files: { "apis/hello.yaml": definition("hello", []), "apis/other.yaml": definition("other", []) },
  });
  await gitway("apply");
  const bad = await repository.commit({
    author: jane,
    files: { "apis/hello.yaml": definition("hello", []).replace("route:", "rout:") },
  });
  await gitway("apply");
  const first = await gitway("status", "--format", "json");
  await repository.commit({
    author: john,
    files: { "apis/other.yaml": `# more\n${definition("other", [])}` },
  });
  await gitway("apply");

  const [text, later] = [await gitway("status"), await gitway("status", "--format", "json")];

  const [{ quarantined }, { quarantined: still }] = [JSON.parse(first.stdout), JSON.parse(later.stdout)];
  expect(quarantined).toMatchObject([
    {
      name: "hello",
      since: expect.stringMatching(/^\d{4}-/),
      commit: bad,
      author: jane,
      problems: expect.arrayContaining([expect.objectContaining({ file: "apis/hello.yaml", line: 5 })]),
      serving: true,
      lastGood: { commit: good, path: "apis/hello.yaml", line: 1 },
    },
  ]);
  expect(still).toEqual(quarantined);
  expect(text.code).toBe(1);
  expect(text.stdout).toContain("! ApiDefinition hello is quarantined; its last good version stays");
  expect(text.stdout).toMatch(
    new RegExp(`^ {4}since \\d{4}-.* ago\\), by commit ${bad.slice(0, 7)} of Jane Roe$`, "m"),
  );
  expect(text.stdout).toMatch(/^ {4}apis\/hello\.yaml:5:3 error: .*did you mean 'route'/m);
  expect(text.stdout).toContain(`    serving apis/hello.yaml:1 of commit ${good.slice(0, 7)}\n`);
});

test("status tells what goes on while the source can't be read", async () => {
  await repository.commit({ files: { "apis/hello.yaml": definition("hello", []) } });
  await gitway("apply");
  await gitway("apply", "--branch", "gone");

  const { code, stdout } = await gitway("status");

  expect(code).toBe(1);
  expect(stdout).toMatch(/^state +failed since .*\nerror +.*'gone'/m);
  expect(stdout).toContain(
    "staying    nothing was changed; revision 1 goes on with 1 object: ApiDefinition hello\n",
  );
});

describe("gitway token", () => {
  beforeEach(async () => {
    const byEnv = token.replace("internal", "partner").replace("generate: true", "env: PARTNER");
    await repository.commit({ files: { "apis/token.yaml": token, "apis/partner.yaml": byEnv } });
    await gitway("apply");
  });

  test("issue prints the secret, alone, and it is nowhere else", async () => {
    const { code, stdout, stderr } = await gitway("token", "issue", "internal");
    const secret = stdout.trimEnd();
    const hash = createHash("sha256").update(secret).digest("hex");
    const list = await gitway("token", "list");
    const everything = await Promise.all([
      gitway("token", "list", "--format", "json"),
      gitway("get", "tokens", "--format", "json"),
      gitway("events", "--format", "json"),
    ]);

    expect(code).toBe(0);
    expect(stdout).toMatch(/^[A-Za-z0-9_-]{43}\n$/);
    const told = [stderr, ...[list, ...everything].map((result) => result.stdout + result.stderr)].join("\n");
    expect(told).not.toContain(secret);
    expect(told).not.toContain(hash);
    expect(list.stdout).toMatch(/^\d+ +internal +issued /m);
  });

  test("issue refuses a token whose secret comes from elsewhere, and one that is not there", async () => {
    const elsewhere = await gitway("token", "issue", "partner");
    const missing = await gitway("token", "issue", "internl");

    expect([elsewhere.code, elsewhere.stdout, missing.code, missing.stdout]).toEqual([3, "", 1, ""]);
    expect(elsewhere.stderr).toContain("environment variable PARTNER");
    expect(missing.stderr).toContain("Did you mean 'internal'?");
  });

  test("rotate prints the new secret, alone, and says until when the old one works", async () => {
    await gitway("token", "issue", "internal");

    const rotated = await gitway("token", "rotate", "internal", "--by", "Jane Roe <jane.roe@example.com>");
    const list = JSON.parse((await gitway("token", "list", "internal", "--format", "json")).stdout);
    const events = await gitway("events", "--limit", "1");

    expect([rotated.code, rotated.stdout]).toEqual([0, expect.stringMatching(/^[A-Za-z0-9_-]{43}\n$/)]);
    const end = new Date(Date.parse(list[1].issuedAt) + 86_400_000).toISOString();
    expect(list.map(({ notAfter }: { notAfter: string }) => notAfter)).toEqual([end, null]);
    expect(rotated.stderr).toContain(`1 secret before it: valid until ${end.replace(/\.\d+Z/, "Z")}`);
    expect(rotated.stderr).not.toContain(rotated.stdout.trim());
    expect(events.stdout).toMatch(/A secret of ApiToken 'internal' \(.*\) was rotated by Jane Roe$/m);
  });

  test("revoke takes one secret, or all, and says when there is none left", async () => {
    for (let count = 0; count < 3; count++) await gitway("token", "issue", "internal");
    const [{ id }] = JSON.parse((await gitway("token", "list", "internal", "--format", "json")).stdout);

    const one = await gitway("token", "revoke", "internal", "--id", String(id));
    const stranger = await gitway("token", "revoke", "partner", "--id", String(id));
    const all = await gitway("token", "revoke", "internal");
    const again = await gitway("token", "revoke", "internal", "--all");

    expect([one.code, stranger.code, all.code, again.code]).toEqual([0, 1, 0, 0]);
    expect(one.stderr).toContain("Revoked 1 secret of ApiToken 'internal'");
    expect(all.stderr).toContain("Revoked 2 secrets of ApiToken 'internal'");
    expect(again.stderr).toContain("no such secret");
    expect((await gitway("events", "--limit", "1")).stdout).toMatch(
      /^\S+ {2}2 secrets of .* were revoked by /,
    );
    expect((await gitway("token", "list")).stdout.split("\n").slice(1, 4).join("\n")).not.toMatch(/- *$/m);
  });
});

test("get and status show that a token has no secret that is of use", async () => {
  const limited = token
    .replace("internal", "partner")
    .replace("generate: true }", "env: PARTNER }, quota: { limit: 5, window: 1d }");
  await repository.commit({ files: { "apis/token.yaml": token, "apis/partner.yaml": limited } });
  await gitway("apply");

  const missing = await Promise.all([gitway("get", "tokens", "--format", "text"), gitway("status")]);
  env.PARTNER = "p".repeat(40);
  await gitway("apply");
  const found = await Promise.all([gitway("get", "tokens", "--format", "text"), gitway("status")]);
  await gitway("token", "revoke", "partner");
  const revoked = await Promise.all([gitway("get", "tokens", "--format", "text"), gitway("status")]);
  const json = JSON.parse((await gitway("status", "--format", "json")).stdout);
  const pass = await gitway("apply");

  const states = [missing, found, revoked].map(
    ([got]) => /^partner +env PARTNER +(.*?) +- +5\/1d /m.exec(got.stdout)?.[1],
  );
  expect(states).toEqual(["no secret", "enabled", "revoked"]);
  expect(missing[0].stdout).toMatch(/^internal +issued +no secret /m);
  const told = [missing, found, revoked].map(([, status]) => status.stdout.match(/^unusable .*$/gm)?.join());
  expect(told).toEqual([
    expect.stringMatching(/^unusable +ApiToken partner \(.{36}\): its reference gives no secret/),
    undefined,
    expect.stringMatching(/^unusable +ApiToken partner \(.{36}\): .* was revoked/),
  ]);
  expect(json.unusableTokens).toMatchObject([{ name: "partner", state: "revoked" }]);
  expect(pass.stderr).toMatch(/revoked: denied +token=partner$/m);
});

test("status shows that a rate limit was hit until the notice is cleared", async () => {
  await repository.commit({ files: { "apis/token.yaml": token } });
  await gitway("apply");
  await database.query(
    `insert into gitway.limit_notice select kind, object_id, 60, 60000, now() from gitway.object_version`,
  );

  const shown = await gitway("status");
  const json = JSON.parse((await gitway("status", "--format", "json")).stdout);
  const cleared = await gitway("clear-notice", "token", "internal");
  const again = await gitway("clear-notice", "tokens", "internal");
  const after = await gitway("status");

  expect([shown.code, cleared.code, again.code]).toEqual([0, 0, 1]);
  expect(shown.stdout).toMatch(/^notice +ApiToken internal \(.{36}\) hit its limit of 60 requests in 1m$/m);
  expect(shown.stdout).toContain("clear it with: gitway clear-notice token internal");
  expect(json.notices).toMatchObject([{ kind: "ApiToken", name: "internal", limit: 60, window: 60_000 }]);
  expect(again.stderr).toContain("has no notice");
  expect(after.stdout).not.toContain("notice");
});

describe("what fails", () => {
  test("a database that does not answer is 4, and its password stays secret", async () => {
    await repository.commit({ files: { "apis/hello.yaml": definition("hello", []) } });
    env = { DATABASE_URL: "postgres://jo:hunter22@127.0.0.1:1/apis" };

    const { code, stdout, stderr } = await gitway("apply");

    expect({ code, stdout }).toEqual({ code: 4, stdout: "" });
    expect(stderr).toMatch(/^gitway: .*127\.0\.0\.1:1/m);
    expect(stderr).not.toContain("hunter22");
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test("a source that is no repository is 4", async () => {
    const { code, stderr } = await gitway("plan", "--source", "/nowhere/at/all");

    expect(code).toBe(4);
    expect(stderr).toContain("/nowhere/at/all");
  });

  test("a branch that is not there is 4, and nothing is deleted", async () => {
    await repository.commit({ files: { "apis/hello.yaml": definition("hello", []) } });
    await gitway("apply");

    const { code } = await gitway("apply", "--branch", "gone");
    const live = await gitway("get", "definitions", "--format", "json");

    expect(code).toBe(4);
    expect(JSON.parse(live.stdout)).toHaveLength(1);
  });
});

const token = `apiVersion: gitway/v1
kind: ApiToken
metadata: { name: internal }
spec: { secret: { generate: true } }
`;

function definition(name: string, tokens = ["internal"]): string {
  return `apiVersion: gitway/v1
kind: ApiDefinition
metadata: { name: ${name} }
spec:
  route: ${name}
  tokens: [${tokens.join(", ")}]
  action: { reply: { body: hi } }
`;
}

function gitway(...args: string[]): Promise<GitwayResult> {
  return runGitway(args, { cwd: repository.path, env });
}
