/** A page of a list, and how many there are. */
export interface Page<T> {
  readonly entries: readonly T[];
  /** 0 when everything was asked for (Dashboard facts 1.3). */
  readonly pages: number;
}

const pageSize = 10;

/** What `p` means in lists of the Dashboard API. */
export const pageParameter = "The page, from 1; all of them from 0 down.";

/** What it means in Gitway's own lists, which are whole unless a page is asked for. */
export const optionalPageParameter = "The page, from 1; all of them from 0 down, and when absent.";

/** The page `p` of ten, from 1; all of them from 0 down. What is no number is the first. */
export function pageOf<T>(items: readonly T[], p: string): Page<T> {
  const page = Number.parseInt(p, 10);
  if (page <= 0) return { entries: items, pages: 0 };
  const start = ((page || 1) - 1) * pageSize;
  return {
    entries: items.slice(start, start + pageSize),
    pages: Math.max(1, Math.ceil(items.length / pageSize)),
  };
}
