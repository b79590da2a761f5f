import type { DefinitionObject } from "../exchange/definition-notation.ts";
import type { TakenNames } from "../exchange/slug.ts";
import { type WebhookBook, webhookBook } from "../exchange/webhook-book.ts";
import type { WebhookObject } from "../exchange/webhook-notation.ts";
import { dashboardIds, type DashboardIds, idClaimsOf } from "../manifest/dashboard-ids.ts";
import type { StoredObject } from "../plan/plan.ts";
import type { Listing } from "../store/listing-store.ts";
import type { ObjectStamps } from "../store/stamps.ts";
import type { Store } from "../store/store.ts";
import { type CatalogueIndex, type EntryChanges, indexEntries } from "./catalogue-index.ts";

type Definition = Extract<StoredObject, { kind: "ApiDefinition" }>;
type Webhook = Extract<StoredObject, { kind: "Webhook" }>;

/** A definition as the Dashboard API knows it. */
export interface CatalogueEntry {
  readonly object: DefinitionObject & Definition;
  readonly ids: DashboardIds;
  /** All that it is found by besides its name. */
  readonly allIds: readonly string[];
  /** The name for people. */
  readonly title: string;
  /** Null when no event tells. */
  readonly stamps: ObjectStamps | null;
  /** The same to be compared: Git knows seconds, the store what came within one. Empty when no event tells. */
  readonly moments: { readonly createdAt: string; readonly updatedAt: string };
}

/** What is live at a revision, ready to be listed and searched. */
export interface Catalogue {
  readonly revision: number;
  /** Newest first, as the Dashboard API lists them. */
  readonly definitions: readonly CatalogueEntry[];
  readonly webhooks: readonly (WebhookObject & Webhook)[];
  readonly book: WebhookBook;
  /** A definition by its internal or public id or its UUID, or else by its manifest's name. */
  find(asked: string): CatalogueEntry | undefined;
  /** The definition that has an id, of whichever sort. */
  findById(id: string): CatalogueEntry | undefined;
  /** The names of the manifests of definitions. */
  readonly names: TakenNames;
}

/** A catalogue, with what the next one is made from. */
interface Made extends Catalogue {
  readonly index: CatalogueIndex;
}

/** Gives the catalogue of the current revision; reads the store only when that has moved, and then what is new. */
export function createCatalogue(
  store: Pick<Store, "revision" | "listing">,
  orgId: string,
): () => Promise<Catalogue> {
  const entryOf = createEntries();
  let last: Made | null = null;
  let reading: Promise<Made> | null = null;

  async function read(): Promise<Made> {
    const listing = await store.listing();
    if (last?.revision === listing.revision) return last;
    last = catalogueOf(listing, last, { entryOf, orgId });
    return last;
  }

  return async () => {
    const current = await store.revision();
    if (last?.revision === current) return last;
    const isNewer = ({ revision }: Catalogue) => revision >= current;
    for (let tries = 0; ; tries++) {
      reading ??= read().finally(() => (reading = null));
      const found = await reading;
      // What others wait for may have been read before the revision moved again.
      if (isNewer(found) || tries > 0) return found;
    }
  };
}

/** The entries of objects, each made once. */
function createEntries() {
  const known = new WeakMap<StoredObject, CatalogueEntry>();
  return (object: Definition, stamps: Listing["stamps"]): CatalogueEntry => {
    const found = known.get(object);
    if (found) return found;
    const entry = {
      object,
      ids: dashboardIds(object),
      allIds: idClaimsOf(object).map(({ value }) => value),
      title: object.spec.title ?? object.name,
      stamps: stamps.get(object.id) ?? null,
      moments: momentsOf(stamps.get(object.id)),
    };
    known.set(object, entry);
    return entry;
  };
}

interface Making {
  readonly entryOf: ReturnType<typeof createEntries>;
  readonly orgId: string;
}

function catalogueOf(
  { revision, objects, stamps }: Listing,
  last: Made | null,
  { entryOf, orgId }: Making,
): Made {
  const entries = objects.flatMap((object) =>
    object.kind === "ApiDefinition" ? [entryOf(object, stamps)] : [],
  );
  const webhooks = objects.filter((object) => object.kind === "Webhook");
  const changes = changesBetween(last?.definitions ?? [], entries);
  const index = last?.index.after(changes) ?? indexEntries(entries);
  return {
    revision,
    index,
    definitions: byAgeAfter(last?.definitions ?? [], changes),
    webhooks,
    book: last && isSame(last.webhooks, webhooks) ? last.book : webhookBook(webhooks, orgId),
    find: (asked) => index.byId(asked) ?? index.byName(asked),
    findById: (id) => index.byId(id),
    names: { has: (name) => index.byName(name) !== undefined },
  };
}

function isSame<T>(one: readonly T[], other: readonly T[]): boolean {
  return one.length === other.length && one.every((each, at) => each === other[at]);
}

function changesBetween(before: readonly CatalogueEntry[], after: readonly CatalogueEntry[]): EntryChanges {
  const [known, present] = [new Set(before), new Set(after)];
  return {
    removed: before.filter((entry) => !present.has(entry)),
    added: after.filter((entry) => !known.has(entry)),
  };
}

/** What stays is in order already. */
function byAgeAfter(before: readonly CatalogueEntry[], { removed, added }: EntryChanges) {
  if (removed.length + added.length === 0) return before;
  const gone = new Set(removed);
  return [...before.filter((entry) => !gone.has(entry)), ...added].sort(byAge);
}

function momentsOf(stamps: ObjectStamps | undefined): CatalogueEntry["moments"] {
  if (!stamps) return { createdAt: "", updatedAt: "" };
  const { createdAt, updatedAt, live } = stamps;
  return { createdAt: `${createdAt} ${live.createdAt}`, updatedAt: `${updatedAt} ${live.updatedAt}` };
}

function byAge(a: CatalogueEntry, b: CatalogueEntry): number {
  const [first, second] = [a.moments.createdAt, b.moments.createdAt];
  return first === second ? (a.object.name < b.object.name ? -1 : 1) : first < second ? 1 : -1;
}
