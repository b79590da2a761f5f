import { derivedIds } from "../manifest/dashboard-ids.ts";
import { deriveId } from "../manifest/identity.ts";
import type { WebhookSpec } from "../manifest/webhook.generated.ts";
import type { DashboardProblem } from "./fields.ts";
import { gitwayOf, type Metadata, readGitwayMember, writeMetadata } from "./gitway-member.ts";
import { isObject, type JsonObject } from "./json-object.ts";
import { bothSides, type Said } from "./notation.ts";
import { refinement, wholeFields } from "./refine.ts";
import { formProblems, takeOver } from "./take-over.ts";
import { webhookNotation, type WebhookObject } from "./webhook-notation.ts";
import { fieldsWithoutEffect } from "./without-effect.ts";

/** What must be known to take over a webhook of the Dashboard API. */
export interface WebhookContext {
  readonly orgId: string;
  /** The object that is updated; null to create one. */
  readonly previous: WebhookObject | null;
  /** The names of all webhooks. */
  readonly takenNames: ReadonlySet<string>;
  /** Whether a new webhook keeps the `id` of the request, as an import wants it. */
  readonly keepIds: boolean;
}

/** A Webhook as a manifest would say it, with all defaults. */
export interface ReadWebhook extends Metadata {
  readonly kind: "Webhook";
  readonly spec: WebhookSpec;
}

/** What a request says, or all that is wrong with it. */
export type WebhookReading =
  | { readonly webhook: ReadWebhook; readonly problems: readonly [] }
  | { readonly webhook: null; readonly problems: readonly DashboardProblem[] };

/** A webhook as `/api/hooks` prints it, with what that notation has no words for in `gitway`. */
export function webhookToDashboard(object: WebhookObject, orgId: string): JsonObject {
  const { hook, said } = webhookSides(object, orgId);
  const refined = refinement({ ...object.spec }, { ...said }, wholeFields);
  return { ...hook, gitway: { ...writeMetadata("Webhook", object), ...refined } };
}

/** The fields of a webhook that are kept as given and have no effect. */
export function webhookWithoutEffect(object: WebhookObject, orgId: string): readonly string[] {
  return fieldsWithoutEffect(object.spec.dashboard, webhookSides(object, orgId).taken);
}

function webhookSides(
  object: WebhookObject,
  orgId: string,
): { readonly hook: JsonObject; readonly said: Said<"Webhook">; readonly taken: ReadonlySet<string> } {
  const notation = webhookNotation({ name: object.name, ids: derivedIds(object.id) }, orgId);
  const { shown, meaning } = bothSides(notation, object.spec);
  return { hook: shown, said: meaning.said, taken: meaning.taken };
}

/** Takes over what a client sent to `/api/hooks`. An update replaces what the notation says, but for the id. */
export function webhookFromDashboard(request: unknown, context: WebhookContext): WebhookReading {
  const { orgId, previous, keepIds } = context;
  const flaws = formProblems(request, ["gitway"]);
  if (flaws.length > 0 || !isObject(request)) return { webhook: null, problems: flaws };
  const { gitway: _gitway, id, created_at: _created, updated_at: _updated, ...hook } = request;
  const gitway = readGitwayMember("Webhook", gitwayOf(request), hook["name"], context);
  const { metadata } = gitway;
  const before = previous && webhookSides(previous, orgId);
  const ids = derivedIds(previous?.id ?? metadata.id ?? deriveId("Webhook", metadata.name));
  const kept = before || keepIds ? id || before?.hook["id"] : undefined;
  const { spec, problems } = takeOver({
    notation: webhookNotation({ name: metadata.name, ids }, orgId),
    given: kept === undefined ? hook : { id: kept, ...hook },
    gitway,
    previous: before && previous && { value: previous.spec, notation: before.said },
    routeBase: "",
  });
  if (spec === null) return { webhook: null, problems };
  return { webhook: { kind: "Webhook", ...metadata, spec: spec as WebhookSpec }, problems: [] };
}
