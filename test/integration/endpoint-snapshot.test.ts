import { createHash } from "node:crypto";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { Endpoint } from "../../src/endpoint/endpoint.ts";
import { createLog, silentLog } from "../../src/log.ts";
import type { AttributedChange } from "../../src/plan/plan.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Store } from "../../src/store/store.ts";
import { type CuttingProxy, startCuttingProxy } from "../support/cutting-proxy.ts";
import { createDatabase } from "../support/database.ts";
import { commitId, create, definition as manifest, johnDoe, token, update } from "../support/objects.ts";
import { bearer, definition, feedOf, scripted, secret, serve, state } from "../support/serving.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const opened: { close(): Promise<unknown> }[] = [];
let folder: string;
let snapshot: { file: string; origin: string };
beforeEach(async () => {
  const temporary = await temporaryFolder();
  folder = temporary.path;
  snapshot = { file: join(folder, "data", "endpoint-snapshot.gz"), origin: "the store" };
  opened.push({ close: () => temporary.remove() });
});
afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close();
});

const away = () => feedOf(new Error("the store is away"));
/** Many members, each of a mebibyte. */
const bomb = Buffer.concat(Array<Buffer>(300).fill(gzipSync(Buffer.alloc(1024 * 1024))));
const guarded = definition("it", { route: "it", tokens: ["internal"] });

describe("a snapshot", () => {
  test("serves after a restart while the store is away, until it is back", async () => {
    await saved(
      state([guarded, scripted("js", "export default () => ({ body: 'from a script' })")], { revision: 4 }),
    );
    const feed = away();

    const endpoint = await started(feed);

    expect([endpoint.servedRevision(), endpoint.servedFrom()]).toEqual([4, "snapshot"]);
    const response = await fetch(`${endpoint.url}/api/custom/it`, { headers: bearer });
    expect([response.status, response.headers.get("x-gitway-revision")]).toEqual([200, "4"]);
    expect((await fetch(`${endpoint.url}/api/custom/it`)).status).toBe(401);
    expect(await (await fetch(`${endpoint.url}/api/custom/js`)).text()).toContain("from a script");
    feed.set(state([], { revision: 5 }));
    await vi.waitFor(() => expect(endpoint.servedRevision()).toBe(5));
    expect(endpoint.servedFrom()).toBe("store");
  });

  test("is not used where the store answers", async () => {
    await saved(state([guarded], { revision: 4 }));

    const endpoint = await started(feedOf(state([], { revision: 3 })));

    expect([endpoint.servedRevision(), endpoint.servedFrom()]).toEqual([3, "store"]);
  });

  test("serves soon when the store hangs, and gives way to it", async () => {
    await saved(state([guarded], { revision: 4 }));
    let answer = () => {};
    const feed = {
      onChange: async () => ({ close: async () => {} }),
      serving: () =>
        new Promise<ReturnType<typeof state>>(
          (resolve) => (answer = () => resolve(state([], { revision: 5 }))),
        ),
    };

    const endpoint = await serve(state([]), { feed, snapshot });
    opened.push(endpoint);
    expect(endpoint.servedRevision()).toBe(4);
    answer();

    await vi.waitFor(() => expect(endpoint.servedRevision()).toBe(5));
  });

  test("is readable by its owner only, whole at any time, and holds hashes instead of secrets", async () => {
    const feed = feedOf(state([guarded]));
    const endpoint = await started(feed);
    for (let revision = 2; revision < 40; revision++) feed.set(state([guarded], { revision }));
    await vi.waitFor(async () => expect(await content()).toContain('"revision":39'), { timeout: 5000 });
    await endpoint.close();

    expect((await stat(snapshot.file)).mode & 0o777).toBe(0o600);
    expect((await readdir(join(folder, "data"))).sort()).toEqual([".gitignore", "endpoint-snapshot.gz"]);
    expect(await content()).not.toContain(secret);
    expect(await content()).toContain(createHash("sha256").update(secret).digest("hex"));
  });

  test.each<[string, (file: Buffer) => Buffer | string]>([
    ["that is empty", () => ""],
    ["that is something else", () => "not a snapshot"],
    ["that was cut off", (file) => file.subarray(0, file.length - 20)],
    [
      "whose end is missing",
      (file) => gzipSync(gunzipSync(file).toString().split("\n").slice(0, -2).join("\n")),
    ],
    [
      "that somebody changed",
      (file) => gzipSync(gunzipSync(file).toString().replace('"keyless":false', '"keyless":true')),
    ],
    ["of another form", (file) => resealed(file, '"format":1', '"format":2')],
    ["of another store", (file) => resealed(file, "the store", "another store")],
    ["that no table can be built from", (file) => resealed(file, '"action":{', '"notAction":{')],
    ["that unpacks to too much", () => bomb],
  ])("%s is left alone, with a warning", async (_what, damage) => {
    await saved(state([guarded]));
    await writeFile(snapshot.file, damage(await readFile(snapshot.file)));
    const lines: string[] = [];
    const write = vi
      .spyOn(process.stderr, "write")
      .mockImplementation((line) => lines.push(String(line)) > 0);
    const feed = away();

    const endpoint = await serve(feed, { snapshot, log: createLog({ level: "warn", format: "text" }) });
    opened.push(endpoint);
    write.mockRestore();

    expect(endpoint.servedRevision()).toBeNull();
    expect((await fetch(`${endpoint.url}/api/custom/it`, { headers: bearer })).status).toBe(503);
    expect(lines.filter((line) => line.includes("snapshot")).join("")).toMatch(
      /WARN The snapshot of the routes can't be used/,
    );
    feed.set(state([guarded], { revision: 2 }));
    await vi.waitFor(() => expect(endpoint.servedRevision()).toBe(2));
  });

  test("that can't be written keeps nobody from serving", async () => {
    await writeFile(join(folder, "data"), "a file where the folder should be");

    const endpoint = await started(feedOf(state([guarded])));

    expect((await fetch(`${endpoint.url}/api/custom/it`, { headers: bearer })).status).toBe(200);
    await endpoint.close();
  });
});

describe("an endpoint on a store that comes and goes", () => {
  let proxy: CuttingProxy;
  let controller: Store;

  beforeEach(async () => {
    const database = await createDatabase();
    opened.push({ close: () => database.drop() });
    proxy = await startCuttingProxy(database.url);
    opened.push(proxy);
    controller = await openStore({ databaseUrl: database.url }, { log: silentLog() });
    opened.push(controller);
    await apply(
      create(manifest({ name: "it", spec: { tokens: ["internal"] } })),
      create(token({ name: "internal" })),
    );
    const hash = createHash("sha256").update(secret).digest();
    await controller.issueCredential({ token: "internal", hash, by: johnDoe });
    snapshot.origin = "through the proxy";
    url = proxy.urlOf(database.url);
  });
  let url: string;

  test("serves on, starts again from the snapshot, and catches up with what changed", async () => {
    const first = await onStore();
    expect(await body(first)).toBe("ok");

    proxy.setAway(true);
    expect(await body(first)).toBe("ok");
    await first.close();
    const second = await onStore();
    expect([second.servedFrom(), await body(second)]).toEqual(["snapshot", "ok"]);

    const [it] = await controller.objects("ApiDefinition", "it");
    const changed = manifest({
      name: "it",
      spec: { tokens: ["internal"], action: { reply: { body: "new" } } },
    });
    await apply(update(it!, changed));
    expect(await body(second)).toBe("ok");
    proxy.setAway(false);
    await vi.waitFor(async () => expect(await body(second)).toBe("new"), { timeout: 20_000, interval: 200 });
    expect(second.servedFrom()).toBe("store");

    await controller.revokeCredentials({ token: "internal", by: johnDoe });
    await vi.waitFor(async () => expect((await get(second)).status).toBe(401), {
      timeout: 2000,
      interval: 20,
    });
  });

  test("loads only what changed", async () => {
    const store = await openStore({ databaseUrl: url }, { log: silentLog() });
    opened.push(store);
    const loads: string[] = [];
    const counting: Store = {
      ...store,
      async serving() {
        loads.push("all");
        return await store.serving();
      },
      async servingSince(mark) {
        const changes = await store.servingSince(mark);
        loads.push(`${changes?.definitions.length} definitions`);
        return changes;
      },
    };
    const endpoint = await serve(state([]), { feed: counting });
    opened.push(endpoint);

    for (const name of ["two", "three"]) {
      const { revision } = await apply(create(manifest({ name })));
      await vi.waitFor(() => expect(endpoint.servedRevision()).toBe(revision), { timeout: 5000 });
    }

    expect([loads[0], new Set(loads.slice(1))]).toEqual(["all", new Set(["1 definitions"])]);
    expect(await body(endpoint)).toBe("ok");
  });

  async function onStore(): Promise<Endpoint> {
    const store = await openStore({ databaseUrl: url }, { log: silentLog(), mayBeAway: true });
    opened.push(store);
    return await started(state([]), { feed: store, usageStore: store });
  }

  async function apply(...changes: AttributedChange[]) {
    const { revision } = await controller.current();
    return await controller.apply({
      parentRevision: revision,
      commit: commitId("x"),
      origin: "test",
      changes,
      blobs: new Map(),
    });
  }
});

async function saved(of: ReturnType<typeof state>): Promise<void> {
  const endpoint = await serve(of, { snapshot });
  await endpoint.close();
}

async function started(...[from, options]: Parameters<typeof serve>): Promise<Endpoint> {
  const endpoint = await serve(from, { snapshot, ...options });
  opened.push(endpoint);
  return endpoint;
}

async function content(): Promise<string> {
  return gunzipSync(await readFile(snapshot.file)).toString();
}

/** Changed, and with a checksum that fits again. */
function resealed(file: Buffer, from: string, to: string): Buffer {
  const lines = gunzipSync(file).toString().trimEnd().split("\n").slice(0, -1);
  const text = `${lines.join("\n")}\n`.replace(from, to);
  const sha256 = createHash("sha256").update(text).digest("hex");
  return gzipSync(`${text}${JSON.stringify(["end", { sha256 }])}\n`);
}

async function get(endpoint: Endpoint): Promise<Response> {
  return await fetch(`${endpoint.url}/api/custom/it`, { headers: bearer });
}

async function body(endpoint: Endpoint): Promise<string> {
  return await (await get(endpoint)).text();
}
