import { Client, Pool, TypeOverrides, types, type ClientBase, type ClientConfig, type PoolClient } from "pg";

import type { Closeable } from "../closeable.ts";
import { AppError } from "../errors.ts";
import type { Log } from "../log.ts";
import { connectFailure, isConnectionLoss, queryFailure } from "./database-error.ts";

/** Milliseconds. */
const limits = {
  connect: 10_000,
  statement: 60_000,
  answer: 90_000,
  idleInTransaction: 30_000,
  idle: 30_000,
};

const mostConnections = 8;

/** A value that a statement takes. */
export type SqlValue = string | number | boolean | Buffer | Date | null | readonly (string | number | null)[];

/** Runs one statement and gives its rows. */
export interface Session {
  query<Row>(sql: string, values?: readonly SqlValue[]): Promise<Row[]>;
}

/** How a transaction runs. */
export interface TransactionOptions {
  /** One consistent snapshot, and no writes. */
  readonly snapshot?: boolean;
  /** Asked when the connection broke during the commit: did it commit? It must wait until that is certain. */
  readonly didCommit?: () => Promise<boolean>;
}

/** A Postgres database: a pool of connections whose failures are `AppError`s. */
export interface Database extends Session, Closeable {
  /** For people; without a password. */
  readonly description: string;
  /** All of it, or nothing. The session ends with the transaction. */
  transaction<Result>(
    work: (session: Session) => Promise<Result>,
    options?: TransactionOptions,
  ): Promise<Result>;
  /** A connection beside the pool, to listen on. Its owner ends it, and handles its `error` event. */
  connectListener(): Promise<Client>;
}

const parsers = new TypeOverrides();
// `pg` gives 64-bit integers as text; ours count, and stay below 2^53.
parsers.setTypeParser(types.builtins.INT8, Number);

const connectionSettings = {
  application_name: "gitway",
  connectionTimeoutMillis: limits.connect,
  statement_timeout: limits.statement,
  query_timeout: limits.answer,
  idle_in_transaction_session_timeout: limits.idleInTransaction,
  keepAlive: true,
  types: parsers,
} satisfies ClientConfig;

/** Opens the pool. Nothing is connected before the first statement. */
export function openDatabase(connection: ClientConfig, description: string, log: Log): Database {
  const config = { ...connection, ...connectionSettings };
  const pool = new Pool({ ...config, max: mostConnections, idleTimeoutMillis: limits.idle });
  // A connection that breaks while idle is none of any caller's business; the pool replaces it.
  pool.on("error", (error) => log.debug({ error: error.message }, "an idle database connection was lost"));
  return {
    description,
    query: (sql, values) => withClient(pool, description, (client) => runQuery(client, sql, values)),
    transaction: (work, options = {}) =>
      withClient(pool, description, (client) => runTransaction(client, description, work, options)),
    connectListener: () => connectClient(config, description),
    close: () => pool.end(),
  };
}

async function withClient<Result>(
  pool: Pool,
  description: string,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect().catch((error: unknown) => {
    throw connectFailure(error, description);
  });
  let broken = false;
  const onError = () => (broken = true);
  client.on("error", onError);
  try {
    return await work(client);
  } catch (error) {
    broken ||= isConnectionLoss(error);
    throw queryFailure(error, description);
  } finally {
    client.off("error", onError);
    client.release(broken);
  }
}

async function runQuery<Row>(
  client: ClientBase,
  sql: string,
  values: readonly SqlValue[] = [],
): Promise<Row[]> {
  const result = await client.query(sql, [...values]);
  return result.rows as Row[];
}

async function runTransaction<Result>(
  client: PoolClient,
  description: string,
  work: (session: Session) => Promise<Result>,
  options: TransactionOptions,
): Promise<Result> {
  await client.query(options.snapshot ? "begin isolation level repeatable read read only" : "begin");
  const session: Session = { query: (sql, values) => runQuery(client, sql, values) };
  let result: Result;
  try {
    result = await work(session);
  } catch (error) {
    if (!isConnectionLoss(error)) await client.query("rollback");
    throw error;
  }
  await commit(client, description, options);
  return result;
}

async function commit(
  client: PoolClient,
  description: string,
  { didCommit }: TransactionOptions,
): Promise<void> {
  try {
    const { command } = await client.query("commit");
    if (command !== "COMMIT") throw new Error(`commit ended in ${command}: a failed statement was ignored`);
  } catch (error) {
    if (!isConnectionLoss(error) || !didCommit) throw error;
    if (await didCommit()) return;
    throw new AppError(
      "database-unreachable",
      `The connection to ${description} was lost before the change was committed; nothing was changed. Try again.`,
      { cause: error },
    );
  }
}

async function connectClient(config: ClientConfig, description: string): Promise<Client> {
  const client = new Client(config);
  // Until its owner listens for errors, one that comes between must not end the process.
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (error) {
    void client.end().catch(() => undefined);
    throw connectFailure(error, description);
  }
  return client;
}
