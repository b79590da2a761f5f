import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { beforeEach, describe, expect, test } from "vitest";

import { createDatabase, type TestDatabase } from "../support/database.ts";
import { createRepository, type TestRepository } from "../support/git-repository.ts";
import { type GitwayResult, runGitway } from "../support/gitway-process.ts";
import { tokenManifest } from "../support/reconciling.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

let database: TestDatabase;
let repository: TestRepository;
let fresh: TestRepository;
let folder: TemporaryFolder;

beforeEach(async () => {
  [database, repository, fresh, folder] = await Promise.all([
    createDatabase(),
    createRepository(),
    createRepository(),
    temporaryFolder(),
  ]);
  return async () => {
    await Promise.all([database.drop(), repository.remove(), fresh.remove(), folder.remove()]);
  };
});

describe("what is live", () => {
  beforeEach(async () => {
    await cp(new URL("../../apis", import.meta.url), join(repository.path, "apis"), { recursive: true });
    await repository.git("add", "--all");
    await repository.commit({ files: { "apis/odd.yaml": odd, "apis/odd/body.txt": "{{ .name }}\n" } });
    const { code, stderr } = await gitway("apply");
    if (code !== 0) throw new Error(stderr);
  });

  test("exported to a folder, is the same in an empty repository: nothing changes but the place", async () => {
    const { code } = await gitway("export", "--output", fresh.path);

    expect(code).toBe(0);
    await fresh.git("add", "--all");
    await fresh.commit({ message: "moved" });
    expect(await readdir(join(fresh.path, "apis"))).toEqual(
      expect.arrayContaining(["definitions", "odd", "tokens", "users", "video", "webhooks"]),
    );
    await expectNothingChanges();
  });

  test("and as one stream, where it names no files", async () => {
    const { stdout, stderr } = await gitway("export", "webhooks");
    const tokens = await gitway("export", "tokens");
    const named = await gitway("export", "definition", "ping", "--output", join(folder.path, "ping.yaml"));
    const definitions = await gitway("export", "definitions");

    expect(stdout).toMatch(
      /^# Files are named from the folder apis: put this there\.\napiVersion: gitway\/v1\n/,
    );
    expect(stderr).toContain("1 file that they name did not come along: export to a folder.");
    expect(tokens.stdout.match(/^kind: ApiToken$/gm)).toHaveLength(3);
    expect(named.stderr).toMatch(/ping\.yaml holds 1 object, as of revision 1\./);
    const text = await readFile(join(folder.path, "ping.yaml"), "utf8");
    expect(definitions.stdout).toContain(`---\n${text}---\n`);
    expect(definitions.stdout).not.toContain("\u0085");
  });

  test("exported as a Dashboard lists it and imported, is the same too", async () => {
    const dump = join(folder.path, "dump");
    const { code } = await gitway("export", "--format", "dashboard", "--output", dump);
    // A Dashboard has no tokens and users, and an import leaves scripts to the user.
    await gitway("export", "tokens", "--output", fresh.path);
    await gitway("export", "users", "--output", fresh.path);
    await cp(join(dump, "apis"), join(fresh.path, "apis"), { recursive: true });

    const imported = await runGitway(["import", "dashboard", dump], { cwd: fresh.path });

    expect([code, imported.code]).toEqual([0, 0]);
    await fresh.git("add", "--all");
    await fresh.commit({ message: "imported" });
    await expectNothingChanges();
  });

  test("exported as a Dashboard lists it, is what its API prints", async () => {
    const { stdout } = await gitway("export", "definition", "payments", "--format", "dashboard");
    const all = await gitway("export", "--format", "dashboard");

    expect(JSON.parse(stdout)).toMatchObject({
      apis: [{ api_definition: { name: "Payments" }, hook_references: [], gitway: { name: "payments" } }],
      pages: 0,
      hooks: [],
    });
    const list = JSON.parse(all.stdout) as { apis: unknown[]; hooks: { name: string }[] };
    expect(list.apis).toHaveLength(10);
    expect(list.hooks.map(({ name }) => name)).toEqual(["odd-hook", "On-call channel"]);
  });

  test("is not exported over something else", async () => {
    await mkdir(join(fresh.path, "apis/definitions"), { recursive: true });
    await writeFile(join(fresh.path, "apis/definitions/ping.yaml"), "# mine\n");
    await writeFile(join(folder.path, "all.json"), "mine");

    const intoFolder = await gitway("export", "--output", fresh.path);
    const intoFile = await gitway(
      "export",
      "--format",
      "dashboard",
      "--output",
      join(folder.path, "all.json"),
    );

    expect([intoFolder.code, intoFile.code]).toEqual([3, 3]);
    expect(intoFolder.stderr).toContain("apis/definitions/ping.yaml: nothing was written");
    expect(await readdir(join(fresh.path, "apis/definitions"))).toEqual(["ping.yaml"]);
    expect(await readFile(join(folder.path, "all.json"), "utf8")).toBe("mine");
  });
});

test("two contents of one file can't be exported, and it is told what to do", async () => {
  const script = (name: string, more = "") => `apiVersion: gitway/v1
kind: ApiDefinition
metadata: { name: ${name} }
spec:
  route: ${name}
  keyless: true
  action: { script: { file: ${name}.js } }
${more}`;
  const shared = (name: string) => script(name).replace(`${name}.js`, "shared.js");
  const files = {
    "apis/a.yaml": shared("a"),
    "apis/b.yaml": shared("b"),
    "apis/shared.js": "export default 1;",
  };
  await repository.commit({ files });
  await gitway("apply");
  await repository.commit({
    files: { "apis/b.yaml": shared("b").replace("route", "rout"), "apis/shared.js": "//" },
  });
  await gitway("apply");

  const { code, stderr } = await gitway("export", "--output", fresh.path);

  expect(code).toBe(1);
  expect(stderr).toContain("Two contents of apis/shared.js are live");
});

test("wrong use is told", async () => {
  await repository.commit({ files: { "apis/t.yaml": tokenManifest("internal") } });
  await gitway("apply");

  const results = [
    await gitway("export", "tokens", "--format", "dashboard"),
    await gitway("export", "token", "intrenal"),
    await gitway("export", "things"),
  ];

  expect(results.map(({ code }) => code)).toEqual([3, 1, 3]);
  expect(results[1]?.stderr).toContain("Did you mean 'internal'?");
});

/** What manifests may hold that is not everyday. */
const odd = `apiVersion: gitway/v1
kind: Webhook
metadata:
  name: odd-hook
  id: 0f9a0d61-3f2e-4c5b-9d2a-6a1d2c3b4e5f
  annotations: { odd.example/note: "\\u0085 \\u202e \\u001b[31m 'quoted'\\n\\nlines\\n" }
spec:
  url: http://127.0.0.1:9/hook
  template: odd/body.txt
  headers: { x-odd: "# no comment" }
---
apiVersion: gitway/v1
kind: ApiDefinition
metadata: { name: odd, id: 1f9a0d61-3f2e-4c5b-9d2a-6a1d2c3b4e5f }
spec:
  title: "*odd: &title"
  listenPath: /odd/{id}/
  expires: 2030-01-02T03:04:00Z
  action: { proxy: { targetUrl: http://127.0.0.1:9/x, timeout: 7s } }
  tokens: [internal]
  events: [{ on: QuotaExceeded, webhook: odd-hook, dedupe: 5s }]
  dashboard:
    id: 54c24242eba6db1c9a000002
    api_id: my-own_id
    session_lifetime: 60
    tags: [a, "1", "true", ~]
`;

/** A pass over the new repository, on the same store, finds that all is as it is. */
async function expectNothingChanges(): Promise<void> {
  const { code, stdout } = await runGitway(["plan"], {
    cwd: fresh.path,
    env: { DATABASE_URL: database.url },
  });
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(/^Plan for .*: 0 to add, 0 to update, 0 to delete, 17 unchanged\.$/m) as string,
  ]);
}

function gitway(...args: string[]): Promise<GitwayResult> {
  return runGitway(args, { cwd: repository.path, env: { DATABASE_URL: database.url } });
}
