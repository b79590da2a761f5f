import { randomBytes } from "node:crypto";

import { Client } from "pg";
import type { TestProject } from "vitest/node";

import { silentLog } from "../../src/log.ts";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "../../src/store/embedded/embedded-postgres.ts";
import { openStore } from "../../src/store/open-store.ts";
import { createDataFolder } from "./data-folder.ts";
import { withDatabase } from "./server-url.ts";

declare module "vitest" {
  interface ProvidedContext {
    postgres: {
      /** A server on which databases may be created. */
      readonly adminUrl: string;
      /** A migrated database to copy. */
      readonly template: string;
    };
  }
}

/** One Postgres server for all test files: that of DATABASE_URL, else an embedded one. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startServer();
  const template = `gitway_template_${randomBytes(6).toString("hex")}`;
  await runAsAdmin(server.adminUrl, `create database ${template}`);
  const store = await openStore(
    { databaseUrl: withDatabase(server.adminUrl, template) },
    { log: silentLog() },
  );
  await store.close();
  project.provide("postgres", { adminUrl: server.adminUrl, template });
  return async () => {
    await runAsAdmin(server.adminUrl, `drop database ${template} with (force)`);
    await server.stop();
  };
}

async function startServer(): Promise<{ readonly adminUrl: string; stop(): Promise<void> }> {
  const given = process.env["DATABASE_URL"];
  if (given) return { adminUrl: given, stop: async () => undefined };
  const folder = await createDataFolder();
  const server = await startEmbeddedPostgres(folder.path, { log: silentLog() });
  const adminUrl = await urlOf(server);
  // What a test writes need not survive a power failure.
  await runAsAdmin(adminUrl, "alter system set fsync = off", "select pg_reload_conf()");
  return {
    adminUrl,
    async stop() {
      await server.close();
      await folder.remove();
    },
  };
}

async function urlOf({ connection }: EmbeddedPostgres): Promise<string> {
  const password =
    typeof connection.password === "function" ? await connection.password() : connection.password;
  const { user, host, port, database } = connection;
  return `postgres://${user}:${password}@${encodeURIComponent(host ?? "")}:${port}/${database}`;
}

async function runAsAdmin(adminUrl: string, ...statements: string[]): Promise<void> {
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
