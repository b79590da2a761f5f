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

/** Gives the catalogue of the current revision; reads the store only when that has moved. */
export function createCatalogue(
  store: Pick<Store, "revision" | "objects" | "stamps">,
  orgId: string,
): () => Promise<Catalogue> {
  let known: Promise<Catalogue> | null = null;
  let revision = -1;
  return async () => {
    const current = await store.revision();
    if (known === null || revision !== current) {
      revision = current;
      const reading = readCatalogue(store, orgId, current);
      known = reading;
      reading.catch(() => {
        if (known === reading) known = null;
      });
    }
    return await known;
  };
}

async function readCatalogue(
  store: Pick<Store, "objects" | "stamps">,
  orgId: string,
  revision: number,
): Promise<Catalogue> {
  const [definitions, webhooks, stamps] = await Promise.all([
    store.objects("ApiDefinition"),
    store.objects("Webhook"),
    store.stamps("ApiDefinition"),
  ]);
  const entries = definitions
    .filter((object) => object.kind === "ApiDefinition")
    .map((object): CatalogueEntry => ({
      object,
      ids: dashboardIds(object),
      title: object.spec.title ?? object.name,
      stamps: stamps.get(object.id) ?? null,
    }))
    .toSorted(byAge);
  const hooks = webhooks.filter((object) => object.kind === "Webhook");
  const byId = new Map(
    entries.flatMap((entry) => idClaimsOf(entry.object).map(({ value }) => [value, entry] as const)),
  );
  const byName = new Map(entries.map((entry) => [entry.object.name, entry]));
  return {
    revision,
    definitions: entries,
    webhooks: hooks,
    book: webhookBook(hooks, orgId),
    find: (asked) => byId.get(asked) ?? byName.get(asked),
    findById: (id) => byId.get(id),
  };
}

function byAge(a: CatalogueEntry, b: CatalogueEntry): number {
  const [first, second] = [a.stamps?.createdAt ?? "", b.stamps?.createdAt ?? ""];
  return first === second ? (a.object.name < b.object.name ? -1 : 1) : first < second ? 1 : -1;
}
