import type { DueWebhook, EventMessage } from "../store/outbox/outbox.ts";
import { escapeFor, fillTemplate } from "./template.ts";

/** What is sent: the body, null for none, and its type. */
export interface DeliveryBody {
  readonly content: string | null;
  readonly contentType: string;
}

/** Characters. */
const largest = 1024 * 1024;

const json = "application/json";
const plain = "text/plain; charset=utf-8";

const typeByExtension: Readonly<Record<string, string>> = {
  json,
  xml: "application/xml",
  html: "text/html; charset=utf-8",
};

/** The names of the fields in templates that were written for the Dashboard API's gateway (Gateway rules 2.6). */
const gatewayNames: ReadonlyMap<string, string> = new Map([
  [".Type", "event"],
  [".TimeStamp", "time"],
  [".Meta.Message", "message"],
  [".Meta.Reason", "reason"],
  [".Meta.Path", "path"],
  [".Meta.Origin", "origin"],
  [".Meta.Key", "key"],
]);

/** Makes the body for a webhook: from its template, or JSON with all fields. Null when it would be too large. */
export function renderBody(webhook: DueWebhook, message: EventMessage): DeliveryBody | null {
  const contentType = typeOf(webhook);
  if (webhook.method === "GET") return { content: null, contentType };
  if (webhook.template === null) return { content: defaultBody(message), contentType };
  const content = fillTemplate(
    webhook.template.text,
    (name) => valueAt(message, gatewayNames.get(name) ?? name),
    escapeFor(contentType),
    largest,
  );
  return content === null ? null : { content, contentType };
}

/** The same message whenever it is said: two that differ in nothing else get the same body. */
export function withoutTime(message: EventMessage): EventMessage {
  const { information } = message;
  return { ...message, time: "", information: information && { ...information, time: "" } };
}

function typeOf({ headers, template }: DueWebhook): string {
  const given = Object.entries(headers).find(([name]) => name.toLowerCase() === "content-type")?.[1];
  if (given !== undefined) return given;
  if (template === null) return json;
  const extension = /\.([A-Za-z0-9]+)$/.exec(template.path)?.[1] ?? "";
  return typeByExtension[extension.toLowerCase()] ?? plain;
}

function defaultBody({ reason, information, ...message }: EventMessage): string {
  return JSON.stringify({
    ...message,
    ...(reason === null ? {} : { reason }),
    ...(information === null ? {} : { information }),
  });
}

/** A field by its path, such as `information.actor.name`; undefined for one that is not there. */
function valueAt(message: EventMessage, path: string): unknown {
  let value: unknown = message;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
