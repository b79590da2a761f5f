import { AppError } from "../errors.ts";
import type { Database } from "./database.ts";
import { migrate } from "./migrate.ts";

/** A database whose first statement waits until its schema is up to date. */
export interface MigratedDatabase extends Database {
  /** Brings the schema up to date, unless that is done. */
  ready(): Promise<void>;
}

interface Attempt {
  readonly work: Promise<void>;
  readonly began: number;
}

/**
 * Brings the schema of a database up to date before its first statement. What fails is tried again at the
 * next one. `patience` is how many milliseconds an attempt may take before statements fail instead of waiting
 * for it; null for as long as it takes.
 */
export function migrateFirst(database: Database, patience: number | null): MigratedDatabase {
  let attempt: Attempt | null = null;
  let isReady = false;

  function ready(): Promise<void> {
    if (isReady) return Promise.resolve();
    attempt ??= { work: tryOnce(), began: performance.now() };
    return patience === null ? attempt.work : soon(attempt, patience);
  }

  async function tryOnce(): Promise<void> {
    try {
      await migrate(database);
      isReady = true;
    } finally {
      attempt = null;
    }
  }

  async function soon({ work, began }: Attempt, patience: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const left = Math.max(0, began + patience - performance.now());
      timer = setTimeout(() => reject(noAnswer(database.description)), left);
    });
    try {
      await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    ...database,
    ready,
    async query(sql, values) {
      await ready();
      return await database.query(sql, values);
    },
    async transaction(work, options) {
      await ready();
      return await database.transaction(work, options);
    },
    async connectListener() {
      await ready();
      return await database.connectListener();
    },
  };
}

function noAnswer(description: string): AppError {
  return new AppError(
    "database-unreachable",
    `The database ${description} has not answered yet. Check that it runs and can be reached.`,
  );
}
