import type { DefinitionObject } from "../exchange/definition-notation.ts";
import { type WebhookBook, webhookBook } from "../exchange/webhook-book.ts";
import type { WebhookObject } from "../exchange/webhook-notation.ts";
import { dashboardIds, type DashboardIds, idClaimsOf } from "../manifest/dashboard-ids.ts";
import type { StoredObject } from "../plan/plan.ts";
import type { ObjectStamps } from "../store/stamps.ts";
import type { Store } from "../store/store.ts";

type Definition = Extract<StoredObject, { kind: "ApiDefinition" }>;
type Webhook = Extract<StoredObject, { kind: "Webhook" }>;

/** A definition as the Dashboard API knows it. */
export interface CatalogueEntry {
  readonly object: DefinitionObject & Definition;
  readonly ids: DashboardIds;
  /** The name for people. */
  readonly title: string;
  /** Null when no event tells. */
  readonly stamps: ObjectStamps | null;
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
}

/** Gives the catalogue of the current revision; reads the store only when that has moved, and then what is new. */
export function createCatalogue(
  store: Pick<Store, "revision" | "listing">,
  orgId: string,
): () => Promise<Catalogue> {
  const entryOf = createEntries();
  let last: Catalogue | null = null;
  let reading: Promise<Catalogue> | null = null;

  async function read(): Promise<Catalogue> {
    const listing = await store.listing();
    // The one before may have been read by somebody who began later.
    if (last?.revision === listing.revision) return last;
    last = catalogueOf(listing, last, { entryOf, orgId });
    return last;
  }

  return async () => {
    const current = await store.revision();
    if (last?.revision === current) return last;
    const isNewer = (found: Catalogue) => found.revision >= current;
    for (let tries = 0; ; tries++) {
      reading ??= read().finally(() => (reading = null));
      const found = await reading;
      // What others wait for may have been read before the revision moved again; a restored store has another.
      if (isNewer(found) || tries > 0) return found;
    }
  };
}

type Listing = Awaited<ReturnType<Store["listing"]>>;

/** The entries of objects, each made once. */
function createEntries() {
  const known = new WeakMap<StoredObject, CatalogueEntry>();
  return (object: Definition, stamps: Listing["stamps"]): CatalogueEntry => {
    const found = known.get(object);
    if (found) return found;
    const entry = {
      object,
      ids: dashboardIds(object),
      title: object.spec.title ?? object.name,
      stamps: stamps.get(object.id) ?? null,
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
  last: Catalogue | null,
  { entryOf, orgId }: Making,
): Catalogue {
  const definitions = objects.filter((object): object is Definition => object.kind === "ApiDefinition");
  const entries = definitions.map((object) => entryOf(object, stamps));
  const webhooks = objects.filter((object): object is Webhook => object.kind === "Webhook");
  const hasSameHooks = last && isSame(last.webhooks, webhooks);
  const index = createIndex(entries);
  return {
    revision,
    definitions: byAgeFrom(last?.definitions ?? [], entries),
    webhooks,
    book: hasSameHooks ? last.book : webhookBook(webhooks, orgId),
    find: (asked) => index().byId.get(asked) ?? index().byName.get(asked),
    findById: (id) => index().byId.get(id),
  };
}

function isSame<T>(one: readonly T[], other: readonly T[]): boolean {
  return one.length === other.length && one.every((each, at) => each === other[at]);
}

/** Made when somebody first looks for something. */
function createIndex(entries: readonly CatalogueEntry[]) {
  let made: { readonly byId: Map<string, CatalogueEntry>; readonly byName: Map<string, CatalogueEntry> };
  return () =>
    (made ??= {
      byId: new Map(
        entries.flatMap((entry) => idClaimsOf(entry.object).map(({ value }) => [value, entry] as const)),
      ),
      byName: new Map(entries.map((entry) => [entry.object.name, entry])),
    });
}

/** What stays the same is in order already. */
function byAgeFrom(before: readonly CatalogueEntry[], entries: readonly CatalogueEntry[]) {
  const [known, present] = [new Set(before), new Set(entries)];
  const staying = before.filter((entry) => present.has(entry));
  const added = entries.filter((entry) => !known.has(entry));
  return [...staying, ...added].sort(byAge);
}

function byAge(a: CatalogueEntry, b: CatalogueEntry): number {
  const [first, second] = [a.stamps?.createdAt ?? "", b.stamps?.createdAt ?? ""];
  return first === second ? (a.object.name < b.object.name ? -1 : 1) : first < second ? 1 : -1;
}
