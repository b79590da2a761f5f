import { readFileSync } from "node:fs";

import {
  definitionFromDashboard,
  type DefinitionReading,
  type ReadDefinition,
  type ReadingContext,
} from "../../src/exchange/definition-from-dashboard.ts";
import type { DefinitionObject } from "../../src/exchange/definition-notation.ts";
import { definitionToDashboard } from "../../src/exchange/definition-to-dashboard.ts";
import { type NewWebhook, webhookBook } from "../../src/exchange/webhook-book.ts";
import type { WebhookObject } from "../../src/exchange/webhook-notation.ts";
import { deriveId } from "../../src/manifest/identity.ts";

export type Json = Record<string, unknown>;

export const orgId = "54b53d3aeba6db5c35000002";

/** A sample of the Dashboard API's documentation. */
export function seed(name: string): Json {
  return JSON.parse(
    readFileSync(new URL(`../unit/exchange/seed/${name}.json`, import.meta.url), "utf8"),
  ) as Json;
}

/** Where definitions are read and written, with these webhooks. */
export function context(webhooks: readonly WebhookObject[] = []) {
  return { orgId, routeBase: "/api/custom", webhooks: webhookBook(webhooks, orgId) };
}

/** Reads a request that creates a definition, or that updates the given one. */
export function read(
  wrapper: unknown,
  options: Partial<ReadingContext> & { readonly hooks?: readonly WebhookObject[] } = {},
): DefinitionReading {
  const { hooks = [], ...rest } = options;
  const names = new Set(rest.previous ? [rest.previous.name] : []);
  const defaults = { previous: null, takenNames: names, keepIds: false, strict: true };
  return definitionFromDashboard(wrapper, { ...context(hooks), ...defaults, ...rest });
}

/** What a request says that must be good. */
export function accepted(reading: DefinitionReading): {
  readonly object: DefinitionObject;
  readonly webhooks: readonly WebhookObject[];
} {
  if (!reading.definition) throw new Error(reading.problems.map(({ message }) => message).join("\n"));
  return { object: stored(reading.definition), webhooks: reading.webhooks.map(storedWebhook) };
}

/** A definition as the store holds it. */
export function stored(definition: ReadDefinition): DefinitionObject {
  const id = definition.id ?? deriveId("ApiDefinition", definition.name);
  return { ...definition, id, files: {}, hash: "" };
}

function storedWebhook({ kind, name, spec }: NewWebhook): WebhookObject {
  return { kind, name, id: deriveId(kind, name), labels: {}, annotations: {}, spec, files: {}, hash: "" };
}

/** A definition as the Dashboard API prints it, as JSON. */
export function printed(object: DefinitionObject, webhooks: readonly WebhookObject[] = []): Json {
  return JSON.parse(JSON.stringify(definitionToDashboard(object, context(webhooks)))) as Json;
}

/** A webhook as the store holds it. */
export function hook(name: string, spec: WebhookObject["spec"]): WebhookObject {
  const withAll = { method: "POST", timeout: "10s", ...spec } as const;
  return storedWebhook({ kind: "Webhook", name, spec: withAll });
}

/** What is wrong with a request. */
export function messages(reading: DefinitionReading): string[] {
  return reading.problems.map(({ message }) => message);
}
