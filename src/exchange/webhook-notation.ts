import { type DashboardIds, isInternalId } from "../manifest/dashboard-ids.ts";
import type { GitwayObject } from "../manifest/manifest.ts";
import type { WebhookSpec } from "../manifest/webhook.generated.ts";
import { type Fields, fieldsOf, numberOf, refuse, requireFields, textOf } from "./fields.ts";
import { saidFields } from "./json-object.ts";
import type { Notation } from "./notation.ts";
import { durationOf, secondsOf } from "./seconds.ts";

/** A Webhook of the store or of a manifest. */
export type WebhookObject = Extract<GitwayObject, { kind: "Webhook" }>;

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

/** How a webhook with these derived ids is written (Dashboard facts 1.9). */
export function webhookNotation(
  { name, ids }: { readonly name: string; readonly ids: DashboardIds },
  orgId: string,
): Notation<"Webhook"> {
  return {
    kind: "Webhook",
    read: (given) => readWebhook(given, name),
    write: (spec) => ({
      api_model: {},
      id: ids.id,
      org_id: orgId,
      name: spec.title ?? name,
      method: spec.method ?? "POST",
      target_path: spec.url ?? "",
      template_path: spec.template ?? "",
      header_map: spec.headers ?? {},
      event_timeout: secondsOf(spec.dedupe),
    }),
    styleOf: () => ({}),
    comparable: ({ org_id: _organisation, ...given }) => given,
  };
}

function readWebhook(given: Fields, name: string): Partial<WebhookSpec> {
  requireFields(given, "method", "target_path");
  const id = textOf(given, "id") ?? "";
  if (id !== "" && !isInternalId(id)) refuse(given, "id", "invalid-id", "must be 24 hex digits");
  const title = textOf(given, "name") ?? "";
  const headers = fieldsOf(given, "header_map");
  return saidFields<WebhookSpec>({
    title: title === "" || title === name ? undefined : title,
    url: textOf(given, "target_path") ?? "",
    method: readMethod(given),
    template: textOf(given, "template_path") || undefined,
    headers: Object.fromEntries(
      Object.keys(headers.given).map((header) => [header, textOf(headers, header) ?? ""]),
    ),
    dedupe: durationOf(numberOf(given, "event_timeout") ?? 0),
  });
}

function readMethod(given: Fields): WebhookSpec["method"] {
  const text = textOf(given, "method") ?? "";
  const method = methods.find((known) => known === text);
  if (text !== "" && method === undefined)
    refuse(given, "method", "invalid-value", `must be one of ${methods.join(", ")}`);
  return method;
}
