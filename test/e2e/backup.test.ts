import { join } from "node:path";

import { beforeEach, describe, expect, test, vi } from "vitest";

import { createDataFolder } from "../support/data-folder.ts";
import { createDatabase } from "../support/database.ts";
import { createRepository, type TestRepository } from "../support/git-repository.ts";
import { type GitwayResult, runGitway, startGitway } from "../support/gitway-process.ts";
import { replyManifest, tokenManifest } from "../support/reconciling.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Where a store is, and one that takes its place when it is lost. */
interface Place {
  readonly env: Record<string, string>;
  lose(): Promise<Record<string, string>>;
  remove(): Promise<void>;
}

const places: Record<string, () => Promise<Place>> = {
  async "a database URL"() {
    const [lost, fresh] = await Promise.all([createDatabase(), createDatabase({ empty: true })]);
    return {
      env: { DATABASE_URL: lost.url },
      async lose() {
        await lost.drop();
        return { DATABASE_URL: fresh.url };
      },
      remove: () => fresh.drop(),
    };
  },
  async "the embedded Postgres"() {
    const [lost, fresh] = await Promise.all([createDataFolder(), createDataFolder()]);
    return {
      env: { GITWAY_DATA_DIR: lost.path },
      async lose() {
        await lost.remove();
        return { GITWAY_DATA_DIR: fresh.path };
      },
      remove: () => fresh.remove(),
    };
  },
};

describe.each(Object.entries(places))("a store that is lost, in %s,", (_, makePlace) => {
  let repository: TestRepository;
  let place: Place;
  let env: Record<string, string>;
  let file: string;

  beforeEach(async () => {
    const folder = await temporaryFolder();
    [repository, place] = await Promise.all([createRepository(), makePlace()]);
    env = { ...place.env, GITWAY_ENDPOINT_PORT: "0", GITWAY_DASHBOARD_PORT: "0" };
    file = join(folder.path, "backup.gz");
    return async () => {
      await Promise.all([repository.remove(), place.remove(), folder.remove()]);
    };
  });

  test("comes back from a backup and Git: same ids, events and histories, and tokens as they were", async () => {
    await commitManifests("one");
    const secrets = await lifeOfADaemon();
    const before = await state();

    env = { ...env, ...(await place.lose()) };
    const restored = await gitway("restore", file);
    const applied = await gitway("apply");

    expect([restored.code, applied.code]).toEqual([0, 0]);
    expect(applied.stderr).toMatch(/^0 added, 0 updated, 0 deleted, 14 unchanged\. Revision 2 is live/m);
    expect(await state()).toEqual(before);
    expect(before.events.length).toBeGreaterThanOrEqual(30);
    expect((await gitway("events", "verify")).stdout).toMatch(
      /^\d+ events checked: all as they were written/,
    );
    await using daemon = startGitway(["run"], { cwd: repository.path, env });
    const [, url] = await daemon.waitFor("stdout", /endpoint +(http:\S+)/);
    const statuses = secrets.map((secret) => call(`${url}/api-1`, secret));
    expect(await Promise.all(statuses)).toEqual([200, 200, 401]);
    expect((await gitway("restore", file)).code).toBe(1);
  });

  /** Gives a secret that was rotated, the one after it, and one that was revoked. */
  async function lifeOfADaemon(): Promise<string[]> {
    await using daemon = startGitway(["run"], { cwd: repository.path, env });
    const [, url] = await daemon.waitFor("stdout", /endpoint +(http:\S+)/);
    await daemon.waitFor("stdout", /Try next:/);
    const rotated = (await gitway("token", "issue", "t")).stdout.trim();
    const fresh = (await gitway("token", "rotate", "t")).stdout.trim();
    const revoked = (await gitway("token", "issue", "other")).stdout.trim();
    await gitway("token", "revoke", "other");
    await commitManifests("two");
    await daemon.waitFor("stdout", /^~ ApiDefinition api-9 /m);
    await vi.waitFor(async () => expect(await call(`${url}/api-1`, fresh)).toBe(200), 10_000);

    const taken = await gitway("backup", file);
    const refused = await gitway("restore", file);

    expect([taken.code, refused.code]).toEqual([0, 1]);
    expect(taken.stderr).toContain("3 credentials");
    expect(refused.stderr).toContain("is in use: it was reconciled already");
    return [rotated, fresh, revoked];
  }

  async function commitManifests(body: string): Promise<void> {
    const names = Array.from({ length: 12 }, (_, index) => `api-${index}`);
    const manifests = names.map((name) => replyManifest(name, name, body, ["t", "other"]));
    const text = [...manifests, tokenManifest("t"), tokenManifest("other")].join("---\n");
    await repository.commit({ files: { "apis/all.yaml": text } });
  }

  async function state() {
    const [events, history, definitions, tokens] = await Promise.all([
      gitway("events", "--limit", "1000", "--format", "json"),
      gitway("history", "definition", "api-3", "--format", "json"),
      gitway("get", "definitions", "--format", "json"),
      gitway("token", "list", "t", "--format", "json"),
    ]);
    return {
      events: events.stdout.trimEnd().split("\n"),
      history: JSON.parse(history.stdout) as unknown,
      definitions: JSON.parse(definitions.stdout) as unknown,
      tokens: (JSON.parse(tokens.stdout) as object[]).map((token) => ({ ...token, lastUsed: null })),
    };
  }

  function gitway(...args: string[]): Promise<GitwayResult> {
    return runGitway(args, { cwd: repository.path, env });
  }
});

async function call(url: string, secret: string): Promise<number> {
  return (await fetch(url, { headers: { authorization: `Bearer ${secret}` } })).status;
}
