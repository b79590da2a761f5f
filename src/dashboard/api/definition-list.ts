import { categoriesOf } from "../../exchange/definition-to-dashboard.ts";
import type { Catalogue, CatalogueEntry } from "../catalogue.ts";
import { type Page, pageOf } from "./page.ts";

/** What a client asks a list for. */
export interface ListQuery {
  readonly p?: string | undefined;
  readonly q?: string | undefined;
  readonly sort?: string | undefined;
  readonly category?: string | undefined;
}

/** Filters of the Dashboard API that are not here. A client that asks for some must not get all (Dashboard facts 1.2). */
const missingFilters = ["auth_type", "api_type", "base_apis"];

/** Says in a sentence which filter a client asks for that is not here; null when there is none. */
export function missingFilter(query: Readonly<Record<string, string>>): string | null {
  const asked = missingFilters.find((filter) => (query[filter] ?? "") !== "");
  return asked === undefined
    ? null
    : `Could not retrieve APIs. They can't be filtered by '${asked}': leave it out. There are 'q' and 'category'.`;
}

const orders: Readonly<Record<string, (a: CatalogueEntry, b: CatalogueEntry) => number>> = {
  name: (a, b) => compare(a.title.toLowerCase(), b.title.toLowerCase()),
  created_at: (a, b) => compare(a.moments.createdAt, b.moments.createdAt),
  updated_at: (a, b) => compare(a.moments.updatedAt, b.moments.updatedAt),
};

/**
 * The page `p` (from 1; all of them from 0 down) of the definitions whose name holds `q` in any case and that have
 * one of the categories in `category` (parted by commas), in the order of `sort`: `name`, `created_at` or
 * `updated_at`, turned round by a minus; newest first without one.
 */
export function listDefinitions(
  catalogue: Catalogue,
  { p = "1", q = "", sort = "", category = "" }: ListQuery,
): Page<CatalogueEntry> {
  const wanted = q.toLowerCase();
  const categories = new Set(wordsIn(category));
  const found = catalogue.definitions.filter(
    ({ title, object }) =>
      title.toLowerCase().includes(wanted) &&
      (categories.size === 0 || categoriesOf(object.spec).some((each) => categories.has(each.toLowerCase()))),
  );
  const column = sort.replace(/^-/, "");
  const order = Object.hasOwn(orders, column) ? orders[column] : undefined;
  const sorted = order ? found.toSorted((a, b) => (sort.startsWith("-") ? order(b, a) : order(a, b))) : found;
  return pageOf(sorted, p);
}

function wordsIn(list: string): string[] {
  return list
    .toLowerCase()
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
