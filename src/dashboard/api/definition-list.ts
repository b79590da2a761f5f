import type { Catalogue, CatalogueEntry } from "../catalogue.ts";
import { type Page, pageOf } from "./page.ts";

/** What a client asks a list for. */
export interface ListQuery {
  readonly p?: string | undefined;
  readonly q?: string | undefined;
  readonly sort?: string | undefined;
}

const orders: Readonly<Record<string, (a: CatalogueEntry, b: CatalogueEntry) => number>> = {
  name: (a, b) => compare(a.title.toLowerCase(), b.title.toLowerCase()),
  created_at: (a, b) => compare(a.stamps?.createdAt ?? "", b.stamps?.createdAt ?? ""),
  updated_at: (a, b) => compare(a.stamps?.updatedAt ?? "", b.stamps?.updatedAt ?? ""),
};

/**
 * The page `p` (from 1; all of them from 0 down) of the definitions whose name holds `q` in any case, in the
 * order of `sort`: `name`, `created_at` or `updated_at`, turned round by a minus; newest first without one.
 */
export function listDefinitions(
  catalogue: Catalogue,
  { p = "1", q = "", sort = "" }: ListQuery,
): Page<CatalogueEntry> {
  const wanted = q.toLowerCase();
  const found =
    wanted === ""
      ? catalogue.definitions
      : catalogue.definitions.filter(({ title }) => title.toLowerCase().includes(wanted));
  const column = sort.replace(/^-/, "");
  const order = Object.hasOwn(orders, column) ? orders[column] : undefined;
  const sorted = order ? found.toSorted((a, b) => (sort.startsWith("-") ? order(b, a) : order(a, b))) : found;
  return pageOf(sorted, p);
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
