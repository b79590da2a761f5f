import { randomBytes } from "node:crypto";

import { Client } from "pg";
import { inject } from "vitest";

import { withDatabase } from "./server-url.ts";

/** A database of a test's own. */
export interface TestDatabase {
  readonly url: string;
  /** Runs one statement on it, beside the product. */
  query<Row = Record<string, unknown>>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Begins a transaction on a connection of its own; whoever asked for it ends both. */
  hold(): Promise<Client>;
  drop(): Promise<void>;
}

/** Creates a migrated database, or an empty one, under a random name. Drop it when the tests of the file are done. */
export async function createDatabase(options: { readonly empty?: boolean } = {}): Promise<TestDatabase> {
  const { adminUrl, template } = inject("postgres");
  const name = `gitway_test_${randomBytes(8).toString("hex")}`;
  await run(adminUrl, `create database ${name} template ${options.empty ? "template0" : template}`);
  const url = withDatabase(adminUrl, name);
  return {
    url,
    query: (sql, values) => run(url, sql, values),
    async hold() {
      const client = new Client({ connectionString: url });
      await client.connect();
      await client.query("begin");
      return client;
    },
    async drop() {
      await run(adminUrl, `drop database if exists ${name} with (force)`);
    },
  };
}

async function run<Row>(url: string, sql: string, values: readonly unknown[] = []): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const result = await client.query(sql, [...values]);
    return result.rows as Row[];
  } finally {
    await client.end();
  }
}
