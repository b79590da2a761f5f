/** What a backup holds, or what was restored from it. */
export interface BackupSummary {
  /** ISO 8601, UTC. */
  readonly takenAt: string;
  /** The revision that the store was at. */
  readonly revision: number;
  /** How many rows each table has in it. */
  readonly rows: Readonly<Record<string, number>>;
}

/** What of a store is not in Git, as a file. */
export interface BackupStore {
  /** Writes one consistent snapshot to a file that is not there yet. Whoever uses the store goes on. */
  backup(file: string): Promise<BackupSummary>;
  /**
   * Fills a store that was never reconciled, in one transaction. Another one fails with `restore-refused`, a
   * file that is no whole backup, or one of a newer Gitway, with `backup-invalid`.
   */
  restore(file: string): Promise<BackupSummary>;
}
