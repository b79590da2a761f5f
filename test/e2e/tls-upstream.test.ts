import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { selfSigned } from "../support/certificate.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { createRepository, type TestRepository } from "../support/git-repository.ts";
import { type GitwayProcess, startGitway } from "../support/gitway-process.ts";
import { rawConnection } from "../support/upstream.ts";
import {
  echo,
  openWebSocket,
  startWebSocketUpstream,
  type WebSocketUpstream,
} from "../support/web-socket.ts";

let repository: TestRepository;
let database: TestDatabase;
let upstream: WebSocketUpstream;
let trust: Record<string, string>;

beforeEach(async () => {
  const tls = selfSigned();
  [repository, database, upstream] = await Promise.all([
    createRepository(),
    createDatabase(),
    startWebSocketUpstream(echo, (_request, response) => response.end("over TLS"), tls),
  ]);
  await repository.commit({ files: { "apis/secure.yaml": proxyTo(upstream.url) } });
  const file = join(repository.path, ".git", "authority.pem");
  await writeFile(file, tls.cert);
  trust = { NODE_EXTRA_CA_CERTS: file };
});

afterEach(async () => {
  await Promise.all([repository.remove(), database.drop(), upstream.close()]);
});

const handshake =
  "GET /by-address HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eHh4eHh4eHh4eHh4eHh4eA==\r\n\r\n";

describe("an https target whose authority is in NODE_EXTRA_CA_CERTS", () => {
  test.each(["by-address", "by-name"])("is called, and opens WebSockets, %s", async (path) => {
    await using gitway = start(trust);
    const url = await endpointOf(gitway);

    const answer = await fetch(`${url}/${path}`);
    const client = openWebSocket(`${url}/${path}`);
    await client.opened;
    client.socket.send("x".repeat(100_000));
    client.socket.addEventListener("message", () => client.socket.close(4001, "bye"));

    expect([answer.status, await answer.text()]).toEqual([200, "over TLS"]);
    expect(await client.closed).toEqual({ code: 4001, reason: "bye" });
    expect(client.messages).toEqual(["x".repeat(100_000)]);
  });
});

describe("an https target whose authority nobody knows", () => {
  test("gets nothing of a call, and the log says why", async () => {
    await using gitway = start({});
    const url = await endpointOf(gitway);

    const answer = await fetch(`${url}/by-address`);
    const refused = await rawConnection(url, handshake).ended;

    expect([answer.status, await answer.text()]).toEqual([502, expect.stringContaining('"errorCode":2011,')]);
    expect(refused).toMatch(/^HTTP\/1.1 502 [^]*"errorCode":2011,/);
    expect(upstream.requests).toHaveLength(0);
    await gitway.waitFor("stderr", /DEPTH_ZERO_SELF_SIGNED_CERT/);
  });
});

function proxyTo(url: string): string {
  const definitions = [
    ["by-address", url],
    ["by-name", url.replace("127.0.0.1", "localhost")],
  ].map(
    ([name, targetUrl]) => `apiVersion: gitway/v1
kind: ApiDefinition
metadata: { name: ${name} }
spec:
  listenPath: /${name}
  keyless: true
  action: { proxy: { targetUrl: '${targetUrl}' } }
`,
  );
  return definitions.join("---\n");
}

function start(env: Readonly<Record<string, string>>): GitwayProcess {
  const ports = { GITWAY_ENDPOINT_PORT: "0", GITWAY_DASHBOARD_PORT: "0" };
  return startGitway(["run", "--log-level", "warn"], {
    cwd: repository.path,
    env: { DATABASE_URL: database.url, ...ports, ...env },
  });
}

async function endpointOf(gitway: GitwayProcess): Promise<string> {
  const [, url = ""] = await gitway.waitFor("stdout", /endpoint +(http:\/\/[^/\s]+)/);
  await gitway.waitFor("stdout", /by-name/);
  return url;
}
