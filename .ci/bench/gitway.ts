import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { cores, freePort, start, type Started } from "./processes.ts";
import {
  cloneRepository,
  commitText,
  importCommits,
  initRepository,
  type RepositoryFile,
} from "./repository.ts";

/** The secret of the token that all routes ask for. */
export const token = "benchmark-".repeat(4);

const program = new URL("../../dist/cli/main.js", import.meta.url).pathname;

/** A `gitway run` of a repository of its own, in a folder with all that it needs. */
export interface Gitway extends Started {
  readonly port: number;
  readonly dashboardPort: number;
  readonly repository: string;
}

/** The manifest of a route below the base that answers with a body. */
export function replyRoute(index: number, body: string): RepositoryFile {
  const text = `apiVersion: gitway/v1
kind: ApiDefinition
metadata: { name: route-${index} }
spec:
  route: r/${index}
  tokens: [bench]
  action:
    reply: { status: 200, headers: { content-type: application/json }, body: "${body}" }
`;
  return { path: `apis/team${index % 50}/route-${index}.yaml`, text };
}

/** The path of such a route; the loads put the number in. */
export const replyPath = "/api/custom/r/{i}";

/** The manifest of a proxy with one allowed path. */
export function proxyRoute(path: string, upstream: string): RepositoryFile {
  const text = `apiVersion: gitway/v1
kind: ApiDefinition
metadata: { name: proxied }
spec:
  listenPath: /proxied
  tokens: [bench]
  paths: { allowed: [{ path: ${path} }] }
  action: { proxy: { targetUrl: "${upstream}/proxied" } }
`;
  return { path: "apis/proxied.yaml", text };
}

/** Makes a repository of these manifests in a new folder, and starts a daemon on it, with a Postgres of its own. */
export async function startGitway(
  folder: string,
  files: readonly RepositoryFile[],
  options: DaemonOptions = {},
): Promise<Gitway> {
  await mkdir(folder);
  const repository = join(folder, "repository.git");
  initRepository(repository);
  await commit(repository, [tokenFile(), ...files], { continues: false });
  if (options.checkout) cloneRepository(repository, join(folder, "checkout"));
  return await startDaemon(folder, options);
}

/** How a daemon is started. */
export interface DaemonOptions {
  readonly roles?: string;
  readonly nodeOptions?: readonly string[];
  /** Null for all of them. */
  readonly core?: number | null;
  /** Whether the source is a checkout of the repository, not the bare repository itself. */
  readonly checkout?: boolean;
}

/** Starts one more daemon on a folder. It shares repository and store with those there. */
export async function startDaemon(
  folder: string,
  {
    roles = "controller,dashboard,endpoint",
    nodeOptions = [],
    core = cores.measured,
    checkout = false,
  }: DaemonOptions,
): Promise<Gitway> {
  const repository = join(folder, checkout ? "checkout" : "repository.git");
  const [port, dashboardPort] = [await freePort(), await freePort()];
  const flags = {
    source: repository,
    "data-dir": join(folder, "data"),
    role: roles,
    "endpoint-port": port,
    "dashboard-port": dashboardPort,
    "log-level": "warn",
    // The others write no line for a request either.
    "log-access": "off",
  };
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  const started = start(core, process.execPath, [...nodeOptions, program, "run", ...args], {
    cwd: folder,
    env: { PATH: process.env["PATH"], HOME: folder },
  });
  return { ...started, port, dashboardPort, repository };
}

/** Commits files to a repository that a daemon watches. */
export async function commit(
  repository: string,
  files: readonly RepositoryFile[],
  { continues = true } = {},
): Promise<void> {
  const time = Math.floor(Date.now() / 1000);
  await importCommits(repository, commitText({ author: "John Doe", time, continues }, files));
}

function tokenFile(): RepositoryFile {
  const hash = createHash("sha256").update(token).digest("hex");
  const text = `apiVersion: gitway/v1
kind: ApiToken
metadata: { name: bench }
spec: { secret: { sha256: ${hash} } }
`;
  return { path: "apis/token.yaml", text };
}
