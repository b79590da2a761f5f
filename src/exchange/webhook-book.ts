import { dashboardIds, derivedIds } from "../manifest/dashboard-ids.ts";
import type { WebhookSpec } from "../manifest/webhook.generated.ts";
import type { JsonObject } from "./json-object.ts";
import { shown } from "./notation.ts";
import { webhookNotation, type WebhookObject } from "./webhook-notation.ts";

/** A Webhook that a request brings along and that no manifest describes yet. */
export interface NewWebhook {
  readonly kind: "Webhook";
  /** Unique among the names that were given. */
  readonly name: string;
  readonly spec: WebhookSpec;
}

/** The webhooks that definitions can refer to. */
export interface WebhookBook {
  /** The webhook of a name as `hook_references` shows it; undefined when there is none. */
  hookOf(name: string): JsonObject | undefined;
  /** The name of the webhook with a Dashboard id. */
  nameOf(id: string): string | undefined;
  readonly names: ReadonlySet<string>;
}

/** Indexes webhooks. Make it once for many definitions. */
export function webhookBook(webhooks: readonly WebhookObject[], orgId: string): WebhookBook {
  const byName = new Map(webhooks.map((webhook) => [webhook.name, webhook]));
  const byId = new Map(webhooks.map((webhook) => [dashboardIds(webhook).id, webhook.name]));
  const hooks = new Map<string, JsonObject>();
  return {
    names: new Set(byName.keys()),
    nameOf: (id) => byId.get(id),
    hookOf: (name) => {
      const webhook = byName.get(name);
      const known = hooks.get(name);
      if (!webhook || known) return known;
      const ids = derivedIds(webhook.id);
      const hook = shown(webhookNotation({ name, ids }, orgId), webhook.spec);
      hooks.set(name, hook);
      return hook;
    },
  };
}
