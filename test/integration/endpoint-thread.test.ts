import { createServer } from "node:net";
import { Worker } from "node:worker_threads";

import { afterAll, beforeAll, expect, test, vi } from "vitest";

import type { EndpointSetup } from "../../src/cli/daemon/endpoint-message.ts";
import { type EndpointThread, startEndpointThread } from "../../src/cli/daemon/endpoint-thread.ts";
import { createReconciling, type Reconciling, replyManifest } from "../support/reconciling.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

let reconciling: Reconciling;
let folder: TemporaryFolder;
let thread: EndpointThread;
let requests = "";
let log = "";
const sinks = {
  line: (json: string) => void (log += json),
  access: (lines: string) => void (requests += lines),
};

beforeAll(async () => {
  [reconciling, folder] = await Promise.all([createReconciling(), temporaryFolder()]);
  await reconciling.repository.commit({
    files: { "apis/hello.yaml": openManifest("one") },
  });
  await reconciling.pass();
  thread = await startEndpointThread(setup(), sinks);
});

afterAll(async () => {
  await thread.close();
  await reconciling.close();
  await folder.remove();
});

test("serves while the thread that reconciles is busy", async () => {
  const answered = new Int32Array(new SharedArrayBuffer(4));
  const client = new Worker(
    `const { workerData } = require("node:worker_threads");
     fetch(workerData.url).then(({ status }) => {
       Atomics.store(workerData.answered, 0, status);
       Atomics.notify(workerData.answered, 0);
     });`,
    { eval: true, workerData: { url: `${thread.url}/api/custom/hello`, answered } },
  );

  // Nothing runs here meanwhile: whoever answers does so without this thread.
  Atomics.wait(answered, 0, 0, 20_000);

  expect(answered[0]).toBe(200);
  await client.terminate();
});

test("follows revisions, and says which one serves", async () => {
  const before = thread.servedRevision();
  await reconciling.repository.commit({
    files: { "apis/hello.yaml": openManifest("two") },
  });
  const { applied } = await reconciling.pass();

  await vi.waitUntil(() => thread.servedRevision() === applied?.revision, { timeout: 20_000 });
  expect([before, thread.servedFrom()]).toEqual([(applied?.revision ?? 0) - 1, "store"]);
  expect(await (await fetch(`${thread.url}/api/custom/hello`)).text()).toBe("two");
});

test("hands on its log, its access log and what it has counted", async () => {
  await (await fetch(`${thread.url}/api/custom/hello?a=b`)).text();

  await vi.waitUntil(() => requests.includes('"path":"/api/custom/hello"'), { timeout: 20_000 });
  expect(log).toContain("Serving a revision.");
  expect(await thread.series()).toMatch(
    /gitway_endpoint_requests_total\{definition="hello",status="2xx"\} \d/,
  );
});

test("a port that is taken is the caller's to hear of", async () => {
  const taken = createServer();
  const port = await new Promise<number>((resolve) => {
    taken.listen(0, "127.0.0.1", () => resolve((taken.address() as { port: number }).port));
  });

  await expect(startEndpointThread(setup(port), sinks)).rejects.toMatchObject({ code: "port-in-use" });
  taken.close();
});

function openManifest(body: string): string {
  return replyManifest("hello", "hello", body).replace("tokens: []", "keyless: true");
}

function setup(port = 0): EndpointSetup {
  return {
    endpoint: {
      host: "127.0.0.1",
      port,
      base: "/api/custom",
      scriptWorkers: 1,
      scriptQueue: 1,
      webSockets: 1,
      nodeId: 1,
      noticeInterval: 60_000,
      revisionHeader: null,
      trustedProxies: [],
      drainDelay: 0,
    },
    targets: { allow: [], deny: [] },
    log: { level: "info", format: "json", access: true },
    snapshotFile: `${folder.path}/snapshot`,
    store: { url: reconciling.store.url.reveal(), description: "the store of a test" },
  };
}
