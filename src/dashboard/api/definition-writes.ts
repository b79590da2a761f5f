import {
  definitionFromDashboard,
  type DefinitionReading,
  type ReadDefinition,
} from "../../exchange/definition-from-dashboard.ts";
import type { DefinitionObject } from "../../exchange/definition-notation.ts";
import type { NewWebhook } from "../../exchange/webhook-book.ts";
import { dashboardIds, idClaimsOf } from "../../manifest/dashboard-ids.ts";
import { deriveId } from "../../manifest/identity.ts";
import type { Kind, ManifestSet } from "../../manifest/manifest.ts";
import { valueAt } from "../../manifest/pointer.ts";
import type { WritingEdit } from "../../reconcile/object-edit.ts";
import { refuse } from "../answers.ts";
import type { Catalogue, CatalogueEntry } from "../catalogue.ts";
import { access, type ApiContext, type ApiRoute } from "./api-route.ts";
import type { DefinitionParts } from "./definitions.ts";
import { seenHashes } from "./entity-tag.ts";
import { readJson } from "./read-json.ts";
import { namesIn } from "./taken-names.ts";
import { takenRoute } from "./taken-route.ts";
import { answerProblems, done, invalid, sameId, writeObjects, type Writing } from "./write.ts";

/** What writing definitions needs. */
export interface DefinitionWriteParts extends DefinitionParts {
  readonly writing: Writing;
}

/** Definitions in the shapes of the Dashboard API: create, update, delete. Each is a commit. */
export function definitionWriteRoutes(parts: DefinitionWriteParts): ApiRoute[] {
  return [
    {
      method: "POST",
      path: "/apis",
      access: access.editDefinitions,
      summary: "Create a definition.",
      body: "DefinitionRequest",
      answer: "Envelope",
      commits: true,
      handle: (context) => create(context, parts),
    },
    {
      method: "PUT",
      path: "/apis/:id",
      access: access.editDefinitions,
      summary: "Update a definition.",
      body: "DefinitionRequest",
      answer: "Envelope",
      commits: true,
      handle: (context) => update(context, parts),
    },
    {
      method: "DELETE",
      path: "/apis/:id",
      access: access.deleteDefinitions,
      summary: "Delete a definition.",
      answer: "Envelope",
      commits: true,
      handle: (context) => remove(context, parts),
    },
  ];
}

async function create(context: ApiContext, parts: DefinitionWriteParts): Promise<Response> {
  const body = await readJson(context.req.raw);
  if ("message" in body) return refuse(context, body.status, body.message);
  const catalogue = await parts.catalogue();
  const reading = definitionFromDashboard(body.value, readingContext(parts, catalogue, null));
  if (!reading.definition) return answerFlaws(context, reading, body.value, catalogue, null);
  if (hasIdOfAnother(catalogue, reading.definition, null)) return refuse(context, 409, sameId);
  let { definition } = reading;
  const stopped = await writeObjects(context, parts.writing, {
    edits: (set) => {
      // What others have put there meanwhile, live or not, has its name: this one takes another.
      const again = definitionFromDashboard(body.value, readingContext(parts, catalogue, null, set));
      const read = again.definition ? again : reading;
      definition = read.definition;
      const file = parts.writing.fileOf("ApiDefinition", definition.name);
      return [
        ...newWebhooks(read.webhooks, parts.writing.fileOf),
        { operation: "add", file, wanted: wantedOf(definition) },
      ];
    },
    summary: `Add API '${titleOf(definition)}'`,
  });
  return stopped ?? done(context, "API created", dashboardIds(withId(definition)).id);
}

async function update(context: ApiContext, parts: DefinitionWriteParts): Promise<Response> {
  const body = await readJson(context.req.raw);
  if ("message" in body) return refuse(context, body.status, body.message);
  const catalogue = await parts.catalogue();
  const entry = catalogue.find(context.req.param("id") ?? "");
  if (!entry) return refuse(context, 404, "API definition does not exist");
  if (namesAnother(body.value, entry.ids.id)) return refuse(context, 400, "Invalid `ID` value");
  const reading = definitionFromDashboard(body.value, readingContext(parts, catalogue, entry.object));
  if (!reading.definition) return answerFlaws(context, reading, body.value, catalogue, entry);
  if (hasIdOfAnother(catalogue, reading.definition, entry)) return refuse(context, 409, sameId);
  const seen = seenHashes(context, entry.object.hash);
  const stopped = await writeObjects(context, parts.writing, {
    edits: (set) => {
      const again = definitionFromDashboard(body.value, readingContext(parts, catalogue, entry.object, set));
      const { definition, webhooks } = again.definition ? again : reading;
      return [
        ...newWebhooks(webhooks, parts.writing.fileOf),
        { operation: "set", target: entry.object, seen, wanted: wantedOf(definition) },
      ];
    },
    summary: `Update API '${titleOf(reading.definition)}'`,
  });
  return stopped ?? done(context, "Api updated", "");
}

async function remove(context: ApiContext, parts: DefinitionWriteParts): Promise<Response> {
  const entry = (await parts.catalogue()).find(context.req.param("id") ?? "");
  if (!entry) return refuse(context, 404, "Could not retrieve API detail");
  const seen = seenHashes(context, entry.object.hash);
  const edits = [{ operation: "delete", target: entry.object, seen } as const];
  const stopped = await writeObjects(context, parts.writing, {
    edits,
    summary: `Delete API '${entry.title}'`,
  });
  return stopped ?? done(context, "API deleted", null);
}

/** What is wrong with the form of a request, and what would be wrong with it besides. */
function answerFlaws(
  context: ApiContext,
  { problems, draft }: Extract<DefinitionReading, { definition: null }>,
  body: unknown,
  catalogue: Catalogue,
  own: CatalogueEntry | null,
): Response {
  const flaws = [...problems, ...takenRoute(catalogue, draft, own)];
  const route = routeIn(body);
  return answerProblems(context, invalid.ApiDefinition, flaws, { id: own?.object.id, route });
}

/** The route that a request asks for, as it says it. */
function routeIn(body: unknown): string | undefined {
  const wanted = valueAt(body, "/gitway/route") ?? valueAt(body, "/api_definition/proxy/listen_path");
  return typeof wanted === "string" ? wanted : undefined;
}

function readingContext(
  { orgId, routeBase }: DefinitionWriteParts,
  { book, names }: Catalogue,
  previous: DefinitionObject | null,
  set?: ManifestSet,
) {
  const inTree = namesIn(set, "ApiDefinition");
  const takenNames = { has: (name: string) => names.has(name) || inTree.has(name) };
  const webhooks = { ...book, names: new Set([...book.names, ...namesIn(set, "Webhook")]) };
  return { orgId, routeBase, webhooks, previous, takenNames, keepIds: false, strict: true };
}

/** The body of an update may repeat the internal id, but not name another. */
function namesAnother(body: unknown, id: string): boolean {
  const { api_definition } = (body ?? {}) as { api_definition?: { id?: unknown } | null };
  const given = api_definition?.id ?? "";
  return given !== "" && given !== id;
}

function newWebhooks(
  webhooks: readonly NewWebhook[],
  fileOf: (kind: Kind, name: string) => string,
): WritingEdit[] {
  return webhooks.map(({ kind, name, spec }) => ({
    operation: "add",
    file: fileOf(kind, name),
    wanted: { kind, name, spec },
  }));
}

function wantedOf({ kind, name, id, labels, annotations, spec }: ReadDefinition) {
  return { kind, name, ...(id === undefined ? {} : { id }), labels, annotations, spec };
}

function titleOf({ name, spec }: ReadDefinition): string {
  return spec.title ?? name;
}

function hasIdOfAnother(
  catalogue: Catalogue,
  definition: ReadDefinition,
  own: CatalogueEntry | null,
): boolean {
  return idClaimsOf(withId(definition)).some(({ value }) => (catalogue.findById(value) ?? own) !== own);
}

function withId(definition: ReadDefinition) {
  return { ...definition, id: definition.id ?? deriveId(definition.kind, definition.name) };
}
