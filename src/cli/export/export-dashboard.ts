import type { Config } from "../../config.ts";
import { wrapperOf } from "../../dashboard/api/definitions.ts";
import { type Catalogue, createCatalogue } from "../../dashboard/catalogue.ts";
import { webhookToDashboard } from "../../exchange/webhook-exchange.ts";
import type { Kind } from "../../manifest/manifest.ts";
import { printableJson } from "../../printable.ts";
import type { LiveObjects, Store } from "../../store/store.ts";

/** Definitions and webhooks as `GET /api/apis?p=0` and `GET /api/hooks` print them, in one object. */
export async function dashboardText(
  store: Pick<Store, "stamps">,
  live: LiveObjects,
  asked: { readonly kind?: Kind; readonly name?: string },
  { dashboard: { orgId }, endpoint: { base } }: Config,
): Promise<{ readonly text: string; readonly exported: LiveObjects }> {
  const catalogue = await createCatalogue(
    {
      revision: async () => live.revision,
      listing: async () => ({ ...live, stamps: await store.stamps("ApiDefinition") }),
    },
    orgId,
  )();
  const isAsked = ({ kind, name }: { readonly kind: Kind; readonly name: string }) =>
    (asked.kind ?? kind) === kind && (asked.name ?? name) === name;
  const entries = catalogue.definitions.filter(({ object }) => isAsked(object));
  const used = webhooksOf(entries);
  const webhooks = catalogue.webhooks.filter((webhook) => isAsked(webhook) || used.has(webhook.name));
  const list = {
    apis: entries.map((entry) => wrapperOf(entry, catalogue, { orgId, routeBase: base })),
    pages: 0,
    hooks: webhooks.map((webhook) => webhookToDashboard(webhook, orgId)),
  };
  return {
    text: `${printableJson(JSON.stringify(list, null, 2))}\n`,
    exported: { ...live, objects: [...webhooks, ...entries.map(({ object }) => object)] },
  };
}

function webhooksOf(entries: Catalogue["definitions"]): ReadonlySet<string> {
  return new Set(entries.flatMap(({ object }) => (object.spec.events ?? []).map(({ webhook }) => webhook)));
}
