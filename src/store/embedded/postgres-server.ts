import { spawn, type ChildProcess } from "node:child_process";
import { chown, open, readFile, stat, truncate } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { AppError } from "../../errors.ts";
import { embeddedFailure } from "./embedded-failure.ts";
import type { PostgresBinaries } from "./postgres-binaries.ts";
import {
  clusterOf,
  logFileOf,
  prepareSocketFolder,
  removeSocketFolder,
  type PostgresPlace,
} from "./postgres-place.ts";
import {
  cannotRun,
  programPath,
  runPostgresProgram,
  spawnOptions,
  type PostgresProgram,
} from "./postgres-process.ts";
import { isServerRunning, removeStaleLocks } from "./postmaster-file.ts";

/** Milliseconds. */
const longestStop = 40_000;

/** Bytes of the server's log beyond which a start begins a new one. */
const longestLog = 10 * 1024 * 1024;

/** Modest: the store is small, and the machine is somebody's. Statements never get into the log. */
const settings = {
  max_connections: "50",
  shared_buffers: "32MB",
  max_wal_size: "256MB",
  timezone: "UTC",
  log_timezone: "UTC",
  log_checkpoints: "off",
  log_error_verbosity: "terse",
  log_min_error_statement: "panic",
  unix_socket_permissions: "0700",
};

/** A server process that this process started. */
export interface StartedServer {
  /** Why it is not running: its exit, or that it could not be run. Null while it runs. */
  failure(): string | null;
}

/** Starts the server of a cluster in a session of its own, so that a Ctrl-C in the terminal does not reach it. */
export async function startServer(place: PostgresPlace, binaries: PostgresBinaries): Promise<StartedServer> {
  const program: PostgresProgram = {
    binaries: binaries.folder,
    name: "postgres",
    // `isServerRunning` knows a server by these first two.
    args: ["-D", clusterOf(place), ...(await listenArguments(place)), ...settingArguments(settings)],
    folder: place.folder,
    account: place.account,
  };
  const log = await openLog(place);
  try {
    const child = spawn(programPath(program), program.args, {
      ...spawnOptions(program),
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
    });
    child.unref();
    return watch(child, program);
  } finally {
    await log.close();
  }
}

function watch(child: ChildProcess, program: PostgresProgram): StartedServer {
  let failure: string | null = null;
  child.once("error", (error) => (failure = cannotRun(program, error).message));
  child.once("exit", (code, signal) => (failure ??= `it ended at once (${code ?? signal})`));
  return { failure: () => failure };
}

/** A socket in a private folder, and no port, so that nothing else on the machine is in the way. Windows has none. */
async function listenArguments(place: PostgresPlace): Promise<string[]> {
  if (process.platform === "win32")
    return settingArguments({
      listen_addresses: "127.0.0.1",
      unix_socket_directories: "",
      port: String(await freePort()),
    });
  const folder = await prepareSocketFolder(place);
  await removeStaleLocks(place, folder);
  return settingArguments({
    listen_addresses: "",
    // A list: quoted, a comma in the path does not divide it.
    unix_socket_directories: `"${folder.replaceAll('"', '""')}"`,
    port: "5432",
  });
}

function settingArguments(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

async function openLog(place: PostgresPlace) {
  const file = logFileOf(place);
  try {
    const size = await stat(file).then(
      (found) => found.size,
      () => 0,
    );
    if (size > longestLog) await truncate(file);
    const handle = await open(file, "a", 0o600);
    if (place.account) await chown(file, place.account.uid, place.account.gid);
    return handle;
  } catch (error) {
    throw embeddedFailure(`The log ${file} of the embedded Postgres can't be written`, error);
  }
}

/** Stops the server of a cluster, and waits until it has ended. */
export async function stopServer(place: PostgresPlace, binaries: PostgresBinaries): Promise<void> {
  if (process.platform !== "win32" && !(await isServerRunning(place))) return;
  await runPostgresProgram(
    {
      binaries: binaries.folder,
      name: "pg_ctl",
      args: ["stop", "--pgdata", clusterOf(place), "--mode=fast", "--wait", "--timeout=30"],
      folder: place.folder,
      account: place.account,
    },
    longestStop,
  );
  // The process goes a moment after its file; a folder that is removed next should find it gone.
  while (await isServerRunning(place)) await sleep(10);
  await removeSocketFolder(place);
}

/** A server that does not answer, with the last lines of its log. */
export async function serverFailure(place: PostgresPlace, why: string, cause?: unknown): Promise<AppError> {
  const log = await readFile(logFileOf(place), "utf8").catch(() => "");
  const lines = log.trimEnd().split("\n").slice(-10).join("\n").slice(-2000);
  return new AppError(
    "embedded-postgres",
    `The embedded Postgres in ${place.folder} does not answer: ${why}. Its log ${logFileOf(place)} ends with:\n${lines || "(nothing)"}`,
    { cause },
  );
}
