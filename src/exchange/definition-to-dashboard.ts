import { deriveId } from "../manifest/identity.ts";
import { derivedIds } from "./dashboard-ids.ts";
import { type DefinitionObject, definitionNotation } from "./definition-notation.ts";
import { isObject, type JsonObject } from "./json-object.ts";
import { meaningOf, type Said, shown } from "./notation.ts";
import { refinement } from "./refine.ts";
import type { WebhookBook } from "./webhook-book.ts";

/** What the Dashboard API must know to print definitions. */
export interface DashboardContext {
  readonly orgId: string;
  /** The path below which routes are served. */
  readonly routeBase: string;
  readonly webhooks: WebhookBook;
}

/**
 * A definition as the Dashboard API prints it: `api_model`, `api_definition`, `hook_references`, and in
 * `gitway` what that notation has no words for.
 */
export function definitionToDashboard(object: DefinitionObject, context: DashboardContext): JsonObject {
  const { definition, said } = definitionSides(object, context);
  const { wrapper, ...apiDefinition } = definition;
  return {
    ...wrapperAround(apiDefinition, isObject(wrapper) ? wrapper : {}),
    gitway: gitwayMember(object, said),
  };
}

function wrapperAround(apiDefinition: JsonObject, wrapper: JsonObject): JsonObject {
  const { api_model, hook_references, ...others } = wrapper;
  return { api_model, api_definition: apiDefinition, hook_references, ...others };
}

/** How a definition is shown, and what that alone says of it. */
export function definitionSides(
  object: DefinitionObject,
  context: DashboardContext,
): { readonly definition: JsonObject; readonly said: Said<"ApiDefinition"> } {
  const notation = definitionNotation({
    ...context,
    name: object.name,
    ids: derivedIds(object.id),
    embedded: new Set(),
    strict: false,
  });
  const definition = shown(notation, object.spec);
  return { definition, said: meaningOf(notation, definition).said };
}

/** The fields of a spec that clients set here most; they are there even when the notation implies them. */
function gitwayMember(
  { name, id, labels, annotations, spec }: DefinitionObject,
  said: Said<"ApiDefinition">,
): JsonObject {
  return {
    name,
    ...(id === deriveId("ApiDefinition", name) ? {} : { id }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    ...(spec.route === undefined ? {} : { route: spec.route }),
    tokens: spec.tokens ?? [],
    ...refinement({ ...spec }, { ...said }, ["dashboard"]),
  };
}
