import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";

import pg from "pg";

const service = "postgres://postgres@127.0.0.1:5432/postgres";
const database = `gitway_check_${randomBytes(6).toString("hex")}`;

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
