/** The most that fields of manifests can ask for. More counts as this, and is warned of. */
export const caps = {
  /** What timers of Node.js can wait. */
  timer: "24d",
  scriptTimeout: "1h",
  scriptMemory: "512MiB",
  webhookTimeout: "1m",
  limitWindow: "3650d",
} as const;
