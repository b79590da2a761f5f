/** What a process of `gitway run` can do. */
export const roles = ["controller", "endpoint", "dashboard"] as const;

/** One of the things that a process of `gitway run` can do. */
export type Role = (typeof roles)[number];
