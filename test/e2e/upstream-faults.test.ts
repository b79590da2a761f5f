import type { Socket } from "node:net";

import { expect, test } from "vitest";

import { createDatabase } from "../support/database.ts";
import { createRepository } from "../support/git-repository.ts";
import { startGitway } from "../support/gitway-process.ts";
import { rawConnection, startRawUpstream } from "../support/upstream.ts";

const said = [
  "",
  "HTTP/1.1 2",
  "HTTP/1.1 200 OK\r\nContent-Le",
  "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
  "HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello",
  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n",
  "SSH-2.0-OpenSSH_9.6\r\n",
];
const endings: readonly ((socket: Socket) => void)[] = [
  (socket) => socket.end(),
  (socket) => socket.destroy(),
  (socket) => socket.resetAndDestroy(),
];
const requests = [
  "GET /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
  "POST /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
  "POST /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
  "GET /p HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eHh4eHh4eHh4eHh4eHh4eA==\r\n\r\n",
];
const faults = said.flatMap((text) =>
  endings.flatMap((end) => requests.map((request) => ({ text, end, request }))),
);

test("a daemon outlives upstreams and callers that break off at any point, and ends when it is asked to", async () => {
  let fault = faults[0]!;
  const upstream = await startRawUpstream((socket) => {
    const { text, end } = fault;
    socket.once("data", () => socket.write(text, () => end(socket)));
  });
  const [repository, database] = await Promise.all([createRepository(), createDatabase()]);
  try {
    await repository.commit({ files: { "apis/p.yaml": proxyTo(upstream.url) } });
    await using gitway = startGitway(["run", "--log-level", "error"], {
      cwd: repository.path,
      env: { DATABASE_URL: database.url, GITWAY_ENDPOINT_PORT: "0", GITWAY_DASHBOARD_PORT: "0" },
    });
    const [, url = ""] = await gitway.waitFor("stdout", /endpoint +(http:\/\/[^/\s]+)/);
    await gitway.waitFor("stdout", /healthy/);

    for (fault of faults) {
      const leaving = rawConnection(url, fault.request);
      await rawConnection(url, fault.request).ended;
      leaving.socket.resetAndDestroy();
    }
    const last = await (await fetch(`${url}/healthy`)).text();
    gitway.signal("SIGTERM");
    const { code, stderr } = await gitway.ended;

    expect([last, code]).toEqual(["still here", 0]);
    expect(stderr).not.toMatch(/unhandled|uncaught|Serving a request failed/i);
  } finally {
    await Promise.all([repository.remove(), database.drop(), upstream.close()]);
  }
});

function proxyTo(url: string): string {
  return `apiVersion: gitway/v1
kind: ApiDefinition
metadata: { name: p }
spec:
  listenPath: /p
  keyless: true
  action: { proxy: { targetUrl: '${url}' } }
---
apiVersion: gitway/v1
kind: ApiDefinition
metadata: { name: healthy }
spec:
  listenPath: /healthy
  keyless: true
  action: { reply: { body: still here } }
`;
}
