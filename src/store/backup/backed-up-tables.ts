/** How the values of a column become text in a backup, and values again. */
export type ColumnType =
  | "boolean"
  | "bigint"
  | "integer"
  | "text"
  | "uuid"
  | "timestamptz"
  | "json"
  | "bytea";

/** A table that is backed up. */
export interface BackedUpTable {
  readonly name: string;
  readonly columns: Readonly<Record<string, ColumnType>>;
  /** The columns that rows are in the order of. */
  readonly order: readonly string[];
  /** The column that numbers rows by itself. */
  readonly numbered?: string;
  /**
   * Which of two rows holds that can't both be there: that of the backup, in a table with one row at the most, or
   * the one that the store has. There are none elsewhere.
   */
  readonly holds?: "backup" | "store";
  /** Rows of one statement, where they may be large. */
  readonly slice?: number;
}

/**
 * What a backup holds, in an order in which rows that are referred to come first. Events can be verified, and
 * `gitway history` answers, only with the versions of objects that they refer to, and with their numbers: so
 * those are in it, although Git has what they say. With them come the files that definitions serve.
 *
 * Left out are messages to webhooks, which may have been sent since, and drift, which the first pass finds anew.
 */
export const backedUpTables: readonly BackedUpTable[] = [
  {
    name: "revision",
    order: ["number"],
    columns: {
      number: "bigint",
      parent: "bigint",
      commit: "text",
      origin: "text",
      apply_id: "uuid",
      applied_at: "timestamptz",
    },
  },
  { name: "blob", order: ["digest"], slice: 8, columns: { digest: "text", content: "bytea" } },
  {
    name: "object_version",
    order: ["version"],
    numbered: "version",
    slice: 100,
    columns: {
      version: "bigint",
      kind: "text",
      object_id: "uuid",
      name: "text",
      route: "text",
      claim: "text",
      labels: "json",
      annotations: "json",
      spec: "json",
      files: "json",
      hash: "text",
      path: "text",
      line: "integer",
      commit: "text",
      dashboard_id: "text",
      api_id: "text",
      from_revision: "bigint",
      to_revision: "bigint",
    },
  },
  {
    name: "sighting",
    order: ["version"],
    numbered: "noted",
    columns: { version: "bigint", path: "text", line: "integer", origin: "text", noted: "bigint" },
  },
  {
    name: "event",
    order: ["id"],
    numbered: "id",
    columns: {
      id: "bigint",
      time: "timestamptz",
      message: "text",
      action: "text",
      kind: "text",
      object_id: "uuid",
      name: "text",
      route: "text",
      actor_name: "text",
      actor_email: "text",
      actor_user: "text",
      by_gitway: "boolean",
      committer_name: "text",
      committer_email: "text",
      contributors: "json",
      released_by: "json",
      commit: "text",
      authored_at: "timestamptz",
      first_written: "json",
      path: "text",
      line: "integer",
      revision: "bigint",
      version_before: "bigint",
      version_after: "bigint",
      object_hash: "text",
      previous_hash: "text",
      hash: "text",
    },
  },
  {
    name: "credential",
    order: ["id"],
    numbered: "id",
    columns: {
      id: "bigint",
      token_id: "uuid",
      hash: "bytea",
      origin: "text",
      issued_by_name: "text",
      issued_by_email: "text",
      issued_at: "timestamptz",
      not_after: "timestamptz",
      revoked_at: "timestamptz",
      last_used: "timestamptz",
    },
  },
  {
    // Without the transaction that wrote a row: that of the restore tells every endpoint of it.
    name: "limit_hits",
    order: ["key", "length", "start"],
    columns: {
      key: "text",
      length: "bigint",
      start: "bigint",
      hits: "bigint",
      last: "bigint",
      needed_until: "timestamptz",
    },
  },
  {
    name: "limit_notice",
    order: ["kind", "object_id"],
    columns: {
      kind: "text",
      object_id: "uuid",
      hits: "bigint",
      period: "bigint",
      since: "timestamptz",
      cleared_at: "timestamptz",
    },
  },
  {
    // Without their numbers: a store that was suspended to be restored stays so.
    name: "suspension",
    order: ["id"],
    holds: "store",
    columns: {
      since: "timestamptz",
      by_name: "text",
      by_email: "text",
      reason: "text",
      resumed_at: "timestamptz",
      resumed_by_name: "text",
      resumed_by_email: "text",
    },
  },
  { name: "sync_status", order: ["only_row"], holds: "backup", columns: { status: "json" } },
  {
    name: "pointer",
    order: ["only_row"],
    holds: "backup",
    columns: { revision: "bigint", credential_changes: "bigint", newest_event: "text" },
  },
];
