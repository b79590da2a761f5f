import { webhookFromDashboard, webhookToDashboard } from "../../exchange/webhook-exchange.ts";
import type { WebhookObject } from "../../exchange/webhook-notation.ts";
import { dashboardIds, idClaimsOf } from "../../manifest/dashboard-ids.ts";
import { deriveId } from "../../manifest/identity.ts";
import type { ManifestSet } from "../../manifest/manifest.ts";
import { refuse } from "../answers.ts";
import type { Catalogue } from "../catalogue.ts";
import { findNamed } from "../find-named.ts";
import { access, type ApiContext, type ApiRoute } from "./api-route.ts";
import { answerTagged, seenHashes } from "./entity-tag.ts";
import { pageOf, pageParameter } from "./page.ts";
import { readJson } from "./read-json.ts";
import { namesIn } from "./taken-names.ts";
import { answerProblems, done, invalid, writeObjects, type Writing } from "./write.ts";

/** What the operations on webhooks work on. */
export interface HookParts {
  readonly catalogue: () => Promise<Catalogue>;
  readonly orgId: string;
  readonly writing: Writing;
}

/** Webhooks in the shapes of the Dashboard API (Dashboard facts 1.9). */
export function hookRoutes(parts: HookParts): ApiRoute[] {
  return [
    {
      method: "GET",
      path: "/hooks",
      access: access.readDefinitions,
      summary: "List the webhooks.",
      query: { p: pageParameter },
      answer: "Hooks",
      handle: async (context) => {
        const { webhooks } = await parts.catalogue();
        const { entries, pages } = pageOf(webhooks, context.req.query("p") ?? "1");
        const hooks = entries.map((webhook) => webhookToDashboard(webhook, parts.orgId));
        return context.json({ hooks, pages });
      },
    },
    {
      method: "GET",
      path: "/hooks/:id",
      access: access.readDefinitions,
      summary: "Get a webhook by its id.",
      answer: "Hook",
      hasTag: true,
      handle: async (context) => {
        const webhook = find(await parts.catalogue(), context);
        // A 400, as the API has it (Dashboard facts 1.9).
        if (!webhook) return refuse(context, 400, "Could not retrieve webhook detail.");
        return answerTagged(context, webhookToDashboard(webhook, parts.orgId), webhook.hash);
      },
    },
    {
      method: "POST",
      path: "/hooks",
      access: access.editDefinitions,
      summary: "Create a webhook.",
      body: "HookRequest",
      answer: "Envelope",
      commits: true,
      handle: (context) => create(context, parts),
    },
    {
      method: "PUT",
      path: "/hooks/:id",
      access: access.editDefinitions,
      summary: "Replace a webhook.",
      body: "HookRequest",
      answer: "Envelope",
      commits: true,
      handle: (context) => update(context, parts),
    },
    {
      method: "DELETE",
      path: "/hooks/:id",
      access: access.deleteDefinitions,
      summary: "Delete a webhook that no definition uses.",
      answer: "Envelope",
      commits: true,
      handle: (context) => remove(context, parts),
    },
  ];
}

function find({ webhooks }: Catalogue, context: ApiContext): WebhookObject | undefined {
  return findNamed(webhooks, context.req.param("id") ?? "", (hook) =>
    idClaimsOf(hook).map(({ value }) => value),
  );
}

async function read(context: ApiContext, parts: HookParts, previous: WebhookObject | null) {
  const body = await readJson(context.req.raw);
  // The statuses are the API's own (Dashboard facts 1.9).
  if ("message" in body)
    return refuse(context, body.status === 400 ? 403 : body.status, "Request body malformed.");
  const { webhooks } = await parts.catalogue();
  const readWith = (set?: ManifestSet) =>
    webhookFromDashboard(body.value, {
      orgId: parts.orgId,
      previous,
      takenNames: new Set([...webhooks.map(({ name }) => name), ...namesIn(set, "Webhook")]),
      keepIds: false,
    });
  const { webhook, problems } = readWith();
  if (!webhook) return answerProblems(context, invalid.Webhook, problems);
  return { webhook, whereNamesAreTaken: (set: ManifestSet) => readWith(set).webhook ?? webhook };
}

async function create(context: ApiContext, parts: HookParts): Promise<Response> {
  const reading = await read(context, parts, null);
  if (reading instanceof Response) return reading;
  let wanted = reading.webhook;
  const stopped = await writeObjects(context, parts.writing, {
    edits: (set) => {
      wanted = reading.whereNamesAreTaken(set);
      return [{ operation: "add", file: parts.writing.fileOf("Webhook", wanted.name), wanted }];
    },
    summary: `Add webhook '${wanted.name}'`,
  });
  const id = wanted.id ?? deriveId("Webhook", wanted.name);
  return stopped ?? done(context, "Webhook created", dashboardIds({ ...wanted, id }).id);
}

async function update(context: ApiContext, parts: HookParts): Promise<Response> {
  const target = find(await parts.catalogue(), context);
  if (!target) return refuse(context, 400, "Webhook not found.");
  const reading = await read(context, parts, target);
  if (reading instanceof Response) return reading;
  const wanted = reading.webhook;
  const stopped = await writeObjects(context, parts.writing, {
    edits: [{ operation: "set", target, seen: seenHashes(context, target.hash), wanted }],
    summary: `Update webhook '${wanted.name}'`,
  });
  return stopped ?? done(context, "Hook updated", "");
}

async function remove(context: ApiContext, parts: HookParts): Promise<Response> {
  const catalogue = await parts.catalogue();
  const target = find(catalogue, context);
  if (!target) return refuse(context, 404, "Could not retrieve webhook detail.");
  const users = catalogue.definitions.filter(({ object }) =>
    object.spec.events?.some(({ webhook }) => webhook === target.name),
  );
  if (users.length > 0)
    return refuse(
      context,
      400,
      `Could not delete the webhook. It is used by ${users.map(({ title }) => title).join(", ")}.`,
    );
  const stopped = await writeObjects(context, parts.writing, {
    edits: [{ operation: "delete", target, seen: seenHashes(context, target.hash) }],
    summary: `Delete webhook '${target.name}'`,
  });
  return stopped ?? done(context, "Webhook deleted", null);
}
