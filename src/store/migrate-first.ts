import type { Database } from "./database.ts";
import { migrate } from "./migrate.ts";

/** A database whose first statement waits until its schema is up to date. */
export interface MigratedDatabase extends Database {
  /** Brings the schema up to date, unless that is done. */
  ready(): Promise<void>;
}

/** Brings the schema of a database up to date before its first statement; what fails is tried again at the next. */
export function migrateFirst(database: Database): MigratedDatabase {
  let migrated: Promise<void> | undefined;

  function ready(): Promise<void> {
    migrated ??= migrate(database).catch((error: unknown) => {
      migrated = undefined;
      throw error;
    });
    return migrated;
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
