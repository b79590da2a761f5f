/** Where batches are taken, below a route or listen path (Gateway rules 2.7). */
export const batchPath = ["tyk", "batch"] as const;
