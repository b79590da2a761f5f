import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

import pg from "pg";

const service = "postgres://postgres@127.0.0.1:5432/postgres";
const database = `gitway_check_${randomBytes(6).toString("hex")}`;

const aboutRequests =
  /^dashboard-(access|browser|bytes|client|hostile|hostile-commits|names|openapi|permissions|reasons|trigger)\./;

const admin = new pg.Client({ connectionString: service, connectionTimeoutMillis: 2000 });
try {
  await admin.connect();
} catch (error) {
  console.log(`No Postgres service lets us in at 127.0.0.1:5432 (${String(error)}): nothing more to test.`);
  process.exit(0);
}

await admin.query(`create database ${database}`);
try {
  const url = new URL(service);
  url.pathname = `/${database}`;
  const vitest = [
    "node_modules/vitest/vitest.mjs",
    "run",
    "--config",
    "test/vitest.config.ts",
    "--project",
    "integration",
    ...testsOnPostgres("test/integration"),
  ];
  const run = spawnSync(process.execPath, vitest, {
    stdio: "inherit",
    env: { ...process.env, DATABASE_URL: url.href },
  });
  process.exitCode = run.status ?? 1;
} finally {
  await admin.query(`drop database ${database} with (force)`);
  await admin.end();
}

/**
 * The test files of a folder that work on a database, by whatever they import. The others know no other server; and
 * those about requests and answers of the Dashboard API come to the same statements as those about its writes.
 */
function testsOnPostgres(folder: string): string[] {
  const known = new Map<string, boolean>();
  const tests = readdirSync(folder).filter((name) => name.endsWith(".test.ts") && !aboutRequests.test(name));
  return tests.map((name) => join(folder, name)).filter((file) => needsPostgres(file, known));
}

function needsPostgres(file: string, known: Map<string, boolean>): boolean {
  const found = known.get(file);
  if (found !== undefined) return found;
  known.set(file, false);
  const text = readFileSync(file, "utf8");
  const imports = [...text.matchAll(/from "(\.[^"]+)"/g)].map(([, path = ""]) => join(dirname(file), path));
  const needs =
    text.includes('inject("postgres")') ||
    imports.filter((path) => path.startsWith("test")).some((path) => needsPostgres(path, known));
  known.set(file, needs);
  return needs;
}
